"""hw group list, describe, reset and delete, as text and JSON."""

import time
import unittest

from kafka import KafkaConsumer, TopicPartition
from kafka.structs import OffsetAndMetadata

from broker import Broker
from hw import Hw, WithBroker


def table(text):
    """The cells of a table's rows, without its head."""
    return [line.split() for line in text.splitlines()[1:]]


class WithTopic(WithBroker):
    def setUp(self):
        # A topic and a group of this test alone.
        self.topic = f"orders-{self._testMethodName}"
        self.group = f"billing-{self._testMethodName}"
        self.hw.out("topic", "create", self.topic, "--partitions", "2")
        self.hw.out("produce", self.topic, "--partition", "0", stdin="one\ntwo\nthree\n")

    def commit(self, offset, partition=0):
        consumer = KafkaConsumer(bootstrap_servers=self.hw.address, group_id=self.group,
                                 enable_auto_commit=False)
        key = TopicPartition(self.topic, partition)
        consumer.assign([key])
        consumer.commit({key: OffsetAndMetadata(offset, "")})
        consumer.close(autocommit=False)

    def committed(self):
        """Committed offset, end and lag by partition."""
        described, = self.hw.json("group", "describe", self.group)
        return {row["partition"]: (row["committed"], row["end"], row["lag"])
                for row in described["partitions"]}


class Member(WithTopic):
    """A group with a member."""

    def setUp(self):
        super().setUp()
        self.member = KafkaConsumer(self.topic, bootstrap_servers=self.hw.address,
                                    group_id=self.group, client_id="reader",
                                    auto_offset_reset="earliest", enable_auto_commit=False)
        deadline = time.monotonic() + 30
        read = 0
        while read < 3 or len(self.member.assignment()) < 2:
            self.assertLess(time.monotonic(), deadline, "the member reads all records")
            read += sum(map(len, self.member.poll(timeout_ms=100).values()))
        self.member.commit()
        self.addCleanup(self.member.close, autocommit=False)

    def test_describe_shows_the_member_and_what_it_reads(self):
        described, = self.hw.json("group", "describe", self.group)
        self.assertEqual((described["group"], described["state"], described["protocolType"],
                          described["coordinator"]), (self.group, "Stable", "consumer", 1))
        member, = described["members"]
        self.assertEqual((member["client"], member["instance"]), ("reader", None))
        self.assertTrue(member["host"].endswith("127.0.0.1"), member["host"])
        self.assertEqual([row["member"] for row in described["partitions"]],
                         [member["member"]] * 2)
        self.assertEqual(self.committed(), {0: (3, 3, 0), 1: (0, 0, 0)})

    def test_a_group_with_members_is_neither_reset_nor_deleted(self):
        done = self.hw.run("group", "reset", self.group, "--topic", self.topic, "--to",
                           "beginning", "--yes")
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("has members", done.stderr)
        self.assertEqual(self.committed()[0], (3, 3, 0))
        done = self.hw.run("group", "delete", self.group, "--yes")
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("has members; stop them first", done.stderr)


class List(WithTopic):
    def test_a_group_that_has_only_committed(self):
        self.commit(1)
        self.assertIn({"group": self.group, "type": "classic", "protocolType": "",
                       "state": "Empty", "coordinator": 1}, self.hw.json("group", "list"))
        self.assertIn([self.group, "classic", "Empty", "1"],
                      table(self.hw.out("group", "list")))

    def test_no_groups(self):
        with Broker() as broker:
            hw = Hw(broker.address)
            self.assertEqual(hw.out("group", "list"), "There are no groups.\n")
            self.assertEqual(hw.json("group", "list"), [])


class Describe(WithTopic):
    def test_offsets_and_lag(self):
        self.commit(1)
        self.assertEqual(self.committed(), {0: (1, 3, 2)})
        text = self.hw.out("group", "describe", self.group)
        self.assertIn("State        Empty\n", text)
        self.assertEqual(text.splitlines()[-1].split(), [self.topic, "0", "1", "3", "2", "-"])

    def test_one_of_two_does_not_exist(self):
        self.commit(1)
        done = self.hw.run("group", "describe", "absent", self.group)
        self.assertEqual(done.returncode, 6)
        self.assertIn(f"Group        {self.group}\n", done.stdout)
        self.assertIn("group 'absent' does not exist", done.stderr)


class Reset(WithTopic):
    def reset(self, where, *options):
        return self.hw.out("group", "reset", self.group, "--topic", self.topic, "--to", where,
                           *options, "--yes")

    def test_to_beginning_end_and_an_offset(self):
        self.assertEqual(table(self.reset("end").split("Reset")[0]),
                         [[self.topic, "0", "-", "3"], [self.topic, "1", "-", "0"]])
        self.assertEqual(self.committed(), {0: (3, 3, 0), 1: (0, 0, 0)})
        self.reset("beginning")
        self.assertEqual(self.committed()[0], (0, 3, 3))
        self.reset("2", "--partition", "0")
        self.assertEqual(self.committed()[0], (2, 3, 1))

    def test_an_offset_beyond_the_end_becomes_the_end(self):
        self.reset("100")
        self.assertEqual(self.committed(), {0: (3, 3, 0), 1: (0, 0, 0)})

    def test_to_a_time(self):
        self.reset("1970-01-01T00:00:00Z")
        self.assertEqual(self.committed()[0], (0, 3, 3))
        self.reset("2500-01-01T00:00:00Z")
        self.assertEqual(self.committed()[0], (3, 3, 0))

    def test_a_dry_run_changes_nothing(self):
        self.commit(1)
        text = self.hw.out("group", "reset", self.group, "--topic", self.topic, "--to", "end",
                           "--dry-run")
        self.assertIn("Nothing was changed (--dry-run).\n", text)
        self.assertEqual(self.committed(), {0: (1, 3, 2)})

    def test_without_yes_and_terminal_it_refuses(self):
        self.commit(1)
        done = self.hw.run("group", "reset", self.group, "--topic", self.topic, "--to", "end")
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn("--yes", done.stderr)
        self.assertEqual(self.committed(), {0: (1, 3, 2)})

    def test_wrong_input(self):
        wrong = {
            ("--to", "end"): "--topic is missing",
            ("--topic", self.topic): "--to is missing",
            ("--topic", self.topic, "--to", "soon"): "'soon'",
            ("--topic", "absent", "--to", "end"): "absent",
            ("--topic", self.topic, "--to", "end", "--partition", "9"): "partition",
        }
        for options, sentence in wrong.items():
            with self.subTest(options):
                done = self.hw.run("group", "reset", self.group, *options, "--yes")
                self.assertNotEqual(done.returncode, 0)
                self.assertIn(sentence, done.stderr)


class Delete(WithTopic):
    def test_a_deleted_group_is_gone(self):
        self.commit(1)
        self.assertEqual(self.hw.out("group", "delete", self.group, "--yes"),
                         f"Deleted group {self.group}.\n")
        self.assertIn(f"group '{self.group}' does not exist",
                      self.refused(3, "group", "describe", self.group))

    def test_a_group_that_does_not_exist(self):
        self.assertIn("group 'absent' does not exist",
                      self.refused(3, "group", "delete", "absent", "--yes"))


if __name__ == "__main__":
    unittest.main()
