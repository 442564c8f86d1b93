"""The records that clients write and read back, and a test case with a broker for them."""

import unittest

from kafka import KafkaAdminClient
from kafka.admin import NewTopic

from broker import Broker

COUNT = 10_000
START = 1_234
TOPIC = "records"


def key(number):
    return f"key-{number}"


def value(number):
    return f"value-{number}"


def timestamp(number):
    return 1_000 + number


class RecordsCase(unittest.TestCase):
    """A test case with a broker, and the topic with two partitions."""

    def setUp(self):
        self.broker = Broker().__enter__()
        self.addCleanup(self.broker.__exit__)
        client = KafkaAdminClient(bootstrap_servers=self.broker.address)
        client.create_topics([NewTopic(TOPIC, 2, 1)])
        client.close()
