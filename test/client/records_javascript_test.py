"""kafka-javascript produces 10,000 keyed records with headers, and reads them by partition and
offset."""

import json
import os
import subprocess
import unittest
from pathlib import Path

from records import COUNT, START, TOPIC, RecordsCase, key, timestamp, value

PROGRAM = Path(__file__).parent / "javascript/client.js"
INSTALL = "run test/client/javascript/install"
LIBRDKAFKA = "2.15.1"


def sent(number):
    return {"key": key(number), "value": value(number), "timestamp": timestamp(number),
            "headers": [{"number": str(number)}, {"empty": ""}]}


class Javascript(RecordsCase):
    def setUp(self):
        if not Path(os.environ["CLIENTS"], "javascript/installed").exists():
            self.skipTest(f"kafka-javascript is not installed: {INSTALL}")
        super().setUp()

    def client(self, *arguments, lines=()):
        """Runs a command of the client; returns the values that it prints."""
        done = subprocess.run(["node", PROGRAM, *map(str, arguments)], capture_output=True,
                              input="".join(json.dumps(line) + "\n" for line in lines),
                              text=True, timeout=120, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def test_version(self):
        self.assertEqual(self.client("version"), [LIBRDKAFKA], INSTALL)

    def test_records(self):
        address = self.broker.address
        self.assertEqual(self.client("produce", address, TOPIC, 1, lines=map(sent, range(COUNT))),
                         list(range(COUNT)))
        self.assertEqual(self.client("offsets", address, TOPIC, 1, timestamp(START)),
                         [[0, COUNT, START]])
        self.assertEqual(self.client("consume", address, TOPIC, 1, START),
                         [{"offset": i, **sent(i)} for i in range(START, COUNT)])
        self.assertEqual(self.client("consume", address, TOPIC, 0, 0), [])


if __name__ == "__main__":
    unittest.main(verbosity=2)  # says why tests are skipped
