"""Consumers read at a replica in their rack (KIP-392)."""

import re
import subprocess
import time
import unittest

from hw import Hw
from nodes import ClusterTest, Node
from ports import free_port


class Racks(ClusterTest):
    """Node 1 is the controller, all are brokers, and node N is in rack rN."""

    def setUp(self):
        super().setUp()
        voters = f"1@127.0.0.1:{free_port()}"
        selector = "org.apache.kafka.common.replica.RackAwareReplicaSelector"
        self.add(*(Node(number, self.folder, voters,
                        settings=(f"broker.rack=r{number}", f"replica.selector.class={selector}"))
                   for number in (1, 2, 3)))
        self.start(self.nodes)
        self.wait_listing(self.nodes[0], r"broker \d at", 3)
        Hw(self.nodes[0].address).out("topic", "create", "orders", "--partitions", "1",
                                      "--replication-factor", "3")
        self.wait_listing(self.nodes[0], r"isrs: \d,\d,\d", 1)
        self.leader = int(re.search(r"leader (\d)", self.listing(self.nodes[0]))[1])
        self.follower = next(node for node in self.nodes[1:] if node.number != self.leader)

    def consume(self, rack):
        """Starts a consumer, whose errors go to a file."""
        errors = f"{self.folder}/{rack}.err"
        with open(errors, "w", encoding="utf-8") as file:
            reader = subprocess.Popen(
                ["kcat", "-C", "-u", "-b", self.nodes[0].address, "-t", "orders", "-p", "0",
                 "-o", "beginning", "-X", f"client.rack={rack}", "-d", "topic"],
                stdout=subprocess.PIPE, stderr=file, text=True)
        self.addCleanup(reader.communicate)
        self.addCleanup(reader.kill)
        return reader, errors

    def send(self, *values):
        self.kcat("-P", "-b", self.nodes[0].address, "-t", "orders", "-p", "0", "-X", "acks=all",
                  text="".join(f"{value}\n" for value in values))

    def wait_text(self, path, pattern):
        deadline = time.monotonic() + 30
        while True:
            with open(path, encoding="utf-8") as file:
                text = file.read()
            if re.search(pattern, text):
                return
            self.assertLess(time.monotonic(), deadline, text)
            time.sleep(0.05)

    def test_a_consumer_reads_in_its_rack_also_after_a_restart_there(self):
        self.send("one", "two")
        reader, errors = self.consume(f"r{self.follower.number}")
        self.assertEqual([reader.stdout.readline() for _ in range(2)], ["one\n", "two\n"])
        self.wait_text(errors, f"migrating from broker {self.leader} to {self.follower.number} ")
        self.send("three")
        self.assertEqual(reader.stdout.readline(), "three\n")
        self.follower.end()
        self.send("four")
        self.start([self.follower])
        self.send("five")
        self.assertEqual([reader.stdout.readline() for _ in range(2)], ["four\n", "five\n"])

    def test_a_consumer_without_a_replica_in_its_rack_reads_at_the_leader(self):
        self.send("one")
        for rack in (f"r{self.leader}", "elsewhere"):
            reader, errors = self.consume(rack)
            self.assertEqual(reader.stdout.readline(), "one\n")
            with open(errors, encoding="utf-8") as file:
                self.assertNotIn("migrating from", file.read())


if __name__ == "__main__":
    unittest.main()
