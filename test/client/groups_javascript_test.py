"""kafka-javascript (a recent librdkafka) in a group: members join, leave and crash."""

import json
import os
import subprocess
import threading
import time
import unittest
from pathlib import Path

from broker import Broker
from hw import Hw

PROGRAM = Path(__file__).parent / "javascript/client.js"
INSTALL = "run test/client/javascript/install"
TOPIC = "events"
PARTITIONS = 4


class Member:
    """A process that reads, commits each record, and says so."""

    def __init__(self, address, group):
        self.process = subprocess.Popen(["node", PROGRAM, "member", address, group, TOPIC],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True)
        self.seen = []
        self.assigned = 0
        self.reader = threading.Thread(target=self.read)
        self.reader.start()

    def read(self):
        for line in self.process.stdout:
            said = json.loads(line)
            if "assigned" in said:
                self.assigned = said["assigned"]
            else:
                self.seen.append((said["partition"], said["offset"]))

    def end(self, crash=False):
        if crash:
            self.process.kill()
        _, errors = self.process.communicate(timeout=60)
        self.reader.join(timeout=60)
        return errors


class Groups(unittest.TestCase):
    def setUp(self):
        if not Path(os.environ["NODE_PATH"], "../installed").exists():
            self.fail(f"kafka-javascript is not installed: {INSTALL}")
        self.broker = Broker("--set", "group.initial.rebalance.delay.ms=300")
        self.addCleanup(self.broker.__exit__)
        self.hw = Hw(self.broker.address)
        self.hw.out("topic", "create", TOPIC, "-p", str(PARTITIONS))
        self.produced = 0
        self.members = []

    def start(self):
        member = Member(self.broker.address, "sharing")
        self.addCleanup(lambda: member.process.poll() is None and member.end(crash=True))
        self.members.append(member)
        return member

    def produce(self, count):
        for partition in range(PARTITIONS):
            lines = "".join(f"{number}\n" for number in range(count))
            self.hw.out("produce", TOPIC, "--partition", str(partition), stdin=lines)
        self.produced += count

    def wait_for(self, condition, what):
        deadline = time.monotonic() + 60
        while not condition():
            self.assertLess(time.monotonic(), deadline, f"{what}: "
                            f"{[(one.assigned, len(one.seen)) for one in self.members]}")
            time.sleep(0.05)

    def wait_read(self, what):
        wanted = {(partition, offset) for partition in range(PARTITIONS)
                  for offset in range(self.produced)}
        self.wait_for(lambda: wanted <= {one for member in self.members for one in member.seen},
                      what)

    def test_members_join_leave_and_crash(self):
        self.produce(50)
        first = self.start()
        self.wait_read("the only member reads all")
        second = self.start()
        self.wait_for(lambda: (first.assigned, second.assigned) == (2, 2), "each has a half")
        self.produce(50)
        self.wait_read("both read")
        third = self.start()
        self.wait_for(lambda: sorted(one.assigned for one in self.members) == [1, 1, 2],
                      "three share four partitions")
        self.assertEqual(first.end(), "")
        self.wait_for(lambda: (second.assigned, third.assigned) == (2, 2), "the others take over")
        self.produce(50)
        self.wait_read("the others read")
        third.end(crash=True)
        self.wait_for(lambda: second.assigned == PARTITIONS, "the session of a crash expires")
        self.produce(50)
        self.wait_read("the last one reads")
        self.assertEqual(second.end(), "")
        seen = [one for member in self.members for one in member.seen]
        self.assertEqual(len(seen), len(set(seen)))


if __name__ == "__main__":
    unittest.main()
