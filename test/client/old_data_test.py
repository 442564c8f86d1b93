"""Data directories of earlier versions, after a stop or a kill, open with all their data."""

import json
import subprocess
import tarfile
import tempfile
import unittest
from pathlib import Path

from broker import Broker
from hw import Hw

GOLDEN = Path(__file__).parents[1] / "golden" / "highwater"
CODECS = {f"codec-{codec}": 100 for codec in ("none", "gzip", "snappy", "lz4", "zstd")}
# The number of records that make_data wrote to each topic.
STOPPED = {**CODECS, "plain": 500, "rolled": 300, "appended": 10, "wide": 0}
KILLED = {**STOPPED, "plain": 1000, "rolled": 400, "later": 10}


def record(topic, number):
    dots = "." * 10_000 if topic == "rolled" else ""
    return f"{number} k{number} made=old v{number}{dots}"


class OldData(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.scratch = Path(scratch.name)

    def kcat(self, broker, *arguments, text=None):
        return subprocess.run(["kcat", "-b", broker.address, *arguments], input=text,
                              capture_output=True, text=True, timeout=60, check=True).stdout

    def read(self, broker, topic):
        return self.kcat(broker, "-C", "-t", topic, "-p", "0", "-o", "beginning", "-e", "-q", "-f",
                         "%o %k %h %s\n").splitlines()

    def check(self, directory, wanted):
        with Broker(data=str(directory)) as broker:
            hw = Hw(broker.address)
            topics = {topic["topic"]: topic
                      for topic in json.loads(hw.run("topic", "describe", "-o", "json").stdout)}
            self.assertEqual(set(topics), set(wanted))
            self.assertEqual(len(topics["wide"]["partitions"]), 5)
            configs = {topic: {config["name"]: config["value"]
                               for config in topics[topic]["configs"]} for topic in topics}
            self.assertEqual(configs["rolled"]["segment.bytes"], "1048576")
            self.assertEqual(configs["appended"]["message.timestamp.type"], "LogAppendTime")
            for topic, count in wanted.items():
                self.assertEqual(self.read(broker, topic),
                                 [record(topic, number) for number in range(count)], topic)
                self.kcat(broker, "-P", "-t", topic, "-p", "0", "-K", ":", "-H", "made=now", "-X",
                          "enable.idempotence=true", text="key:value\n")
                self.assertEqual(self.read(broker, topic)[count:], [f"{count} key made=now value"])
            self.assertEqual(broker.stop()[0], 0)

    def test_directories_of_earlier_versions(self):
        archives = sorted(GOLDEN.glob("data-*.tar.xz"))
        self.assertTrue(archives)
        for archive in archives:
            target = self.scratch / archive.name
            with tarfile.open(archive) as packed:
                packed.extractall(target)
            for kind, wanted in (("stopped", STOPPED), ("killed", KILLED)):
                with self.subTest(archive=archive.name, kind=kind):
                    self.check(target / kind, wanted)


if __name__ == "__main__":
    unittest.main()
