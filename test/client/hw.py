"""Runs the command line tool `hw` with a broker."""

import json
import os
import subprocess
import unittest

from broker import Broker


class Hw:
    """Runs `hw` with the address of a broker."""

    def __init__(self, address):
        self.address = address

    def run(self, *arguments, stdin=""):
        """A completed run, successful or not."""
        return subprocess.run([os.environ["HW"], *arguments, "-b", self.address], input=stdin,
                              capture_output=True, text=True, timeout=60, check=False)

    def out(self, *arguments, stdin=""):
        """Standard output of a run that must succeed."""
        done = self.run(*arguments, stdin=stdin)
        if done.returncode != 0:
            raise AssertionError(f"hw {arguments} ended with {done.returncode}: {done.stderr}")
        return done.stdout

    def json(self, *arguments):
        return json.loads(self.out(*arguments, "-o", "json"))

    def ndjson(self, *arguments):
        return [json.loads(line) for line in self.out(*arguments, "-o", "ndjson").splitlines()]

    def start(self, *arguments, stdin=subprocess.PIPE):
        """A run in the background, with pipes for its input and output."""
        return subprocess.Popen([os.environ["HW"], *arguments, "-b", self.address],
                                stdin=stdin, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True)


class WithBroker(unittest.TestCase):
    """A test case whose tests share a broker."""

    @classmethod
    def setUpClass(cls):
        cls.broker = Broker()
        cls.addClassCleanup(cls.broker.__exit__)
        cls.hw = Hw(cls.broker.address)

    def refused(self, status, *arguments):
        """Standard error of a run that ends with `status`."""
        done = self.hw.run(*arguments)
        self.assertEqual(done.returncode, status, done.stderr)
        self.assertEqual(done.stdout, "")
        return done.stderr
