"""The commands say what is wrong when they are called wrongly; tools/soak adds up its totals."""

import json
import os
import shutil
import subprocess
import tempfile
import unittest

TOOLS = os.path.dirname(os.path.abspath(__file__))
NOBODY = 65534


def call(*command, **how):
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False, **how)


class Commands(unittest.TestCase):
    def test_an_unknown_option_is_answered_with_the_known_ones(self):
        for name, options in (("test", "--all, --help and -- CTEST ARGUMENTS"),
                              ("setup", "--clients and --help")):
            called = call(os.path.join(TOOLS, name), "--bogus")
            self.assertEqual(called.returncode, 2)
            self.assertEqual(called.stderr,
                             f"tools/{name}: unknown option '--bogus'; the options are {options}\n")

    def test_a_checkout_that_may_not_be_written_to(self):
        with tempfile.TemporaryDirectory() as checkout:
            os.mkdir(os.path.join(checkout, "tools"))
            run = shutil.copy(os.path.join(TOOLS, "run"), os.path.join(checkout, "tools"))
            os.chmod(checkout, 0o555)
            called = call(run, user=NOBODY if os.geteuid() == 0 else None)
            os.chmod(checkout, 0o755)
        self.assertEqual(called.returncode, 1)
        self.assertIn(f"tools/run: this user may not write to {checkout}/build/run, where "
                      "everything is built; ", called.stderr)

    def test_soak_adds_up_the_hours_of_several_calls(self):
        with tempfile.TemporaryDirectory() as state:
            soak = [os.path.join(TOOLS, "soak"), "sim", "--hw-sim", os.environ["HW_SIM"],
                    "--state", state, "--chunk-minutes", "0.001", "--jobs", "1"]
            first = call(*soak, "--minutes", "0")
            self.assertEqual((first.returncode, first.stderr), (4, ""))
            second = call(*soak, "--hours", "0.0001")
            self.assertEqual((second.returncode, second.stderr), (0, ""))
            third = call(*soak, "--hours", "0.0001")
            self.assertEqual((third.returncode, third.stderr), (0, ""))
            with open(os.path.join(state, "sim.jsonl"), encoding="utf-8") as lines:
                chunks = [json.loads(line) for line in lines]
        self.assertEqual([chunk["failed"] for chunk in chunks], [None])
        self.assertGreater(chunks[0]["done"], 0.0001)
        self.assertEqual(third.stdout, second.stdout.split("\n", 1)[1])

    def test_soak_remembers_a_run_that_failed_and_goes_on_after_it(self):
        with tempfile.TemporaryDirectory() as state:
            fails = os.path.join(state, "hw-sim")
            with open(fails, "w", encoding="utf-8") as script:
                script.write("#!/bin/sh\necho seed $4 failed: lost\nexit 1\n")
            os.chmod(fails, 0o755)
            soak = [os.path.join(TOOLS, "soak"), "sim", "--hw-sim", fails, "--state", state,
                    "--jobs", "1"]
            first = call(*soak)
            self.assertEqual(first.returncode, 1)
            self.assertIn("seed 1000000000 failed: lost\n", first.stdout)
            self.assertIn("seed 1000100000 failed: lost\n", call(*soak).stdout)
            totals = call(os.path.join(TOOLS, "soak"), "--state", state).stdout
        self.assertIn("failed: seed 1000000000 of ", totals)
        self.assertIn("failed: seed 1000100000 of ", totals)


if __name__ == "__main__":
    unittest.main()
