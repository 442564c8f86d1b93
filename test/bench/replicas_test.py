"""The bench of replication prints a row for each load and each number of replicas."""

import json
import os
import subprocess
import tempfile
import unittest
from pathlib import Path

REPLICAS = Path(__file__).with_name("replicas")


class ReplicasTest(unittest.TestCase):

    def bench(self, *arguments):
        with tempfile.TemporaryDirectory() as disk, tempfile.TemporaryDirectory() as memory:
            done = subprocess.run(
                [REPLICAS, "--bin", os.environ["BIN"], "--disk-dir", disk, "--memory-dir", memory,
                 "--bytes", "8000000", "--seconds", "1", *arguments],
                capture_output=True, text=True, timeout=100, check=False)
            self.assertEqual(os.listdir(disk) + os.listdir(memory), [])
        return done

    def test_each_load_is_measured_with_one_and_three_replicas(self):
        done = self.bench("--durability", "memory", "--loads", "256k", "latency", "--records", "4",
                          "-o", "json")
        self.assertEqual(done.returncode, 0, done.stderr)
        result = json.loads(done.stdout)
        self.assertEqual([(row["load"], row["replicas"]) for row in result["loads"]],
                         [("256k", 1), ("256k", 3), ("latency", 1), ("latency", 3)])
        for row in result["loads"]:
            self.assertGreater(row["megabytesPerSecond"], 0)
            self.assertGreater(row["latencyMs"]["p99"], 0)
        self.assertEqual([(fresh["durability"], fresh["records"])
                          for fresh in result["freshness"]], [("memory", 2)])

    def test_the_table_has_a_line_for_each(self):
        done = self.bench("--durability", "disk", "--loads", "64k", "--records", "0")
        self.assertEqual(done.returncode, 0, done.stderr)
        lines = done.stdout.splitlines()
        self.assertEqual(len(lines), 3)
        self.assertRegex(lines[1], r"^64 KiB batches +disk +1 ")
        self.assertRegex(lines[2], r"^64 KiB batches +disk +3 ")

    def test_programs_that_are_not_there_are_reported(self):
        done = self.bench("--bin", "/nonexistent")
        self.assertEqual(done.returncode, 1)
        self.assertIn("replicas: ", done.stderr)
        self.assertNotIn("Traceback", done.stderr)


if __name__ == "__main__":
    unittest.main()
