"""The broker that coordinates a group is killed: no commit that was acknowledged is lost or taken
back, and the group goes on at another broker."""

import os
import re
import signal
import subprocess
import threading
import time
import unittest

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError
from kafka.structs import OffsetAndMetadata

from hw import Hw
from nodes import ClusterTest, Node
from ports import free_port

GROUP = "workers"
PARTITION = TopicPartition("orders", 0)


class Committer(threading.Thread):
    """Commits 1, 2, 3 and so on, each when the one before has been acknowledged."""

    def __init__(self, servers):
        super().__init__()
        self.consumer = KafkaConsumer(bootstrap_servers=servers, group_id=GROUP,
                                      enable_auto_commit=False, retry_backoff_ms=20,
                                      reconnect_backoff_ms=20, reconnect_backoff_max_ms=100)
        self.consumer.assign([PARTITION])
        self.acknowledged = 0
        self.longest = 0.0
        self.stopping = threading.Event()
        self.start()

    def run(self):
        last = time.monotonic()
        while not self.stopping.is_set():
            try:
                offset = self.acknowledged + 1
                self.consumer.commit({PARTITION: OffsetAndMetadata(offset, "")})
                self.acknowledged = offset
                self.longest = max(self.longest, time.monotonic() - last)
                last = time.monotonic()
            except KafkaError:
                time.sleep(0.02)  # the coordinator is gone, or not known yet

    def stop(self):
        self.stopping.set()
        self.join(timeout=60)
        self.consumer.close(autocommit=False)


class GroupFailover(ClusterTest):
    def setUp(self):
        super().setUp()
        voters = ",".join(f"{number}@127.0.0.1:{free_port()}" for number in (1, 2, 3))
        self.add(*(Node(number, self.folder, voters, settings=["offsets.topic.num.partitions=1"])
                   for number in (1, 2, 3)))
        cluster_id = subprocess.run([os.environ["HIGHWATER"], "random-uuid"], timeout=60,
                                    capture_output=True, text=True, check=True).stdout.strip()
        for node in self.nodes:
            node.format(cluster_id)
        self.start(self.nodes)
        self.servers = ",".join(node.address for node in self.nodes)
        self.hw = Hw(self.servers)
        self.hw.out("topic", "create", "orders", "-p", "1")

    def offsets_topic(self, at):
        """Leader and ISR of the topic that keeps the offsets, as clients of `at` see them."""
        listing = self.listing(at)
        found = re.search(r'"__consumer_offsets" with 1 partitions:\n'
                          r"\s+partition 0, leader (-?\d+), replicas: \S+, isrs: ([\d,]+)",
                          listing)
        self.assertIsNotNone(found, listing)
        return int(found[1]), {int(number) for number in found[2].split(",")}

    def wait_in_sync(self, at, wanted):
        deadline = time.monotonic() + 60
        while self.offsets_topic(at)[1] != wanted:
            self.assertLess(time.monotonic(), deadline, self.listing(at) + at.log_text())
            time.sleep(0.05)

    def committed(self):
        described, = self.hw.json("group", "describe", GROUP)
        return described["partitions"][0]["committed"]

    def wait_more(self, committer, count):
        begin, deadline = committer.acknowledged, time.monotonic() + 60
        while committer.acknowledged < begin + count:
            self.assertLess(time.monotonic(), deadline, "commits go on")
            time.sleep(0.01)

    def test_no_acknowledged_commit_is_lost_when_the_coordinator_is_killed(self):
        committer = Committer(self.servers)
        self.addCleanup(committer.stop)
        self.wait_more(committer, 10)
        self.wait_in_sync(self.nodes[0], {1, 2, 3})
        for how in (signal.SIGKILL, signal.SIGTERM, signal.SIGKILL):
            leader = self.nodes[self.offsets_topic(self.nodes[0])[0] - 1]
            before = committer.acknowledged
            leader.end(how)
            self.wait_more(committer, 20)
            self.assertGreaterEqual(self.committed(), before)
            self.start([leader])
            self.wait_in_sync(leader, {1, 2, 3})
        committer.stop()
        self.assertGreaterEqual(self.committed(), committer.acknowledged)
        self.assertLessEqual(self.committed(), committer.acknowledged + 1)
        print(f"{committer.acknowledged} commits, the longest pause {committer.longest:.3f} s")

    def test_all_nodes_are_killed(self):
        committer = Committer(self.servers)
        self.addCleanup(committer.stop)
        self.wait_more(committer, 100)
        for node in self.nodes:
            node.end()
        committer.stopping.set()
        before = committer.acknowledged
        self.start(self.nodes)
        committer.join(timeout=60)
        self.assertGreaterEqual(self.committed(), before)


if __name__ == "__main__":
    unittest.main()
