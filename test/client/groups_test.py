"""Groups of consumers: kafka-python and kcat against a broker."""

import os
import subprocess
import threading
import time
import unittest

from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.structs import OffsetAndMetadata

from broker import Broker
from hw import Hw

TOPIC = "events"
PARTITIONS = 6


class Member(threading.Thread):
    """A member that reads, commits what it has read, and then stops."""

    def __init__(self, address, group, seen):
        super().__init__()
        self.address, self.group, self.seen = address, group, seen
        self.stopping = threading.Event()
        self.assigned = set()
        self.start()

    def run(self):
        consumer = KafkaConsumer(
            TOPIC, bootstrap_servers=self.address, group_id=self.group,
            auto_offset_reset="earliest", enable_auto_commit=False,
            session_timeout_ms=6000, heartbeat_interval_ms=200)
        while not self.stopping.is_set():
            batches = consumer.poll(timeout_ms=100)
            self.assigned = {partition.partition for partition in consumer.assignment()}
            for partition, records in batches.items():
                self.seen.extend((partition.partition, record.offset) for record in records)
            if batches:
                consumer.commit()
        consumer.close()

    def stop(self):
        self.stopping.set()
        self.join(timeout=30)


class Groups(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.broker = Broker("--set", "group.initial.rebalance.delay.ms=300")
        cls.address = cls.broker.address
        cls.hw = Hw(cls.address)
        cls.hw.out("topic", "create", TOPIC, "-p", str(PARTITIONS))

    @classmethod
    def tearDownClass(cls):
        cls.broker.__exit__(None, None, None)

    def produce(self, first, count):
        producer = KafkaProducer(bootstrap_servers=self.address)
        for number in range(first, first + count):
            producer.send(TOPIC, b"%d" % number, partition=number % PARTITIONS)
        producer.flush()
        producer.close()

    def wait_for(self, condition, what):
        deadline = time.monotonic() + 30
        while not condition():
            self.assertLess(time.monotonic(), deadline, what)
            time.sleep(0.05)

    def test_members_share_the_partitions_and_read_each_record_once(self):
        self.produce(0, 600)
        seen = []
        first = Member(self.address, "sharing", seen)
        self.wait_for(lambda: len(first.assigned) == PARTITIONS, "the only member has all")
        second = Member(self.address, "sharing", seen)
        third = Member(self.address, "sharing", seen)
        members = [first, second, third]
        self.wait_for(lambda: [len(member.assigned) for member in members] == [2, 2, 2],
                      "each member has a third")
        self.assertEqual(set.union(*(member.assigned for member in members)),
                         set(range(PARTITIONS)))
        self.produce(600, 600)
        first.stop()
        self.wait_for(lambda: len(second.assigned) + len(third.assigned) == PARTITIONS,
                      "the others take over")
        self.produce(1200, 600)
        self.wait_for(lambda: len(set(seen)) >= 1800, "all records are read")
        second.stop()
        third.stop()
        self.assertEqual(len(seen), len(set(seen)))

    def test_a_member_goes_on_where_its_group_has_committed(self):
        self.produce(0, 60)
        read = subprocess.run(
            ["kcat", "-b", self.address, "-G", "going-on", "-X", "auto.offset.reset=earliest",
             "-e", TOPIC], capture_output=True, text=True, timeout=60, check=True)
        self.assertGreaterEqual(len(read.stdout.splitlines()), 60)
        again = subprocess.run(
            ["kcat", "-b", self.address, "-G", "going-on", "-X", "auto.offset.reset=earliest",
             "-e", TOPIC], capture_output=True, text=True, timeout=60, check=True)
        self.assertEqual(again.stdout, "")

    def test_committed_offsets_survive_a_kill(self):
        with Broker() as broker:
            Hw(broker.address).out("topic", "create", TOPIC, "-p", "1")
            partition = TopicPartition(TOPIC, 0)

            def consumer(address):
                made = KafkaConsumer(bootstrap_servers=address, group_id="keeping",
                                     enable_auto_commit=False)
                made.assign([partition])
                return made

            first = consumer(broker.address)
            self.assertIsNone(first.committed(partition))
            for offset in range(20):
                first.commit({partition: OffsetAndMetadata(offset, f"text {offset}")})
            broker.process.kill()
            broker.process.communicate()
            first.close(autocommit=False)
            with Broker(data=broker.data) as restarted:
                second = consumer(restarted.address)
                self.assertEqual(second.committed(partition, metadata=True),
                                 OffsetAndMetadata(19, "text 19"))
                second.close()


if __name__ == "__main__":
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    unittest.main()
