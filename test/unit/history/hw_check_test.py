"""Runs `hw-check` as a script would, and checks its output streams and exit status."""

import json
import os
import subprocess
import tempfile
import unittest

HW_CHECK = os.environ["HW_CHECK"]
TOPIC = {"event": "topic", "id": "T1", "name": "orders", "durability": "disk"}
SENT = {"op": "send", "process": "p1", "invoke": 10, "done": 20, "kind": "ok", "topic": "T1",
        "partition": 0, "value": "a", "acks": "all", "offset": 0}
READ = {"op": "poll", "process": "c1", "invoke": 30, "done": 40, "kind": "ok", "topic": "T1",
        "partition": 0, "from": 0, "records": [[0, "a"]]}
READ_OTHER = READ | {"records": [[0, "b"]]}


def check(*arguments, stdin=""):
    return subprocess.run([HW_CHECK, *arguments], input=stdin, capture_output=True, text=True,
                          timeout=60, check=False)


def lines(*objects):
    return "".join(json.dumps(each) + "\n" for each in objects)


class HwCheck(unittest.TestCase):

    def test_a_clean_history_ends_with_status_0(self):
        with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as file:
            file.write(lines(TOPIC, SENT, READ))
            file.flush()
            done = check(file.name)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertTrue(done.stdout.endswith("Clean: no anomalies.\n"), done.stdout)

    def test_anomalies_end_with_status_1_and_are_on_standard_output(self):
        done = check("-", stdin=lines(TOPIC, SENT, READ_OTHER))
        self.assertEqual((done.returncode, done.stderr), (1, ""))
        self.assertIn("First lost-write: orders-0 offset 0: 'a' was acknowledged (line 2), but "
                      "line 3 read 'b' here\n", done.stdout)

    def test_nothing_to_check_ends_with_status_3(self):
        for history in ("", lines(TOPIC, SENT), lines(TOPIC, READ | {"records": []})):
            done = check("-", stdin=history)
            self.assertEqual((done.returncode, done.stderr), (3, ""))
            self.assertIn("Nothing was checked", done.stdout)

    def test_json_is_one_object(self):
        done = check("--json", "-", stdin=lines(TOPIC, SENT, READ_OTHER))
        self.assertEqual(done.returncode, 1)
        report = json.loads(done.stdout)
        self.assertEqual(report["judgement"], "anomalies")
        self.assertEqual(report["anomalies"]["lost-write"]["lines"], [2, 3])
        self.assertEqual(report["totals"]["sendsOk"], 1)

    def test_help_shows_a_history_that_is_clean(self):
        done = check("--help")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        example = [line.strip() for line in done.stdout.splitlines() if line.startswith("  {")]
        self.assertEqual(len(example), 3)
        self.assertEqual(check("-", stdin="\n".join(example) + "\n").returncode, 0)

    def test_wrong_usage_ends_with_status_2_and_names_the_help(self):
        for arguments in ([], ["a", "b"], ["--jsno", "-"], ["--json"]):
            done = check(*arguments)
            self.assertEqual((done.returncode, done.stdout), (2, ""))
            self.assertIn("hw-check --help", done.stderr)

    def test_an_unreadable_history_ends_with_status_2_and_names_the_line(self):
        done = check("-", stdin=lines(TOPIC, SENT | {"kind": "good"}))
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertEqual(done.stderr, "hw-check: standard input:2: 'kind' is 'good'; allowed are "
                                      "ok, fail, info\n")
        done = check("/nowhere/history.jsonl")
        self.assertEqual(done.returncode, 2)
        self.assertIn("/nowhere/history.jsonl: cannot be opened", done.stderr)
        done = check("/")
        self.assertEqual(done.returncode, 2)
        self.assertIn("/", done.stderr)


if __name__ == "__main__":
    unittest.main()
