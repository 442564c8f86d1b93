"""The bench gives figures for a server that works, and a reason for one that does not."""

import json
import os
import subprocess
import tempfile
import unittest
from pathlib import Path

from measure import check

RUN = Path(__file__).with_name("run")
DRIVER = f"{os.environ['HW']} perf produce"
TOY = f"{os.environ['BENCH_TOY']} --dir {{dir}} --port {{port}}"


class BenchTest(unittest.TestCase):

    def bench(self, *arguments):
        with tempfile.TemporaryDirectory() as disk, tempfile.TemporaryDirectory() as memory:
            done = subprocess.run(
                [RUN, "--toy", TOY, "--driver", DRIVER, "--disk-dir", disk, "--memory-dir", memory,
                 "--pairs", "1", "--bytes", "30000000", "--idle-seconds", "1", *arguments],
                capture_output=True, text=True, timeout=100, check=False)
            self.assertEqual(os.listdir(disk) + os.listdir(memory), [])
        return done

    def test_a_server_that_works_is_measured_in_every_case(self):
        done = self.bench("--broker", TOY, "-o", "json")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        result = json.loads(done.stdout)
        self.assertEqual([row["case"] for row in result["cases"]],
                         ["batches", "records", "durable"])
        for row in result["cases"]:
            self.assertIsNone(row["failure"])
            self.assertEqual(len(row["pairs"]), 1)
            self.assertGreaterEqual(row["pairs"][0]["broker"]["bytes"], 30_000_000)
            self.assertGreater(row["broker"]["megabytesPerSecond"], 0)
        batches, records, durable = result["cases"]
        self.assertGreater(batches["throughput_ratio"]["median"], 0)
        self.assertEqual(records["pairs"][0]["toy"]["batchRecords"], 1)
        self.assertNotIn("toy", durable)
        self.assertGreater(result["start"]["start_ms_median"], 0)
        self.assertGreater(result["start"]["resident_bytes_median"], 1 << 20)

    def test_the_table_names_both_sides_and_their_ratio(self):
        done = self.bench("--broker", TOY, "--cases", "batches")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        lines = done.stdout.splitlines()
        self.assertEqual(len(lines), 4)
        self.assertIn("64 KiB batches, acks=1, memory          toy ", lines[1])
        self.assertIn("64 KiB batches, acks=1, memory          broker ", lines[2])
        self.assertIn("broker to toy", lines[3])

    def test_a_server_that_ends_is_reported_with_its_last_words(self):
        done = self.bench("--broker", "sh -c 'echo no luck; exit 3'", "--cases", "durable", "start")
        self.assertEqual(done.returncode, 1)
        self.assertEqual(done.stdout.count("the server ended with status 3: no luck"), 2)

    def test_a_broker_as_fast_as_the_toy_passes_the_check(self):
        done = self.bench("--broker", TOY, "--cases", "batches", "start", "--check")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_the_check_complains_of_what_is_beyond_its_limit(self):
        rows = [{"case": "batches", "text": "batches", "throughput_ratio": {"median": 0.49}},
                {"case": "records", "text": "records", "throughput_ratio": {"median": 0.36}},
                {"case": "durable", "text": "durable"}]
        start = {"failure": None, "resident_bytes_median": 30_000_001}
        self.assertEqual(list(check(rows, start)),
                         ["batches: 0.49 of the toy's throughput; at least 0.5 is asked for",
                          "idle, the broker holds 30000001 bytes; 30000000 are allowed"])

    def test_a_server_that_does_not_exist_is_reported(self):
        done = self.bench("--broker", "/nowhere/broker", "--cases", "durable")
        self.assertEqual(done.returncode, 1)
        self.assertIn("cannot start '/nowhere/broker'", done.stdout)


if __name__ == "__main__":
    unittest.main()
