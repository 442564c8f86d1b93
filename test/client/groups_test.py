"""Groups of consumers, and their configs: kafka-python and kcat against a broker."""

import os
import subprocess
import threading
import time
import unittest

from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.structs import OffsetAndMetadata

from broker import Broker
from consumer_member import ConsumerMember
from group_configs import GroupConfigs, Value
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


INTERVAL = "consumer.heartbeat.interval.ms"
SESSION = "consumer.session.timeout.ms"
INVALID_CONFIG, INVALID_REQUEST = 40, 42
DEFAULT, OF_GROUP, OF_BROKER = 5, 8, 4


class Configs(unittest.TestCase):
    """Configs of groups of the consumer protocol."""

    @classmethod
    def setUpClass(cls):
        cls.broker = Broker("--set", "group.consumer.min.session.timeout.ms=1500",
                            "--set", "group.consumer.max.session.timeout.ms=70000",
                            "--set", "group.consumer.session.timeout.ms=60000")
        Hw(cls.broker.address).out("topic", "create", TOPIC, "-p", "2")
        cls.configs = GroupConfigs(cls.broker.address)
        # Who looks for a coordinator makes the topic of the groups.
        reader = KafkaConsumer(bootstrap_servers=cls.broker.address, group_id="first")
        reader.committed(TopicPartition(TOPIC, 0))
        reader.close(autocommit=False)

    @classmethod
    def tearDownClass(cls):
        cls.configs.close()
        cls.broker.__exit__(None, None, None)

    def setUp(self):
        self.group = self._testMethodName

    def join(self):
        member = ConsumerMember(self.broker.address, self.group, TOPIC)
        self.addCleanup(member.close)
        member.heartbeat()
        member.follow()
        return member

    def alter(self, name, value):
        self.assertEqual(self.configs.alter(self.group, name, value), (0, None))
        source = OF_GROUP if value is not None else DEFAULT
        deadline = time.monotonic() + 30
        while self.configs.describe(self.group)[name].source != source:
            self.assertLess(time.monotonic(), deadline, f"{name} is shown")
            time.sleep(0.05)

    def wait_told(self, member, interval):
        deadline = time.monotonic() + 30
        while member.interval != interval:
            self.assertLess(time.monotonic(), deadline, f"the member is told {interval} ms")
            time.sleep(0.05)
            member.heartbeat()

    def test_a_running_member_is_told_the_interval_of_its_group(self):
        member = self.join()
        self.assertEqual(member.interval, 1000)
        self.alter(INTERVAL, "3000")
        described = self.configs.describe(self.group)
        self.assertEqual(described[INTERVAL], Value("3000", OF_GROUP))
        self.assertEqual(described[SESSION], Value("60000", OF_BROKER))
        self.wait_told(member, 3000)
        self.alter(INTERVAL, None)
        self.assertEqual(self.configs.describe(self.group)[INTERVAL], Value("1000", DEFAULT))
        self.wait_told(member, 1000)

    def test_a_silent_member_is_removed_after_the_session_of_its_group(self):
        member = self.join()
        self.alter(SESSION, "3000")
        self.alter(INTERVAL, "1200")
        self.wait_told(member, 1200)
        silent_since = time.monotonic()
        while Hw(self.broker.address).json("group", "describe", self.group)[0]["members"]:
            self.assertLess(time.monotonic() - silent_since, 30, "the member is removed")
            time.sleep(0.05)
        with self.assertRaisesRegex(AssertionError, "refused with 25"):
            member.heartbeat()

    def test_configs_survive_a_kill(self):
        with Broker() as broker:
            configs = GroupConfigs(broker.address)
            self.assertEqual(configs.alter(self.group, INTERVAL, "4000"), (0, None))
            configs.close()
            broker.process.kill()
            broker.process.communicate()
            with Broker(data=broker.data) as restarted:
                configs = GroupConfigs(restarted.address)
                self.assertEqual(configs.describe(self.group)[INTERVAL], Value("4000", OF_GROUP))
                configs.close()

    def test_wrong_configs_are_refused_with_the_reason(self):
        for name, value, reason in [
                ("consumer.heartbeat.intervl.ms", "3000", f"did you mean '{INTERVAL}'?"),
                ("retention.ms", "3000", "'retention.ms' is not a group key"),
                (INTERVAL, "499", "from 500 to 15000 (milliseconds); these bounds are"),
                (SESSION, "70001", "group.consumer.max.session.timeout.ms"),
                (SESSION, "soon", "must be a whole number"),
                ("share.session.timeout.ms", "1", "is not supported yet")]:
            code, message = self.configs.alter(self.group, name, value)
            self.assertEqual(code, INVALID_CONFIG)
            self.assertIn(reason, message)
        self.alter(INTERVAL, "2000")
        code, message = self.configs.alter(self.group, SESSION, "2000")
        self.assertEqual(code, INVALID_CONFIG)
        self.assertIn("must be less than", message)
        self.assertEqual(self.configs.describe(self.group)[SESSION], Value("60000", OF_BROKER))

    def test_a_group_without_a_name_has_no_configs(self):
        code, message = self.configs.alter("", INTERVAL, "3000")
        self.assertEqual(code, INVALID_REQUEST)
        self.assertIn("the name of the group is empty", message)
        self.assertEqual(self.configs.describe(""), INVALID_REQUEST)


if __name__ == "__main__":
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    unittest.main()
