"""hw consume --group: members share a topic, crash, and go on where the group has committed."""

import os
import signal
import subprocess
import tempfile
import time
import unittest

from kafka import KafkaConsumer

from hw import Hw, WithBroker
from nodes import ClusterTest, Node
from ports import free_port

# A session lasts twice that, at least 6 s.
TIMEOUT = ("--timeout", "3")
SESSION = 6


class Member:
    """A run of `hw consume --group` in the background, with its output in files."""

    def __init__(self, test, *options):
        self.out = os.path.join(test.scratch, f"out-{time.monotonic_ns()}")
        self.err = self.out + ".err"
        with open(self.out, "w") as out, open(self.err, "w") as err:
            self.process = subprocess.Popen(
                [os.environ["HW"], "consume", "-g", test.group, test.topic, "--from", "beginning",
                 *TIMEOUT, *options, "-b", test.hw.address], stdout=out, stderr=err)
        test.addCleanup(self.end, signal.SIGKILL)

    def lines(self):
        with open(self.out) as out:
            return out.read().splitlines()

    def says(self):
        with open(self.err) as err:
            return err.read()

    def end(self, how=signal.SIGINT):
        """Ends it if it still runs; returns its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(how)
        return self.process.wait(timeout=30)


class ConsumeGroup(WithBroker):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.scratch = scratch.name
        # A topic and a group of this test alone.
        self.topic = f"orders-{self._testMethodName}"
        self.group = f"billing-{self._testMethodName}"
        self.hw.out("topic", "create", self.topic, "--partitions", "4")
        self.produced = 0

    def produce(self, per_partition=10):
        """Adds records with different values to each partition."""
        for partition in range(4):
            values = range(self.produced, self.produced + per_partition)
            self.produced += per_partition
            self.hw.out("produce", self.topic, "--partition", str(partition),
                        stdin="".join(f"{value}\n" for value in values))

    def all_values(self):
        return sorted(map(str, range(self.produced)))

    def committed(self):
        described, = self.hw.json("group", "lag", self.group)
        return {row["partition"]: row["committed"] for row in described["partitions"]}

    def wait(self, what, condition, seconds=40):
        deadline = time.monotonic() + seconds
        while not condition():
            self.assertLess(time.monotonic(), deadline, what)
            time.sleep(0.1)

    def members(self):
        """The number of partitions of each member, when the group is stable."""
        described, = self.hw.json("group", "describe", self.group)
        owners = [row["member"] for row in described["partitions"]]
        ids = [member["member"] for member in described["members"]]
        return sorted(owners.count(one) for one in ids) if described["state"] == "Stable" else []

    def test_two_share_a_topic_and_one_takes_over_when_the_other_is_killed(self):
        self.produce()
        first = Member(self)
        self.wait("the first reads all", lambda: len(first.lines()) == 40)
        second = Member(self)
        self.wait("both have partitions", lambda: self.members() == [2, 2])
        self.produce()
        self.wait("both read", lambda: len(first.lines()) + len(second.lines()) == 80)
        self.assertEqual(len(second.lines()), 20)
        self.wait("both commit", lambda: set(self.committed().values()) == {20})
        self.produce()
        second.end(signal.SIGKILL)
        killed = time.monotonic()
        self.wait("the first reads all partitions",
                  lambda: set(first.lines() + second.lines()) == set(self.all_values()))
        self.assertLess(time.monotonic() - killed, SESSION + 4)
        self.wait("the first has all partitions", lambda: self.members() == [4])
        self.assertEqual(first.end(), 0, first.says())
        self.assertEqual(self.committed(), {partition: 30 for partition in range(4)})
        # What the killed one had not committed is printed again, and nothing else.
        repeated = sorted(set(first.lines()) & set(second.lines()))
        self.assertLessEqual(len(repeated), 20)
        self.assertEqual(len(set(first.lines())), len(first.lines()))

    def test_with_kcat_in_the_group_each_reads_its_part(self):
        member = Member(self)
        self.wait("hw joins", lambda: "has assigned" in member.says())
        path = os.path.join(self.scratch, "kcat")
        with open(path, "w") as out:
            kcat = subprocess.Popen(
                ["kcat", "-b", self.hw.address, "-G", self.group, "-q", "-u", "-X",
                 "auto.offset.reset=earliest", "-X", "session.timeout.ms=6000", self.topic],
                stdout=out, stderr=subprocess.DEVNULL)
        self.addCleanup(kcat.kill)

        def lines_of_kcat():
            with open(path) as out:
                return out.read().split()

        self.wait("both have partitions", lambda: self.members() == [2, 2])
        self.produce()
        self.wait("both read their part",
                  lambda: len(member.lines()) == 20 and len(lines_of_kcat()) == 20)
        kcat.send_signal(signal.SIGINT)
        kcat.wait(timeout=30)
        theirs = lines_of_kcat()
        self.assertEqual(sorted(member.lines() + theirs), self.all_values())
        self.wait("hw has all partitions", lambda: self.members() == [4])
        self.produce()
        self.wait("hw reads the rest", lambda: len(member.lines()) == 60)
        self.assertEqual(member.end(), 0)
        self.assertEqual(sorted(member.lines() + theirs), self.all_values())

    def test_a_kafka_python_member_that_joined_first_assigns_the_partitions(self):
        consumer = KafkaConsumer(self.topic, bootstrap_servers=self.hw.address,
                                 group_id=self.group, auto_offset_reset="earliest",
                                 session_timeout_ms=6000, heartbeat_interval_ms=200)
        self.addCleanup(consumer.close)
        theirs = []

        def poll():
            for records in consumer.poll(timeout_ms=100).values():
                theirs.extend(record.value.decode() for record in records)

        self.wait("it has all partitions",
                  lambda: poll() or len(consumer.assignment()) == 4)
        member = Member(self)
        self.wait("both have partitions", lambda: poll() or self.members() == [2, 2])
        self.produce()
        self.wait("both read", lambda: poll() or len(member.lines()) + len(theirs) == 40)
        self.assertEqual(len(theirs), 20)
        self.assertEqual(sorted(member.lines() + theirs), self.all_values())

    def test_ctrl_c_leaves_the_group_at_once_and_commits(self):
        self.produce()
        member = Member(self)
        self.wait("it reads all", lambda: len(member.lines()) == 40)
        self.assertEqual(member.end(), 0, member.says())
        described, = self.hw.json("group", "describe", self.group)
        self.assertEqual((described["state"], described["members"]), ("Empty", []))
        self.assertEqual(self.committed(), {partition: 10 for partition in range(4)})

    def consume(self, *options):
        return self.hw.out("consume", "-g", self.group, self.topic, *options).split()

    def test_it_goes_on_where_the_group_has_committed(self):
        self.produce()
        self.assertEqual(sorted(self.consume("--from", "beginning", "-e")), self.all_values())
        self.assertEqual(self.consume("--from", "beginning", "-e"), [])
        self.produce()
        self.assertEqual(len(self.consume("-e")), 40)

    def test_a_count_commits_no_more_than_was_printed(self):
        self.produce()
        read = self.consume("--from", "beginning", "-n", "3")
        self.assertEqual(len(read), 3)
        self.assertEqual(sum(self.committed().values()), 3)
        read += self.consume("-e", "-n", "25")
        read += self.consume("-e")
        self.assertEqual(sorted(read), self.all_values())

    def test_a_new_group_from_the_end_reads_what_comes_later(self):
        self.produce()
        self.assertEqual(self.consume("-e"), [])
        self.assertEqual(self.committed(), {partition: 10 for partition in range(4)})
        self.produce()
        self.assertEqual(len(self.consume("-e")), 40)

    def test_a_committed_offset_beyond_the_end_goes_on_at_the_end(self):
        self.hw.out("group", "reset", self.group, "--topic", self.topic, "--to", "end", "--yes")
        self.produce()
        self.consume("-e")
        self.hw.out("topic", "delete", self.topic, "--yes")
        self.hw.out("topic", "create", self.topic, "--partitions", "4")
        self.produce(2)
        done = self.hw.run("consume", "-g", self.group, self.topic, "-e")
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_json_has_the_records_of_the_group(self):
        self.produce(1)
        records = [*self.hw.ndjson("consume", "-g", self.group, self.topic, "-e", "--from",
                                   "beginning")]
        self.assertEqual(sorted(record["value"] for record in records), self.all_values())

    def test_wrong_input(self):
        self.assertIn("--partition cannot be given with --group",
                      self.refused(2, "consume", "-g", self.group, self.topic, "-p", "1"))
        self.assertIn("topic 'absent' does not exist",
                      self.refused(3, "consume", "-g", self.group, "absent"))
        self.assertIn("INVALID_GROUP_ID", self.refused(1, "consume", "-g", "", self.topic))


class Failover(ClusterTest):
    def setUp(self):
        super().setUp()
        voters = ",".join(f"{number}@127.0.0.1:{free_port()}" for number in (1, 2, 3))
        self.add(*(Node(number, self.folder, voters, settings=["offsets.topic.num.partitions=1"])
                   for number in (1, 2, 3)))
        cluster_id = subprocess.run([os.environ["HIGHWATER"], "random-uuid"], timeout=60,
                                    capture_output=True, text=True, check=True).stdout.strip()
        for node in self.nodes:
            node.format(cluster_id)
        self.start(self.nodes)
        self.hw = Hw(",".join(node.address for node in self.nodes))
        self.scratch, self.topic, self.group = self.folder, "orders", "billing"
        self.hw.out("topic", "create", self.topic, "--partitions", "3")

    def produce(self, first, end):
        self.hw.out("produce", self.topic, stdin="".join(f"{n}\n" for n in range(first, end)))

    def test_a_member_follows_its_coordinator_and_the_leaders_to_other_brokers(self):
        member = Member(self)
        self.produce(0, 100)
        deadline = time.monotonic() + 60
        while len(member.lines()) < 100:
            self.assertLess(time.monotonic(), deadline, member.says())
            time.sleep(0.1)
        time.sleep(1.5)  # until it has committed them
        described, = self.hw.json("group", "describe", self.group)
        self.nodes[described["coordinator"] - 1].end(signal.SIGKILL)
        self.produce(100, 200)
        while len(member.lines()) < 200:
            self.assertLess(time.monotonic(), deadline, member.says())
            time.sleep(0.1)
        self.assertEqual(sorted(member.lines()), sorted(map(str, range(200))))
        self.assertEqual(member.end(), 0, member.says())
        lag, = self.hw.json("group", "lag", self.group)
        self.assertEqual((lag["lag"], lag["state"]), (0, "Empty"))


if __name__ == "__main__":
    unittest.main()
