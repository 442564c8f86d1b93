"""hw group list, describe, lag, watch, reset and delete, as text and JSON."""

import json
import signal
import time
import unittest

from kafka import KafkaConsumer, TopicPartition
from kafka.structs import OffsetAndMetadata

from broker import Broker
from consumer_member import ConsumerMember
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
        lag, = self.hw.json("group", "lag", self.group)
        self.assertEqual([row["member"] for row in lag["partitions"]], [member["member"]] * 2)

    def test_a_reset_that_would_be_refused_does_not_ask(self):
        # Without --yes and without a terminal a question would be an error of another kind.
        done = self.hw.run("group", "reset", self.group, "--topic", self.topic, "--to", "end")
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertEqual(done.stderr,
                         f"hw group reset: group '{self.group}' has members; stop them first\n")
        self.assertIn("Nothing was changed", self.hw.out(
            "group", "reset", self.group, "--topic", self.topic, "--to", "end", "--dry-run"))

    def test_a_group_with_members_is_neither_reset_nor_deleted(self):
        done = self.hw.run("group", "reset", self.group, "--topic", self.topic, "--to",
                           "beginning", "--yes")
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("has members", done.stderr)
        self.assertEqual(self.committed()[0], (3, 3, 0))
        done = self.hw.run("group", "delete", self.group, "--yes")
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("has members; stop them first", done.stderr)


class Consumers(WithTopic):
    """A group of the consumer protocol whose two partitions one member has."""

    def setUp(self):
        super().setUp()
        # Waits until the broker is the coordinator of groups, which it is not before it is asked.
        self.assertIn("does not exist", self.refused(3, "group", "describe", self.group))
        self.first = self.member("c1")
        self.first.heartbeat()
        self.wait_for(lambda: sorted(self.first.assigned) == [0, 1], self.first.heartbeat)
        self.first.follow()

    def member(self, client):
        member = ConsumerMember(self.hw.address, self.group, self.topic, client)
        self.addCleanup(member.close)
        return member

    def wait_for(self, condition, step):
        deadline = time.monotonic() + 30
        while not condition():
            self.assertLess(time.monotonic(), deadline, self.hw.out("group", "describe",
                                                                    self.group))
            step()

    def describe(self):
        described, = self.hw.json("group", "describe", self.group)
        members = {member["client"]: member for member in described["members"]}
        return described, members

    def join_second(self):
        """A member that gets one of the two partitions in the end; it waits for it."""
        second = self.member("c2")
        second.heartbeat()
        self.wait_for(lambda: self.describe()[1]["c2"]["toGet"], second.heartbeat)
        return second

    def partition(self, index):
        return {"topic": self.topic, "partition": index}

    def test_a_stable_group(self):
        described, members = self.describe()
        self.assertEqual((described["type"], described["state"], described["protocol"],
                          described["protocolType"], described["rebalance"]),
                         ("consumer", "Stable", "uniform", "consumer", []))
        self.assertEqual(described["groupEpoch"], described["assignmentEpoch"])
        member = members["c1"]
        self.assertEqual((member["member"], member["epoch"], member["partitions"],
                          member["toGiveUp"], member["toGet"], member["protocol"]),
                         (self.first.id, described["groupEpoch"],
                          [self.partition(0), self.partition(1)], [], [], "consumer"))
        self.assertEqual([row["member"] for row in described["partitions"]], [self.first.id] * 2)
        text = self.hw.out("group", "describe", self.group)
        self.assertIn("Type              consumer\n", text)
        self.assertIn("Assignor          uniform\n", text)
        self.assertNotIn("rebalancing", text)
        self.assertIn({"group": self.group, "type": "consumer", "protocolType": "consumer",
                       "state": "Stable", "coordinator": 1}, self.hw.json("group", "list"))

    def test_why_it_rebalances(self):
        second = self.join_second()
        described, members = self.describe()
        self.assertEqual(described["state"], "Reconciling")
        moves, = members["c2"]["toGet"]
        self.assertEqual(members["c1"]["toGiveUp"], [moves])
        waits = (f"The group is rebalancing: it waits for member {self.first.id} (client c1, "
                 f"{members['c1']['host']}) to give up {self.topic} {moves['partition']}")
        reason, = described["rebalance"]
        self.assertTrue(reason.startswith(waits + "; the member is at epoch"), reason)
        # It reports, and is told to give up the partition.
        self.first.heartbeat()
        self.assertEqual(self.first.assigned, [1 - moves["partition"]])
        described, _ = self.describe()
        self.assertEqual(described["rebalance"], [waits + "."])
        self.assertIn(waits + ".\n", self.hw.out("group", "describe", self.group))
        self.first.follow()
        second.heartbeat()
        second.follow()
        described, members = self.describe()
        self.assertEqual((described["state"], described["rebalance"]), ("Stable", []))
        self.assertEqual(members["c2"]["partitions"], [moves])

    def test_lag_reset_and_delete(self):
        lag, = self.hw.json("group", "lag", self.group)
        self.assertEqual((lag["state"], len(lag["partitions"])), ("Stable", 2))
        self.assertIn("has members; stop them first", self.refused(
            1, "group", "reset", self.group, "--topic", self.topic, "--to", "end"))
        self.assertIn("has members; stop them first",
                      self.refused(1, "group", "delete", self.group, "--yes"))
        self.first.leave()
        self.hw.out("group", "reset", self.group, "--topic", self.topic, "--to", "end", "--yes")
        self.assertEqual(self.committed()[0], (3, 3, 0))
        watched, = self.hw.ndjson("group", "watch", self.group, "-n", "1")
        self.assertEqual((watched["state"], watched["lag"]), ("Empty", 0))
        self.hw.out("group", "delete", self.group, "--yes")
        self.assertIn("does not exist", self.refused(3, "group", "describe", self.group))


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
        row = text.splitlines()[-1].split()
        self.assertEqual((row[:5], row[-1]), ([self.topic, "0", "1", "3", "2"], "-"))

    def test_one_of_two_does_not_exist(self):
        self.commit(1)
        done = self.hw.run("group", "describe", "absent", self.group)
        self.assertEqual(done.returncode, 6)
        self.assertIn(f"Group        {self.group}\n", done.stdout)
        self.assertIn("group 'absent' does not exist", done.stderr)


class Lag(WithTopic):
    def lag(self):
        lag, = self.hw.json("group", "lag", self.group)
        return lag

    def produce(self, text, partition="0"):
        self.hw.out("produce", self.topic, "--partition", partition, stdin=text)

    def test_the_time_is_the_age_of_the_oldest_unread_record(self):
        self.commit(3)
        lag = self.lag()
        self.assertEqual((lag["state"], lag["lag"], lag["lagMs"]), ("Empty", 0, 0))
        before = time.time()
        self.produce("four\n")
        after = time.time()
        time.sleep(2)
        self.produce("five\n")
        asked = time.time()
        lag = self.lag()
        answered = time.time()
        self.assertEqual(lag["lag"], 2)
        self.assertGreaterEqual(lag["lagMs"], (asked - after) * 1000 - 50)
        self.assertLessEqual(lag["lagMs"], (answered - before) * 1000 + 50)
        self.commit(4)
        self.assertEqual(self.lag()["lag"], 1)
        self.assertLess(self.lag()["lagMs"], 2000)

    def test_the_time_is_exact_within_a_batch_of_each_codec(self):
        for number, codec in enumerate(["gzip", "snappy", "lz4", "zstd"]):
            with self.subTest(codec):
                if number > 0:
                    self.hw.out("topic", "delete", self.topic, "--yes")
                    self.hw.out("topic", "create", self.topic, "--partitions", "2")
                self.hw.out("produce", self.topic, "--partition", "0", "--compression", codec,
                            stdin="one\ntwo\nthree\n" * 100)
                first = self.hw.ndjson("consume", self.topic, "-f", "beginning", "-e")
                self.commit(150)
                asked = time.time() * 1000
                lag = self.lag()["lagMs"]
                age = asked - first[150]["timestamp"]
                self.assertGreaterEqual(lag, age - 50)
                self.assertLessEqual(lag, age + 5000)

    def test_all_partitions_and_their_sum(self):
        self.produce("one\ntwo\n", "1")
        self.commit(1, 0)
        self.commit(0, 1)
        lag = self.lag()
        self.assertEqual(
            [(row["topic"], row["partition"], row["committed"], row["end"], row["lag"],
              row["member"]) for row in lag["partitions"]],
            [(self.topic, 0, 1, 3, 2, None), (self.topic, 1, 0, 2, 2, None)])
        self.assertEqual(lag["lag"], 4)
        self.assertEqual(lag["lagMs"], max(row["lagMs"] for row in lag["partitions"]))
        text = self.hw.out("group", "lag", self.group).splitlines()
        self.assertEqual(text[2], "Lag       4 records")
        self.assertEqual(text[4].split(), ["TOPIC", "PARTITION", "COMMITTED", "END", "LAG", "LAG",
                                           "TIME", "MEMBER"])

    def test_all_groups(self):
        self.commit(1)
        self.assertIn(self.group, [lag["group"] for lag in self.hw.json("group", "lag", "--all")])

    def test_wrong_input(self):
        self.assertIn("group 'absent' does not exist", self.refused(3, "group", "lag", "absent"))
        self.assertIn("either the names of groups or --all", self.refused(2, "group", "lag"))
        self.assertIn("either the names of groups or --all",
                      self.refused(2, "group", "lag", self.group, "--all"))


class Watch(WithTopic):
    def test_rounds_have_the_rates(self):
        self.commit(1)
        watch = self.hw.start("group", "watch", self.group, "-n", "3", "-o", "ndjson")
        first = json.loads(watch.stdout.readline())
        self.assertEqual((first["lag"], first["consumedPerSecond"]), (2, None))
        self.commit(3)
        rest = watch.stdout.read().splitlines()
        watch.communicate(timeout=30)
        self.assertEqual((watch.returncode, len(rest)), (0, 2))
        last = json.loads(rest[-1])
        self.assertEqual((last["lag"], last["producedPerSecond"], last["caughtUpInMs"]),
                         (0, 0.0, 0))
        self.assertTrue(0.4 < last["consumedPerSecond"] <= 1.0, last)

    def test_each_round_is_a_block_of_text(self):
        self.commit(1)
        text = self.hw.out("group", "watch", self.group, "-n", "2")
        first, second = text.split("\n\n")
        self.assertIn("Caught up  -\n", first)
        self.assertIn("Consumed   0.0 records/s\n", second)
        self.assertIn("Caught up  never at these rates\n", second)

    def test_ctrl_c_is_success(self):
        self.commit(1)
        watch = self.hw.start("group", "watch", self.group, "--interval", "3600", "-o", "json")
        self.assertEqual(watch.stdout.readline(), "[\n")
        watch.send_signal(signal.SIGINT)
        rest = watch.stdout.read()
        errors = watch.communicate(timeout=30)[1]
        self.assertEqual((watch.returncode, errors), (0, ""))
        self.assertEqual(len(json.loads("[" + rest)), 1)

    def test_wrong_input(self):
        self.assertIn("group 'absent' does not exist", self.refused(3, "group", "watch", "absent"))
        self.assertIn("--interval '0'", self.refused(2, "group", "watch", "x", "-i", "0"))


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
