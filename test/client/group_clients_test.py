"""Members of groups with several clients join, leave and crash, while records are written."""

import os
import unittest
from pathlib import Path

from group_members import GroupCase

FOLDER = Path(__file__).parent
CLIENTS = Path(os.environ["CLIENTS"])  # the install scripts put the clients here


class Scenarios:
    """What each client must manage. `language` is the folder of its member, `program`; `package` is
    the client."""

    @classmethod
    def setUpClass(cls):
        if not (CLIENTS / cls.language / "installed").exists():
            raise unittest.SkipTest(f"{cls.package} is not installed: run "
                                    f"test/client/{cls.language}/install")
        interpreter = {"python": CLIENTS / "python/venv/bin/python3", "javascript": "node"}
        cls.command = [interpreter[cls.language], FOLDER / cls.language / cls.program]

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


class Aiokafka(Scenarios, GroupCase):
    package, language, program = "aiokafka", "python", "aiokafka_member.py"


class Confluent(Scenarios, GroupCase):
    package, language, program = "confluent-kafka", "python", "confluent_member.py"


class ConfluentConsumer(Confluent):
    protocol = "consumer"


class Kafkajs(Scenarios, GroupCase):
    package, language, program = "kafkajs", "javascript", "kafkajs_member.js"


class KafkaJavascript(Scenarios, GroupCase):
    package, language, program = "kafka-javascript", "javascript", "kafka_javascript_member.js"


class KafkaJavascriptConsumer(KafkaJavascript):
    protocol = "consumer"


if __name__ == "__main__":
    # The name of a class as argument runs it alone. Says why tests are skipped.
    unittest.main(verbosity=2)
