"""Processes of a cluster, each with a property file and a data directory of its own."""

import os
import re
import signal
import subprocess
import tempfile
import time
import unittest

from ports import free_port


class Node:
    """One process. `voters` is the value of controller.quorum.voters; a node whose number is in it
    is a controller. `settings` are further lines of its file."""

    def __init__(self, number, folder, voters, is_broker=True, settings=()):
        self.number = number
        controllers = dict(voter.split("@") for voter in voters.split(","))
        controller = controllers.get(str(number))
        self.address = f"127.0.0.1:{free_port()}" if is_broker else None
        self.file = os.path.join(folder, f"node{number}.properties")
        self.log = os.path.join(folder, f"node{number}.log")
        self.data = os.path.join(folder, f"data{number}")
        roles = ["broker"] * is_broker + ["controller"] * bool(controller)
        listeners = ([f"PLAINTEXT://{self.address}"] * is_broker +
                     [f"CONTROLLER://{controller}"] * bool(controller))
        with open(self.file, "w", encoding="utf-8") as file:
            file.write(f"process.roles={','.join(roles)}\nnode.id={number}\n"
                       f"listeners={','.join(listeners)}\n"
                       "controller.listener.names=CONTROLLER\n"
                       f"controller.quorum.voters={voters}\n"
                       f"log.dirs={self.data}\n")
            file.writelines(f"{setting}\n" for setting in settings)
        self.is_controller = bool(controller)
        self.process = None

    def format(self, cluster_id):
        subprocess.run([os.environ["HIGHWATER"], "format", "-t", cluster_id, "-c", self.file],
                       timeout=60, check=True, stdout=subprocess.DEVNULL)

    def start(self):
        with open(self.log, "a", encoding="utf-8") as log:
            self.process = subprocess.Popen([os.environ["HIGHWATER"], "server", "-c", self.file],
                                            stdout=subprocess.PIPE, stderr=log, text=True)

    def wait_ready(self):
        line = self.process.stdout.readline()
        if "is ready" not in line:
            raise AssertionError(f"node {self.number} is not ready: {line}{self.log_text()}")

    def log_text(self):
        with open(self.log, encoding="utf-8") as log:
            return log.read()

    def end(self, how=signal.SIGKILL):
        if self.process is None:
            return None
        self.process.send_signal(how)
        self.process.communicate(timeout=60)
        status, self.process = self.process.returncode, None
        return status


class ClusterTest(unittest.TestCase):
    """Base of the tests of a cluster; `nodes` are ended after the test."""

    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = scratch.name
        self.nodes = []

    def add(self, *nodes):
        for node in nodes:
            self.nodes.append(node)
            self.addCleanup(node.end)

    def start(self, nodes):
        for node in nodes:
            node.start()
        for node in nodes:
            node.wait_ready()

    def listing(self, node):
        return subprocess.run(["kcat", "-b", node.address, "-L"], timeout=60, capture_output=True,
                              text=True, check=True).stdout

    def wait_listing(self, node, pattern, count):
        """Waits until kcat's listing at `node` has the pattern `count` times."""
        deadline = time.monotonic() + 30
        while len(re.findall(pattern, self.listing(node))) != count:
            self.assertLess(time.monotonic(), deadline, self.listing(node))
            time.sleep(0.05)

    def kcat(self, *arguments, text=None):
        return subprocess.run(["kcat", *arguments], input=text, timeout=60, capture_output=True,
                              text=True, check=True).stdout
