"""Three processes form a cluster by their configuration files, in any order of start."""

import itertools
import os
import re
import signal
import socket
import subprocess
import tempfile
import time
import unittest

from hw import Hw

RECORDS = 1000


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]


class Node:
    """A process with a property file and a data directory of its own. Node 1 is the controller, and
    all are brokers."""

    def __init__(self, number, controller, folder):
        self.number = number
        self.address = f"127.0.0.1:{free_port()}"
        self.file = os.path.join(folder, f"node{number}.properties")
        self.log = os.path.join(folder, f"node{number}.log")
        roles = "broker,controller" if number == 1 else "broker"
        own = f",CONTROLLER://{controller}" if number == 1 else ""
        with open(self.file, "w", encoding="utf-8") as file:
            file.write(f"process.roles={roles}\nnode.id={number}\n"
                       f"listeners=PLAINTEXT://{self.address}{own}\n"
                       "controller.listener.names=CONTROLLER\n"
                       f"controller.quorum.voters=1@{controller}\n"
                       f"log.dirs={folder}/data{number}\n")
        self.process = None

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


class Cluster(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        controller = f"127.0.0.1:{free_port()}"
        self.nodes = [Node(number, controller, scratch.name) for number in (1, 2, 3)]
        for node in self.nodes:
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

    def test_any_order_of_start(self):
        for order in itertools.permutations(self.nodes):
            with self.subTest(order=[node.number for node in order]):
                self.start(order)
                for node in order:
                    self.wait_listing(node, r"broker \d at", 3)
                for node in order:
                    self.assertEqual(node.end(signal.SIGTERM), 0, node.log_text())

    def test_records_of_all_brokers_survive_a_kill_of_each(self):
        first, second, third = self.nodes
        self.start(self.nodes)
        self.wait_listing(third, r"broker \d at", 3)
        self.assertIn("Created topic", Hw(third.address).out("topic", "create", "orders",
                                                             "--partitions", "6"))
        self.wait_listing(second, r"leader [123],", 6)
        lines = "".join(f"record {i}\n" for i in range(RECORDS))
        self.kcat("-P", "-b", second.address, "-t", "orders", "-X", "acks=all", text=lines)
        for node in (second, third, first):
            node.end()
            self.start([node])
            self.wait_listing(third, r"leader [123],", 6)
            read = self.kcat("-C", "-b", third.address, "-t", "orders", "-e", "-q")
            self.assertEqual(sorted(read.splitlines()), sorted(lines.splitlines()))

    def test_a_dead_broker_takes_only_its_own_partitions(self):
        first, second, third = self.nodes
        self.start(self.nodes)
        self.wait_listing(third, r"broker \d at", 3)
        Hw(first.address).out("topic", "create", "orders", "--partitions", "3")
        self.wait_listing(third, r"leader [123],", 3)
        second.end()
        self.wait_listing(third, r"leader -1,", 1)
        self.wait_listing(third, r"broker \d at", 2)
        for partition in re.findall(r"partition (\d), leader [13],", self.listing(third)):
            self.kcat("-P", "-b", third.address, "-t", "orders", "-p", partition, text="more\n")
            self.assertEqual(self.kcat("-C", "-b", first.address, "-t", "orders", "-p", partition,
                                       "-e", "-q"), "more\n")

    def test_a_creation_waits_for_a_controller_that_restarts(self):
        first, _, third = self.nodes
        self.start(self.nodes)
        self.wait_listing(third, r"broker \d at", 3)
        first.end()
        creation = Hw(third.address).start("topic", "create", "orders")
        time.sleep(1)
        self.assertIsNone(creation.poll())
        self.start([first])
        output, errors = creation.communicate(timeout=60)
        self.assertIn("Created topic", output, errors)
        self.assertNotIn("closing the connection", third.log_text())

    def test_a_broker_without_a_controller_waits_and_stops_at_once(self):
        second = self.nodes[1]
        second.start()
        time.sleep(2)
        self.assertIn("waits for a controller, to learn which cluster it joins: controller 1 at",
                      second.log_text())
        begin = time.monotonic()
        self.assertEqual(second.end(signal.SIGTERM), 0, second.log_text())
        self.assertLess(time.monotonic() - begin, 5)


if __name__ == "__main__":
    unittest.main()
