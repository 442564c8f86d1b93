"""Runs `hw log dump` as a script would, and checks its output streams and exit status."""

import os
import subprocess
import tempfile
import unittest

HW = os.environ["HW"]
GOLDEN = os.environ["HW_GOLDEN"]


def hw(*arguments, **options):
    return subprocess.run([HW, *arguments], stdout=options.pop("stdout", subprocess.PIPE),
                          stderr=subprocess.PIPE, text=True, timeout=30, check=False, **options)


def golden(name):
    return os.path.join(GOLDEN, name)


class LogDump(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def torn(self, name, size):
        path = os.path.join(self.folder, name)
        with open(golden("txn.log"), "rb") as whole, open(path, "wb") as part:
            part.write(whole.read(size))
        return path

    def test_a_segment_is_printed_as_kafka_prints_it(self):
        done = hw("log", "dump", golden("txn.log"))
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        title, *lines = done.stdout.splitlines()
        self.assertEqual(title, "Dumping " + golden("txn.log"))
        with open(golden("txn.txt"), encoding="utf-8") as expected:
            self.assertEqual(lines, expected.read().splitlines())

    def test_remarks_stay_out_of_standard_output(self):
        done = hw("log", "dump", golden("nulls.log"))
        self.assertEqual(done.returncode, 0)
        self.assertNotIn("followed", done.stdout)
        self.assertEqual(done.stderr.splitlines(),
                         [f"Non-consecutive offsets in {golden('nulls.log')}",
                          "  -1 is followed by 590", "  591 is followed by 594"])

    def test_without_records_only_batches_are_printed(self):
        done = hw("log", "dump", "--no-records", golden("txn.log"))
        self.assertEqual(done.returncode, 0)
        self.assertEqual(len(done.stdout.splitlines()), 1 + 8)

    def test_a_copy_of_the_metadata_log_is_decoded_on_demand(self):
        log = os.path.join(os.path.dirname(GOLDEN), "cluster_metadata.log")
        record = 'payload: {"type":"NO_OP_RECORD","version":0,"data":{}}'
        self.assertIn(record, hw("log", "dump", "--metadata", log).stdout)
        plain = hw("log", "dump", log, errors="replace")
        self.assertNotIn(record, plain.stdout)

    def test_a_torn_segment_is_printed_up_to_the_damage_and_the_exit_status_is_1(self):
        path = self.torn("00000000000000000000.log", 600)
        done = hw("log", "dump", path)
        self.assertEqual(done.returncode, 1)
        self.assertEqual(done.stdout.count("baseOffset: "), 6)
        self.assertEqual(done.stderr, f"hw log dump: {path}: at byte 561: a record batch ends "
                         "after 39 bytes of its 61 byte header\n")

    def test_files_after_a_bad_one_are_printed_and_the_exit_status_is_6(self):
        path = self.torn("00000000000000000000.log", 600)
        done = hw("log", "dump", path, golden("appendtime.log"))
        self.assertEqual(done.returncode, 6)
        self.assertIn("LogAppendTime", done.stdout)

    def test_a_missing_file_gives_exit_status_3_whatever_its_name(self):
        for name in ["0.log", "0.index", "0.snapshot", "0", "orders"]:
            done = hw("log", "dump", os.path.join(self.folder, name))
            self.assertEqual((done.returncode, done.stdout), (3, ""))
            self.assertIn(name + ": No such file", done.stderr)

    def test_a_file_of_an_unknown_kind_is_a_usage_error(self):
        done = hw("log", "dump", golden("README.md"))
        self.assertEqual(done.returncode, 2)
        self.assertIn("its name must end in .log, .index,", done.stderr)

    def test_a_wrong_command_line_prints_only_the_error(self):
        for arguments, near in [(["log", "dmup"], "did you mean 'hw log dump'?"),
                                (["log", "dump", "--no-record", "x"], "'--no-records'?"),
                                (["log", "dump", "--metadata=1", "x"], "--metadata"),
                                (["log", "dump"], "missing argument FILE")]:
            done = hw(*arguments)
            self.assertEqual((done.returncode, done.stdout), (2, ""))
            self.assertIn(near, done.stderr)

    def test_help_shows_commands_options_and_examples(self):
        overview = hw("--help")
        self.assertEqual((overview.returncode, overview.stderr), (0, ""))
        self.assertIn("log dump ", overview.stdout)
        self.assertEqual(hw().stdout, overview.stdout)
        page = hw("log", "dump", "--help")
        self.assertEqual((page.returncode, page.stderr), (0, ""))
        for text in ["Examples:", "  hw log dump ", "--no-records", "--metadata"]:
            self.assertIn(text, page.stdout)

    def test_a_full_disk_is_an_error(self):
        with open("/dev/full", "w", encoding="utf-8") as full:
            for arguments in [["log", "dump", golden("txn.log")],
                              ["log", "dump", golden("codec-none.log")],
                              ["--help"], ["--version"], ["log", "dump", "--help"]]:
                done = hw(*arguments, stdout=full)
                self.assertEqual(
                    (done.returncode, done.stderr),
                    (1, "hw: write to standard output: No space left on device\n"))


if __name__ == "__main__":
    unittest.main()
