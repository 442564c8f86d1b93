"""Members of groups with several clients join, leave and crash, while records are written."""

import json
import os
import subprocess
import unittest
from pathlib import Path

from group_members import GROUP, GroupCase

FOLDER = Path(__file__).parent
CLIENTS = Path(os.environ["CLIENTS"])  # the install scripts put the clients here


class Scenarios:
    """A client: `language` is the folder of its member, `program`; `package` is its name."""

    @classmethod
    def setUpClass(cls):
        if not (CLIENTS / cls.language / "installed").exists():
            raise unittest.SkipTest(f"{cls.package} is not installed: run "
                                    f"test/client/{cls.language}/install")
        cls.command = cls.command_of(cls.language, cls.program)

    @staticmethod
    def command_of(language, program):
        interpreter = {"python": CLIENTS / "python/venv/bin/python3", "javascript": "node"}
        return [interpreter[language], FOLDER / language / program]


class Rebalances(Scenarios):
    """Members of one protocol."""

    def test_members_join_leave_and_crash(self):
        first, second = self.start(2)
        self.wait_shared([first, second], [3, 3])
        others = self.start(3)
        self.wait_shared([first, second, *others], [1, 1, 1, 1, 2])
        # The process that replaces a crashed one joins while that one's session lasts.
        second.kill()
        others += self.start(1)
        self.leave([first])
        self.wait_shared(others, [1, 1, 2, 2])
        self.leave(others)
        last = self.start(2)
        self.wait_shared(last, [3, 3])
        count = self.feeder.stop()
        self.wait_read(count)
        self.leave(last)
        self.check(count)


class Changes(Scenarios):
    """Members of the classic protocol, and of confluent-kafka with the consumer protocol: the group
    changes its protocol both ways while they consume."""

    def start_consumers(self, count):
        return self.start(count, "consumer", self.command_of("python", "confluent_member.py"))

    def described(self):
        group, = self.hw.json("group", "describe", GROUP)
        return group

    def wait_type(self, name):
        self.wait_for(lambda: self.described()["type"] == name, f"the group is a {name} group")

    def test_a_group_changes_its_protocol_and_back(self):
        first = self.start(2)
        self.wait_shared(first, [3, 3])
        consumers = self.start_consumers(1)
        self.wait_shared([*first, *consumers], [2, 2, 2])
        self.wait_type("consumer")
        self.assertEqual(sorted(one["protocol"] for one in self.described()["members"]),
                         ["classic", "classic", "consumer"])
        first[0].kill()
        self.wait_shared([first[1], *consumers], [3, 3])
        second = self.start(1)
        self.wait_shared([first[1], *second, *consumers], [2, 2, 2])
        self.leave(consumers)
        self.wait_shared([first[1], *second], [3, 3])
        self.wait_type("classic")
        consumers = self.start_consumers(2)
        self.wait_shared([first[1], *second, *consumers], [1, 1, 2, 2])
        self.leave([first[1], *second])
        self.wait_shared(consumers, [3, 3])
        last = self.start(1)
        self.wait_shared([*last, *consumers], [2, 2, 2])
        consumers[0].kill()
        self.leave([consumers[1]])
        self.wait_shared(last, [6])
        self.wait_type("classic")
        count = self.feeder.stop()
        self.wait_read(count)
        self.leave(last)
        self.check(count)


class AiokafkaChanges(Changes, GroupCase):
    package, language, program = "aiokafka", "python", "aiokafka_member.py"


class ConfluentChanges(Changes, GroupCase):
    package, language, program = "confluent-kafka", "python", "confluent_member.py"


class Aiokafka(Rebalances, GroupCase):
    package, language, program = "aiokafka", "python", "aiokafka_member.py"


class Confluent(Rebalances, GroupCase):
    package, language, program = "confluent-kafka", "python", "confluent_member.py"


class ConfluentConsumer(Confluent):
    protocol = "consumer"

    def alter(self, name, value):
        python, _ = self.command
        answer = subprocess.run([python, FOLDER / "python/confluent_configs.py",
                                 self.broker.address, GROUP, name, value],
                                capture_output=True, text=True, timeout=60, check=True)
        return json.loads(answer.stdout)

    def test_members_go_on_while_the_configs_of_their_group_change(self):
        members = self.start(2)
        self.wait_shared(members, [3, 3])
        for value in ["2500", "700"]:
            altered = self.alter("consumer.heartbeat.interval.ms", value)
            self.assertIsNone(altered["refused"])
            self.assertEqual(altered["configs"]["consumer.heartbeat.interval.ms"], [value, 8])
            self.assertEqual(altered["configs"]["consumer.session.timeout.ms"], ["6000", 4])
        refused = self.alter("consumer.heartbeat.interval.ms", "1")
        self.assertEqual(refused["refused"], "INVALID_CONFIG")
        members += self.start(1)
        self.wait_shared(members, [2, 2, 2])
        members[0].kill()
        self.wait_shared(members[1:], [3, 3])
        count = self.feeder.stop()
        self.wait_read(count)
        self.leave(members[1:])
        self.check(count)


class Kafkajs(Rebalances, GroupCase):
    package, language, program = "kafkajs", "javascript", "kafkajs_member.js"


class KafkaJavascript(Rebalances, GroupCase):
    package, language, program = "kafka-javascript", "javascript", "kafka_javascript_member.js"


class KafkaJavascriptConsumer(KafkaJavascript):
    protocol = "consumer"


if __name__ == "__main__":
    # The name of a class as argument runs it alone. Says why tests are skipped.
    unittest.main(verbosity=2)
