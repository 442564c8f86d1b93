"""kcat writes and reads a large text in every codec, and the text survives a kill of the broker."""

import os
import re
import signal
import subprocess
import tempfile
import unittest

from kafka import KafkaAdminClient
from kafka.admin import NewTopic

from broker import Broker

LINES = 300_000
CODECS = ["none", "gzip", "snappy", "lz4", "zstd"]


def write_text(path):
    """Writes the descriptions of Debian's packages, without empty lines, because kcat drops those.
    """
    command = f"apt-cache dumpavail | grep . | head -n {LINES}"
    with open(path, "wb") as text:
        subprocess.run(["bash", "-c", command], stdout=text, timeout=60, check=True)


def share_of_codec(data, topic, codec):
    """The share of the stored records that are in batches with the codec, from 0 to 1."""
    folder = os.path.join(data, f"{topic}-0")
    files = sorted(os.path.join(folder, name) for name in os.listdir(folder)
                   if name.endswith(".log"))
    dump = subprocess.run([os.environ["HW"], "log", "dump", "--no-records", *files],
                          capture_output=True, text=True, timeout=60, check=True).stdout
    batches = re.findall(r" count: (\d+) .* compresscodec: (\w+)", dump)
    return sum(int(count) for count, name in batches if name == codec) / LINES


class Text(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.data = os.path.join(scratch.name, "data")
        self.text = os.path.join(scratch.name, "text")
        self.copy = os.path.join(scratch.name, "copy")
        write_text(self.text)
        with open(self.text, "rb") as text:
            self.assertEqual(sum(1 for _ in text), LINES)

    def create_topics(self, broker, names):
        client = KafkaAdminClient(bootstrap_servers=broker.address)
        client.create_topics([NewTopic(name, 1, 1) for name in names])
        client.close()

    def produce(self, broker, topic, *options):
        subprocess.run(["kcat", "-P", "-b", broker.address, "-t", topic, "-p", "0", *options,
                        "-l", self.text], capture_output=True, timeout=120, check=True)

    def assert_reads_back(self, broker, topic):
        with open(self.copy, "wb") as copy:
            subprocess.run(["kcat", "-C", "-b", broker.address, "-t", topic, "-p", "0", "-o",
                            "beginning", "-e", "-q"], stdout=copy, timeout=120, check=True)
        self.assertEqual(subprocess.run(["cmp", self.text, self.copy], check=False).returncode, 0,
                         topic)

    def kill(self, broker):
        broker.process.send_signal(signal.SIGKILL)
        broker.process.communicate(timeout=30)

    def test_in_every_codec_and_after_kill_9(self):
        with Broker(data=self.data) as broker:
            self.create_topics(broker, CODECS)
            for codec in CODECS:
                self.produce(broker, codec, "-z", codec)
                self.assert_reads_back(broker, codec)
            self.kill(broker)
        with Broker(data=self.data) as broker:
            for codec in CODECS:
                self.assert_reads_back(broker, codec)
                # kcat does not compress a batch, such as a short line, that would become larger.
                self.assertGreater(share_of_codec(self.data, codec, codec), 0.99)
            self.assertEqual(broker.stop()[0], 0)

    def test_of_an_idempotent_producer_after_kill_9(self):
        with Broker(data=self.data) as broker:
            self.create_topics(broker, ["text"])
            self.produce(broker, "text", "-X", "enable.idempotence=true")
            self.kill(broker)
        with Broker(data=self.data) as broker:
            self.assert_reads_back(broker, "text")


if __name__ == "__main__":
    unittest.main()
