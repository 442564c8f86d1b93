"""Three processes form a cluster by their configuration files, in any order of start."""

import itertools
import re
import signal
import time
import unittest

from hw import Hw
from nodes import ClusterTest, Node
from ports import free_port

RECORDS = 1000


class Cluster(ClusterTest):
    """Node 1 is the controller, and all are brokers."""

    def setUp(self):
        super().setUp()
        voters = f"1@127.0.0.1:{free_port()}"
        self.add(*(Node(number, self.folder, voters) for number in (1, 2, 3)))

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
            self.wait_same_leaders(node, third)
            self.wait_records(third, lines)

    def wait_same_leaders(self, current, other):
        """Waits until `other` knows the leaders that `current` tells, and there are six. librdkafka
        2.0 hangs when brokers tell different leaders within a millisecond: it goes on asking the
        broker that it has just moved a partition away from."""
        def leaders(node):
            return re.findall(r"partition \d, leader [123],", self.listing(node))
        deadline = time.monotonic() + 30
        while leaders(current) != leaders(other) or len(leaders(current)) != 6:
            self.assertLess(time.monotonic(), deadline, self.listing(other))
            time.sleep(0.05)

    def wait_records(self, node, lines):
        """Reads the topic until its end has all records: a new leader shows a record again as soon
        as the replicas in sync have confirmed it."""
        deadline = time.monotonic() + 10
        read = []
        while sorted(read) != sorted(lines.splitlines()):
            self.assertLess(time.monotonic(), deadline, f"{len(read)} records of {RECORDS}")
            read = self.kcat("-C", "-b", node.address, "-t", "orders", "-e", "-q").splitlines()

    def test_a_dead_broker_takes_only_its_own_partitions(self):
        first, second, third = self.nodes
        self.start(self.nodes)
        self.wait_listing(third, r"broker \d at", 3)
        Hw(first.address).out("topic", "create", "orders", "--partitions", "3",
                              "--replication-factor", "1")
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
