"""tools/run, tools/setup and tools/test say what is wrong when they are called wrongly."""

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


if __name__ == "__main__":
    unittest.main()
