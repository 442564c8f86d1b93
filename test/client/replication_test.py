"""Three brokers in processes of their own replicate a partition: librdkafka's acknowledged records
survive kills of the leader, none twice, in order, and the logs end with the same bytes."""

import os
import re
import signal
import subprocess
import time
import unittest
from pathlib import Path

from hw import Hw
from nodes import ClusterTest, Node
from ports import free_port

LOG = "orders-0/00000000000000000000.log"


class Replication(ClusterTest):
    def setUp(self):
        super().setUp()
        voters = ",".join(f"{number}@127.0.0.1:{free_port()}" for number in (1, 2, 3))
        self.add(*(Node(number, self.folder, voters) for number in (1, 2, 3)))
        cluster_id = subprocess.run([os.environ["HIGHWATER"], "random-uuid"], timeout=60,
                                    capture_output=True, text=True, check=True).stdout.strip()
        for node in self.nodes:
            node.format(cluster_id)
        self.start(self.nodes)
        self.servers = ",".join(node.address for node in self.nodes)
        Hw(self.servers).out("topic", "create", "orders", "--partitions", "1",
                             "--replication-factor", "3", "--config", "min.insync.replicas=2")
        self.wait_in_sync(self.nodes[0], {1, 2, 3})

    def partition(self, at):
        """Leader and ISR as clients of `at` see them."""
        found = re.search(r"partition 0, leader (-?\d+), replicas: \S+, isrs: ([\d,]+)",
                          self.listing(at))
        return int(found[1]), {int(number) for number in found[2].split(",")}

    def wait_in_sync(self, at, wanted):
        deadline = time.monotonic() + 60
        while self.partition(at)[1] != wanted:
            self.assertLess(time.monotonic(), deadline, self.listing(at) + at.log_text())
            time.sleep(0.05)

    def produce(self, first, count):
        """Sends the numbers with acks=all by an idempotent producer, which ends by itself."""
        lines = "".join(f"{number}\n" for number in range(first, first + count))
        producer = subprocess.Popen(
            ["kcat", "-P", "-b", self.servers, "-t", "orders", "-p", "0", "-X",
             "enable.idempotence=true", "-X", "linger.ms=1", "-X", "batch.num.messages=50"],
            stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        producer.stdin.write(lines)
        producer.stdin.close()
        return producer

    def finish(self, producer):
        errors = producer.stderr.read()
        self.assertEqual(producer.wait(timeout=120), 0, errors)
        producer.stderr.close()

    def records(self):
        return [int(line) for line in self.kcat("-C", "-b", self.servers, "-t", "orders", "-p", "0",
                                                "-o", "beginning", "-e", "-q").split()]

    def stop_all(self):
        for node in self.nodes:
            self.assertEqual(node.end(signal.SIGTERM), 0, node.log_text())

    def test_kills_of_the_leader_under_load(self):
        count = 20_000
        for number in range(3):
            producer = self.produce(number * count, count)
            time.sleep(0.05 * number)
            leader = self.nodes[self.partition(self.nodes[0])[0] - 1]
            leader.end()
            self.finish(producer)
            self.start([leader])
            self.wait_in_sync(leader, {1, 2, 3})
        self.assertEqual(self.records(), list(range(3 * count)))
        self.stop_all()
        logs = [(Path(node.data) / LOG).read_bytes() for node in self.nodes]
        self.assertGreater(len(logs[0]), 100_000)
        self.assertEqual(logs[0], logs[1])
        self.assertEqual(logs[0], logs[2])

    def test_each_node_in_turn_is_restarted_under_load(self):
        count = 20_000
        for number, node in enumerate(self.nodes):
            producer = self.produce(number * count, count)
            self.assertEqual(node.end(signal.SIGTERM), 0, node.log_text())
            self.finish(producer)
            self.start([node])
            self.wait_in_sync(node, {1, 2, 3})
        self.assertEqual(self.records(), list(range(3 * count)))

    def test_all_are_killed_at_once(self):
        self.finish(self.produce(0, 1000))
        for node in self.nodes:
            node.end()
        self.start(self.nodes)
        self.wait_in_sync(self.nodes[0], {1, 2, 3})
        self.finish(self.produce(1000, 10))
        self.assertEqual(self.records(), list(range(1010)))

    def test_too_few_replicas_in_sync(self):
        leader, _ = self.partition(self.nodes[0])
        others = [node for node in self.nodes if node.number != leader]
        for node in others:
            node.end()
        # The leader alone is no majority of the controllers, so nobody can take the others out of
        # the ISR; the record waits for them.
        alone = subprocess.run(
            ["kcat", "-P", "-b", self.nodes[leader - 1].address, "-t", "orders", "-p", "0", "-X",
             "acks=all", "-X", "message.timeout.ms=3000"], input="lost\n", text=True, timeout=60,
            capture_output=True, check=False)
        self.assertNotEqual(alone.returncode, 0)
        self.start(others)
        self.wait_in_sync(others[0], {1, 2, 3})
        self.finish(self.produce(0, 10))
        self.assertLessEqual(set(range(10)),
                             {int(text) for text in self.kcat(
                                 "-C", "-b", self.servers, "-t", "orders", "-p", "0", "-o",
                                 "beginning", "-e", "-q").split() if text != "lost"})


if __name__ == "__main__":
    unittest.main()
