"""A data directory that Apache Kafka wrote, after a stop or a kill, is served with all its data."""

import signal
import tarfile
import unittest
from pathlib import Path

from hw import Hw
from nodes import ClusterTest, Node
from ports import free_port

GOLDEN = Path(__file__).parents[1] / "golden" / "kafka"
CODECS = [f"codec-{codec}" for codec in ("none", "gzip", "snappy", "lz4", "zstd")]
# Features that Kafka has finalized there and that are not built yet.
LOWERED = ("eligible.leader.replicas.version 1", "share.version 1", "streams.version 1",
           "transaction.version 2")


class KafkaData(ClusterTest):
    def open(self, kind):
        """Starts a node on the directory."""
        with tarfile.open(GOLDEN / f"directory-{kind}.tar.xz") as packed:
            top = packed.getnames()[0].split("/")[0]
            packed.extractall(self.folder)
        node = Node(1, self.folder, f"1@127.0.0.1:{free_port()}")
        (Path(self.folder) / top).rename(node.data)
        self.add(node)
        self.start([node])
        return node

    def read(self, node, topic, partition=0):
        return self.kcat("-b", node.address, "-C", "-t", topic, "-p", str(partition), "-o",
                         "beginning", "-e", "-q", "-f", "%o %k\n").splitlines()

    def check(self, node):
        hw = Hw(node.address)
        self.assertEqual({row["leader"] for row in hw.json("partition", "list")}, {1})
        for topic in CODECS:
            records = self.read(node, topic)
            self.assertEqual(len(records), 300, topic)
            self.assertEqual(records[0].split()[0], "0")
        self.assertEqual(len(self.read(node, "rolled")), 15_000)
        self.kcat("-b", node.address, "-P", "-t", "codec-none", "-p", "0", text="one more\n")
        self.assertEqual(len(self.read(node, "codec-none")), 301)

    def check_groups(self, node):
        hw = Hw(node.address)
        self.assertIn("sample-group", {group["group"] for group in hw.json("group", "list")})
        described, = hw.json("group", "describe", "sample-group")
        committed = {(row["topic"], row["partition"]): row["committed"]
                     for row in described["partitions"]}
        self.assertEqual(committed, {("codec-none", 0): 90, ("txn", 0): 3, ("txn", 1): 12})

    def check_warning(self, node):
        """One warning names the features that work at a lower level."""
        warnings = [line for line in node.log_text().splitlines() if " works as 0" in line]
        self.assertEqual(len(warnings), 1, node.log_text())
        for feature in LOWERED:
            self.assertIn(f"{feature} works as 0, without ", warnings[0])

    def test_after_a_stop_of_kafka(self):
        node = self.open("stopped")
        self.check_warning(node)
        self.check_groups(node)
        self.check(node)
        self.assertEqual(node.end(signal.SIGTERM), 0)
        self.start([node])
        self.check_groups(node)
        self.assertEqual(len(self.read(node, "codec-none")), 301)

    def test_after_a_kill_of_kafka(self):
        node = self.open("running")
        self.check_groups(node)
        self.check(node)


if __name__ == "__main__":
    unittest.main()
