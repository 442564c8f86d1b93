"""Tests `applying` with few partitions, and the requests that it sends."""

import os
import subprocess
import tempfile
import unittest
from pathlib import Path

from wire import batch, crc32c

HERE = Path(__file__).resolve().parent


class Wire(unittest.TestCase):
    def test_the_checksum_is_crc32c(self):
        self.assertEqual(crc32c(b"123456789"), 0xE3069283)

    def test_the_length_in_a_batch_counts_what_follows_it(self):
        self.assertEqual(int.from_bytes(batch()[8:12]), len(batch()) - 12)


class Applying(unittest.TestCase):
    def test_each_kind_of_work_gets_a_row_with_all_changes(self):
        with tempfile.TemporaryDirectory() as directory:
            done = subprocess.run(
                [HERE / "applying", "--partitions", "20", "--changes", "2", "--bin",
                 os.environ["BIN"], "--disk-dir", directory],
                capture_output=True, text=True, timeout=100, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        rows = done.stdout.splitlines()[1:]
        self.assertEqual([row[:30].rstrip() for row in rows],
                         ["nothing", "creation of partitions", "deletion of partitions"])
        for row in rows:
            self.assertEqual(row[30:].split()[0], "2")


if __name__ == "__main__":
    unittest.main()
