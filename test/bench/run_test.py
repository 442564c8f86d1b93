"""The bench prints figures for a working server, and the reason of the failure for another."""

import json
import os
import subprocess
import tempfile
import unittest
from pathlib import Path

from measure import check, check_against

RUN = Path(__file__).with_name("run")
DRIVER = f"{os.environ['HW']} perf"
TOY = f"{os.environ['BENCH_TOY']} --dir {{dir}} --port {{port}} --partitions {{partitions}}"


class BenchTest(unittest.TestCase):

    def bench(self, *arguments):
        with tempfile.TemporaryDirectory() as disk, tempfile.TemporaryDirectory() as memory:
            done = subprocess.run(
                [RUN, "--toy", TOY, "--driver", DRIVER, "--disk-dir", disk, "--memory-dir", memory,
                 "--pairs", "1", "--bytes", "30000000", "--idle-seconds", "1",
                 "--latency-seconds", "1", *arguments],
                capture_output=True, text=True, timeout=100, check=False)
            self.assertEqual(os.listdir(disk) + os.listdir(memory), [])
        return done

    def test_a_working_server_is_measured_in_every_case(self):
        done = self.bench("--broker", TOY, "-o", "json")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        result = json.loads(done.stdout)
        self.assertEqual([row["case"] for row in result["cases"]],
                         ["batches", "records", "durable", "partitions", "fetch", "tail",
                          "latency", "durable-latency"])
        for row in result["cases"]:
            self.assertIsNone(row["failure"])
            self.assertEqual(len(row["pairs"]), 1)
            self.assertGreater(row["broker"]["megabytesPerSecond"], 0)
            if "latency" not in row["case"]:
                self.assertGreaterEqual(row["pairs"][0]["broker"]["bytes"], 30_000_000)
        rows = {row["case"]: row for row in result["cases"]}
        self.assertGreater(rows["batches"]["ratios"]["throughput"]["median"], 0)
        self.assertEqual(rows["records"]["pairs"][0]["toy"]["batchRecords"], 1)
        self.assertNotIn("toy", rows["durable"])
        for case in ("partitions", "fetch", "tail"):
            self.assertEqual(rows[case]["pairs"][0]["toy"]["partitions"], 8)
        tail = rows["tail"]["pairs"][0]["broker"]
        self.assertEqual(tail["tail"]["bytes"], tail["bytes"])
        latency = rows["latency"]["pairs"][0]["broker"]
        self.assertEqual((latency["requests"], latency["requestedRate"]), (1000, 1000))
        self.assertEqual(list(rows["latency"]["ratios"]), ["p50", "p99", "p99.9"])
        self.assertGreater(result["start"]["start_ms_median"], 0)
        self.assertGreater(result["start"]["resident_bytes_median"], 1 << 20)

    def test_the_table_names_both_sides_and_their_ratio(self):
        done = self.bench("--broker", TOY, "--cases", "batches")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        lines = done.stdout.splitlines()
        self.assertEqual(len(lines), 4)
        self.assertIn("64 KiB batches, acks=1, memory        toy ", lines[1])
        self.assertIn("64 KiB batches, acks=1, memory        broker ", lines[2])
        self.assertIn("broker to toy", lines[3])

    def test_a_server_that_ends_is_reported_with_its_last_lines(self):
        done = self.bench("--broker", "sh -c 'echo no luck; exit 3'", "--cases", "durable", "start")
        self.assertEqual(done.returncode, 1)
        self.assertEqual(done.stdout.count("the server ended with status 3: no luck"), 2)

    def test_a_broker_as_fast_as_the_toy_passes_the_check(self):
        done = self.bench("--broker", TOY, "--cases", "batches", "start", "--check")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_the_check_reports_each_figure_beyond_its_limit(self):
        rows = [{"case": "batches", "text": "batches", "ratios": {"throughput": {"median": 0.49}}},
                {"case": "records", "text": "records", "ratios": {"throughput": {"median": 0.36}}},
                {"case": "fetch", "text": "fetch", "ratios": {"throughput": {"median": 0.01}}},
                {"case": "durable", "text": "durable"}]
        start = {"failure": None, "resident_bytes_median": 30_000_001}
        self.assertEqual(list(check(rows, start)),
                         ["batches: 0.49 of the toy's throughput; the minimum is 0.5",
                          "the idle broker has 30000001 resident bytes; the maximum is 30000000"])

    def test_another_binary_is_compared_pair_by_pair(self):
        with tempfile.TemporaryDirectory() as folder:
            old = Path(folder) / "old broker"
            # The bench calls it like the broker: server --set log.dirs=DIR --set
            # listeners=PLAINTEXT://HOST:PORT,...
            old.write_text("#!/bin/sh\nport=${5%%,*}\n"
                           f"exec {os.environ['BENCH_TOY']} --dir \"${{3#*=}}\" "
                           "--port \"${port##*:}\"\n", encoding="utf-8")
            old.chmod(0o755)
            done = self.bench("--broker", TOY, "--against", str(old), "--cases", "batches",
                              "durable", "start")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        for row in ("64 KiB batches, acks=1, memory        old ",
                    "64 KiB batches, acks=-1, disk         old ", "broker to old, median of pairs",
                    "throughput ", "start ", "resident "):
            self.assertIn(row, done.stdout)
        self.assertNotIn(" toy ", done.stdout)

    def test_a_worse_figure_is_reported_with_its_range(self):
        def ratio(value):
            return {"median": value, "min": value - 0.01, "max": value + 0.01}
        rows = [{"text": "batches", "ratios": {"throughput": ratio(0.94), "CPU": ratio(1.04),
                                               "p50": ratio(1.06), "p99": None}},
                {"text": "failed"}]
        start = {"failure": None, "ratios": {"start": ratio(0.5), "resident": ratio(1.2)}}
        beyond = "which is more than 5% worse"
        self.assertEqual(list(check_against(rows, start)), [
            f"batches: throughput is 0.94 times the old binary's (0.93 to 0.95), {beyond}",
            f"batches: p50 is 1.06 times the old binary's (1.05 to 1.07), {beyond}",
            f"start: resident is 1.20 times the old binary's (1.19 to 1.21), {beyond}"])

    def test_a_server_that_does_not_exist_is_reported(self):
        done = self.bench("--broker", "/nowhere/broker", "--cases", "durable")
        self.assertEqual(done.returncode, 1)
        self.assertIn("cannot start '/nowhere/broker'", done.stdout)


if __name__ == "__main__":
    unittest.main()
