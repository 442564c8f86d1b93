"""A group whose members are processes, and a topic that is written all the time.

A member is a program that gets the broker's address, the group, the topic and, unless it is the
classic one, the protocol of groups. It commits each
record before it reads the next one, prints what it does as lines of JSON (see `group_history.py`;
without `member`), and leaves the group when its standard input ends."""

import json
import subprocess
import tempfile
import threading
import time
import unittest

from kafka import KafkaProducer

from broker import Broker
from group_history import Replay
from hw import Hw

GROUP = "workers"
TOPIC = "events"
PARTITIONS = 6


class Member:
    """A process. `reports` gets what it reports, and its end by `kill`; `owned` are the partitions
    that it owns."""

    def __init__(self, command, name, reports):
        self.name = name
        self.reports = reports
        self.owned = set()
        self.errors = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=self.errors, text=True)
        self.reader = threading.Thread(target=self.follow)
        self.reader.start()

    def follow(self):
        for line in self.process.stdout:
            report = {"member": self.name, **json.loads(line)}
            self.reports.append(report)
            if report["event"] == "assigned":
                self.owned |= set(report["partitions"])
            elif report["event"] == "revoked":
                self.owned -= set(report["partitions"])

    def begin_leave(self):
        self.process.stdin.close()

    def kill(self):
        self.process.kill()
        self.wait()
        self.reports.append({"at": time.monotonic(), "member": self.name, "event": "killed"})

    def wait(self):
        """Waits for the end of the process; its status."""
        status = self.process.wait(timeout=60)
        self.reader.join(timeout=60)
        self.owned = set()
        return status

    def close(self):
        self.process.kill()
        self.wait()
        self.process.stdin.close()
        self.process.stdout.close()
        self.errors.close()

    def error_text(self):
        self.errors.seek(0)
        return self.errors.read()


class Feeder(threading.Thread):
    """Writes records to all partitions of the topic, twenty a second to each."""

    def __init__(self, address):
        super().__init__()
        self.producer = KafkaProducer(bootstrap_servers=address)
        self.count = 0
        self.stopping = threading.Event()
        self.write(50)
        self.start()

    def write(self, count):
        for _ in range(count * PARTITIONS):
            self.producer.send(TOPIC, b"%d" % self.count, partition=self.count % PARTITIONS)
            self.count += 1

    def run(self):
        while not self.stopping.wait(0.05):
            self.write(1)

    def stop(self):
        """The count of records that each partition has got."""
        if not self.stopping.is_set():
            self.stopping.set()
            self.join(timeout=60)
            self.producer.flush()
            self.producer.close()
        return self.count // PARTITIONS


class GroupCase(unittest.TestCase):
    """A test case with a broker, a feeder, and members that are started with `command`."""

    protocol = "classic"

    def setUp(self):
        self.broker = Broker("--set", "group.initial.rebalance.delay.ms=300",
                             "--set", "group.consumer.session.timeout.ms=6000")
        self.addCleanup(self.broker.__exit__)
        self.hw = Hw(self.broker.address)
        self.hw.out("topic", "create", TOPIC, "-p", str(PARTITIONS))
        self.members = []
        self.reports = []
        self.feeder = Feeder(self.broker.address)
        self.addCleanup(self.feeder.stop)

    def start(self, count, protocol=None, command=None):
        """Starts members at the same time; with the protocol and command of the test case, unless
        others are given."""
        protocol, command = protocol or self.protocol, command or self.command
        names = [] if protocol == "classic" else [protocol]
        for _ in range(count):
            member = Member([*command, self.broker.address, GROUP, TOPIC, *names],
                            f"member {len(self.members) + 1}", self.reports)
            self.members.append(member)
            self.addCleanup(member.close)
        return self.members[-count:]

    def leave(self, members):
        """Members leave at the same time, and their processes end."""
        for member in members:
            member.begin_leave()
        for member in members:
            self.assertEqual(member.wait(), 0, member.error_text())

    def wait_for(self, condition, what):
        deadline = time.monotonic() + 60
        while not condition():
            if time.monotonic() > deadline:
                self.fail(f"it takes too long until {what}:{self.state()}")
            time.sleep(0.05)

    def state(self):
        """Text about faults, members and the last reports, for failures."""
        members = [f"{member.name} owns {sorted(member.owned)}; the end of its errors:\n"
                   f"{member.error_text()[-1000:]}" for member in self.members]
        return "\n".join(["", *self.replay().faults[:20], *members, "The last reports:",
                          *map(str, self.reports[-20:])])

    def replay(self):
        return Replay(list(self.reports))

    def wait_shared(self, members, counts):
        """Waits until the members own `counts` partitions, in any order, and read all of them."""
        self.wait_for(lambda: sorted(len(member.owned) for member in members) == counts,
                      f"the members own {counts} partitions")
        before = len(self.reports)
        self.wait_for(lambda: len({report["partition"] for report in self.reports[before:]
                                   if report["event"] == "committed"}) == PARTITIONS,
                      "a record of each partition is read and committed")

    def wait_read(self, count):
        """Waits until that many records of each partition are read and committed."""
        wanted = {partition: count for partition in range(PARTITIONS)}
        self.wait_for(lambda: self.replay().commits == wanted,
                      f"all {count} records of each partition are read and committed")

    def check(self, count):
        """Checks what must hold when members have read `count` records of each partition, and have
        left."""
        self.assertFalse(self.replay().faults, self.state())
        described, = self.hw.json("group", "describe", GROUP)
        self.assertEqual(described["type"], self.protocol)
        self.assertEqual([one["committed"] for one in described["partitions"]],
                         [count] * PARTITIONS)
