"""hw topic create, list, describe, alter and delete, as text and JSON."""

import os
import pty
import re
import socket
import subprocess
import tempfile
import threading
import time
import unittest

from broker import Broker
from hw import Hw, WithBroker


CLUSTER_COMMANDS = ("topic create", "topic list", "topic describe", "topic alter", "topic delete",
                    "partition list", "partition describe", "partition elect", "group list",
                    "group describe", "group reset", "group delete", "produce", "consume",
                    "cluster info", "cluster brokers", "cluster quorum", "cluster features")


def help_of(command):
    return subprocess.run([os.environ["HW"], *command.split(), "--help"], text=True,
                          capture_output=True, check=True).stdout


def examples_of(command):
    return help_of(command).split("\nExamples:\n")[1].split("\nOptions:\n")[0]


def has_terminals():
    try:
        for end in pty.openpty():
            os.close(end)
        return True
    except OSError:
        return False


needs_terminals = unittest.skipUnless(has_terminals(),
                                      "no pseudo terminals: mount devpts on /dev/pts")


class Create(WithBroker):
    def test_a_created_topic_exists_at_once(self):
        self.assertEqual(self.hw.out("topic", "create", "made", "--partitions", "3"),
                         "Created topic made.\n")
        self.assertEqual(self.hw.json("topic", "describe", "made")[0]["topic"], "made")

    def test_several_topics_as_json(self):
        self.assertEqual(self.hw.json("topic", "create", "first", "second"),
                         [{"topic": "first", "done": True}, {"topic": "second", "done": True}])

    def test_compaction_is_accepted_with_a_warning(self):
        with Broker() as broker:
            hw = Hw(broker.address)
            done = hw.run("topic", "create", "latest", "-c", "cleanup.policy=compact")
            self.assertEqual((done.returncode, done.stdout), (0, "Created topic latest.\n"))
            caution = ("cleanup.policy=compact: this version compacts nothing yet; the topic keeps "
                       "every record")
            self.assertEqual(done.stderr, f"hw topic create: warning: {caution}\n")
            # As in Kafka, such a topic refuses records without a key.
            done = hw.run("produce", "latest", stdin="no key\n")
            self.assertNotEqual(done.returncode, 0)
            self.assertIn("a compacted topic takes no record without key", done.stderr)
            hw.out("topic", "create", "plain")
            log = broker.stop()[1]
            self.assertIn(f"topic 'latest' is created with {caution}\n", log)
            self.assertNotIn("topic 'plain' is created with", log)

    def test_one_of_two_exists_already(self):
        self.hw.out("topic", "create", "twice")
        done = self.hw.run("topic", "create", "twice", "once")
        self.assertEqual(done.returncode, 6)
        self.assertEqual(done.stdout, "Created topic once.\n")
        self.assertIn("topic 'twice': TOPIC_ALREADY_EXISTS: topic 'twice' already exists; 'hw "
                      "topic describe twice' shows it\n", done.stderr)
        self.assertIn("TOPIC_ALREADY_EXISTS", self.refused(1, "topic", "create", "twice"))

    def test_a_refusal_shows_the_message_of_the_cluster(self):
        self.assertIn("'no-key' is not a topic key",
                      self.refused(2, "topic", "create", "x", "-c", "no-key=1"))
        self.assertIn("replication factor 3 is larger than the number of brokers, 1. Ask for at "
                      "most 1",
                      self.refused(2, "topic", "create", "x", "-r", "3"))

    def test_an_invalid_name_is_answered_with_the_rule(self):
        rule = "a-z, A-Z, 0-9, '.', '_' and '-'"
        for command in (("topic", "create"), ("topic", "delete", "-y"), ("topic", "describe"),
                        ("produce",), ("consume",), ("perf", "produce", "-t")):
            with self.subTest(command):
                error = self.refused(2, *command, "a b")
                self.assertIn("topic 'a b': INVALID_TOPIC_EXCEPTION: ", error)
                self.assertIn(rule, error)

    def test_wrong_values_are_refused_before_a_request_is_sent(self):
        self.assertEqual(self.refused(2, "topic", "create", "x", "-p", "0"),
                         "hw topic create: --partitions '0' must be a whole number from 1 to "
                         "2147483647; see 'hw topic create --help'\n")
        self.assertIn("--replication-factor '40000' must be a whole number from 1 to 32767",
                      self.refused(2, "topic", "create", "x", "-r", "40000"))
        self.assertIn("--config 'flat' must be KEY=VALUE",
                      self.refused(2, "topic", "create", "x", "-c", "flat"))
        self.assertIn("--partitions 'many' must be a whole number",
                      self.refused(2, "topic", "create", "x", "-p", "many"))
        self.assertIn("--timeout '-1' must be a whole number from 1 to 3600",
                      self.refused(2, "topic", "create", "x", "--timeout", "-1"))
        self.assertIn("missing argument TOPIC", self.refused(2, "topic", "create"))
        self.assertIn("must be text, json or ndjson; see 'hw topic create --help'",
                      self.refused(2, "topic", "create", "x", "-o", "yaml"))


class ListAndDescribe(WithBroker):
    def test_the_json_of_every_command_names_a_topic_with_the_same_key(self):
        records = ("--record-size", "1", "--bytes", "1")
        for command in (("topic", "create", "keyed"), ("topic", "describe", "keyed"),
                        ("perf", "produce", "-t", "keyed", *records),
                        ("consume", "keyed", "-f", "beginning", "-n", "1"),
                        ("topic", "delete", "keyed", "-y")):
            with self.subTest(command):
                self.assertEqual(self.hw.json(*command)[0]["topic"], "keyed")
        self.hw.out("topic", "create", "keyed")
        self.assertIn("keyed", [topic["topic"] for topic in self.hw.json("topic", "list")])

    def test_the_list_is_aligned_and_sorted_by_name(self):
        with Broker() as broker:
            hw = Hw(broker.address)
            self.assertEqual(hw.out("topic", "list"), "TOPIC  PARTITIONS  REPLICAS\n")
            self.assertEqual(hw.json("topic", "list"), [])
            hw.out("topic", "create", "payments", "-p", "12")
            hw.out("topic", "create", "b")
            self.assertEqual(hw.out("topic", "list"),
                             "TOPIC     PARTITIONS  REPLICAS\n"
                             "b         1           1\n"
                             "payments  12          1\n")
            self.assertEqual([(topic["topic"], topic["partitions"], topic["replicationFactor"])
                              for topic in hw.ndjson("topic", "list")],
                             [("b", 1, 1), ("payments", 12, 1)])
            self.assertEqual(hw.json("topic", "list"), hw.ndjson("topic", "list"))

    def test_a_description_has_every_partition(self):
        self.hw.out("topic", "create", "described", "-p", "2")
        topic, = self.hw.json("topic", "describe", "described")
        place = {"leader": 1, "leaderEpoch": 0, "replicas": [1], "isr": [1], "offline": []}
        self.assertEqual(topic["partitions"],
                         [{"partition": 0, **place}, {"partition": 1, **place}])
        text = self.hw.out("topic", "describe", "described")
        self.assertIn(f"Id           {topic['id']}\nPartitions   2\nReplication  1\n", text)
        self.assertIn("PARTITION  LEADER  EPOCH  REPLICAS  ISR  OFFLINE\n"
                      "0          1       0      1         1    -\n"
                      "1          1       0      1         1    -\n", text)

    def test_without_a_name_all_are_described(self):
        self.hw.out("topic", "create", "one", "two")
        self.assertEqual([topic["topic"] for topic in self.hw.json("topic", "describe")],
                         [topic["topic"] for topic in self.hw.json("topic", "list")])

    def test_an_unknown_name_is_answered_with_a_similar_one(self):
        self.hw.out("topic", "create", "orders")
        self.assertIn("topic 'ordrs' does not exist (did you mean 'orders'?)",
                      self.refused(3, "topic", "describe", "ordrs"))
        done = self.hw.run("topic", "describe", "orders", "nothing-like-it", "-o", "ndjson")
        self.assertEqual(done.returncode, 6)
        self.assertEqual(done.stdout.count("\n"), 1)
        self.assertIn("topic 'nothing-like-it' does not exist; ", done.stderr)


class Alter(WithBroker):
    def test_it_shows_the_old_and_the_new_value(self):
        self.hw.out("topic", "create", "altered")
        self.assertEqual(self.hw.out("topic", "alter", "altered", "-c", "min.insync.replicas=2",
                                     "-c", "max.message.bytes=5000"),
                         "Altered topic altered.\n"
                         "CONFIG               OLD                NEW\n"
                         "min.insync.replicas  1 (default)        2\n"
                         "max.message.bytes    1048588 (default)  5000\n")
        self.assertIn("Configs      max.message.bytes=5000, min.insync.replicas=2\n",
                      self.hw.out("topic", "describe", "altered"))
        self.assertEqual(self.hw.out("topic", "alter", "altered", "-d", "min.insync.replicas"),
                         "Altered topic altered.\n"
                         "CONFIG               OLD  NEW\n"
                         "min.insync.replicas  2    1 (default)\n")
        self.assertIn("Configs      max.message.bytes=5000\n",
                      self.hw.out("topic", "describe", "altered"))

    def test_several_topics_as_json(self):
        self.hw.out("topic", "create", "left", "right")
        change = {"name": "segment.bytes", "oldValue": "1073741824", "oldIsDefault": True,
                  "newValue": "2000000", "newIsDefault": False}
        self.assertEqual(self.hw.json("topic", "alter", "left", "right", "-c",
                                      "segment.bytes=2000000"),
                         [{"topic": name, "done": True, "dryRun": False, "configs": [change]}
                          for name in ("left", "right")])

    def test_a_dry_run_checks_and_changes_nothing(self):
        self.hw.out("topic", "create", "dry")
        self.assertEqual(self.hw.out("topic", "alter", "dry", "--dry-run", "-c",
                                     "min.insync.replicas=2"),
                         "Topic dry can be altered; nothing was changed.\n"
                         "CONFIG               OLD          NEW\n"
                         "min.insync.replicas  1 (default)  2\n")
        self.assertIn("Configs      -\n", self.hw.out("topic", "describe", "dry"))
        self.assertIn("INVALID_CONFIG", self.refused(2, "topic", "alter", "dry", "--dry-run", "-c",
                                                     "min.insync.replicas=0"))

    def test_a_wrong_key_or_value_changes_nothing(self):
        self.hw.out("topic", "create", "stable")
        good = ("-c", "min.insync.replicas=2")
        for options, sentence in (
                (("-c", "no-key=1"), "topic 'stable': INVALID_CONFIG: 'no-key' is not a topic "
                                      "key"),
                (("-c", "segment.bytes=many"), "segment.bytes=many must be a whole number"),
                (("-d", "min.insync.replicas"), "'min.insync.replicas' is in the request more than "
                                                "once"),
                (("-d", "segment.byte"), "--delete-config: 'segment.byte' is not a topic key (did "
                                         "you mean 'segment.bytes'?)"),
                (("-c", "flat"), "--config 'flat' must be KEY=VALUE")):
            with self.subTest(options):
                self.assertIn(sentence, self.refused(2, "topic", "alter", "stable", *good,
                                                     *options))
        self.assertIn("Configs      -\n", self.hw.out("topic", "describe", "stable"))

    def test_a_warning_tells_that_a_setting_has_no_effect_yet(self):
        self.hw.out("topic", "create", "kept-for-ever")
        done = self.hw.run("topic", "alter", "kept-for-ever", "-c", "retention.ms=5")
        self.assertEqual((done.returncode, done.stderr),
                         (0, "hw topic alter: warning: retention.ms=5: this version removes "
                             "nothing yet; the topic keeps every record\n"))

    def test_one_of_two_does_not_exist(self):
        self.hw.out("topic", "create", "presents")
        done = self.hw.run("topic", "alter", "present", "presents", "-c", "min.insync.replicas=2")
        self.assertEqual(done.returncode, 6)
        self.assertIn("Altered topic presents.\n", done.stdout)
        unknown = "topic 'present' does not exist (did you mean 'presents'?)"
        self.assertIn(unknown, done.stderr)
        self.assertIn(unknown, self.refused(3, "topic", "alter", "present", "-c",
                                            "min.insync.replicas=2"))

    def test_missing_arguments(self):
        self.assertIn("missing argument TOPIC; see 'hw topic alter --help'",
                      self.refused(2, "topic", "alter", "-c", "min.insync.replicas=2"))
        self.assertIn("there is nothing to change: give --config KEY=VALUE or --delete-config KEY; "
                      "see 'hw topic alter --help'", self.refused(2, "topic", "alter", "x"))


class Delete(WithBroker):
    def answered(self, answer, *topics):
        """Status, standard output and standard error of a deletion. `answer` is typed at its
        question."""
        terminal, typed = pty.openpty()
        with self.hw.start("topic", "delete", *topics, stdin=typed) as deletion:
            os.write(terminal, answer)
            output, error = deletion.communicate(timeout=30)
        os.close(terminal)
        os.close(typed)
        return deletion.returncode, output, error

    def test_a_deleted_topic_is_gone_at_once(self):
        self.hw.out("topic", "create", "old")
        self.assertEqual(self.hw.out("topic", "delete", "old", "--yes"), "Deleted topic old.\n")
        self.assertIn("topic 'old' does not exist", self.refused(3, "topic", "describe", "old"))

    def test_without_yes_and_without_a_terminal_nothing_is_deleted(self):
        self.hw.out("topic", "create", "kept")
        self.assertIn("give --yes", self.refused(2, "topic", "delete", "kept"))
        self.hw.out("topic", "describe", "kept")

    @needs_terminals
    def test_an_answer_that_is_not_yes_deletes_nothing_and_is_a_failure(self):
        self.hw.out("topic", "create", "asked")
        for answer, status in ((b"n\n", 1), (b"\n", 1), (b"\4", 1), (b"yes\n", 0)):
            with self.subTest(answer):
                returned, output, error = self.answered(answer, "asked")
                self.assertEqual(returned, status, error)
                self.assertIn("Delete asked with all records? Type yes: ", error)
                self.assertEqual("nothing was deleted: the answer was not yes" in error,
                                 status == 1)
        self.assertEqual(output, "Deleted topic asked.\n")

    @needs_terminals
    def test_the_question_names_only_topics_that_exist(self):
        self.hw.out("topic", "create", "present")
        status, output, error = self.answered(b"yes\n", "present", "absent")
        self.assertEqual((status, output), (6, "Deleted topic present.\n"))
        self.assertIn("Delete present with all records? Type yes: ", error)
        self.assertIn("topic 'absent' does not exist", error)
        # There is no question, so no terminal is needed.
        self.assertIn("hw topic delete: topic 'absent' does not exist",
                      self.refused(3, "topic", "delete", "absent"))
        self.assertIn("hw topic delete: topic 'a b': INVALID_TOPIC_EXCEPTION",
                      self.refused(2, "topic", "delete", "a b"))

    def test_one_of_two_does_not_exist(self):
        self.hw.out("topic", "create", "there")
        done = self.hw.run("topic", "delete", "there", "not-there", "--yes", "-o", "ndjson")
        self.assertEqual(done.returncode, 6)
        self.assertIn('{"topic":"there","done":true}', done.stdout)
        self.assertIn("topic 'not-there' does not exist", done.stderr)
        self.assertEqual(self.hw.run("topic", "delete", "not-there", "-y").returncode, 3)


class OneAnswerServer:
    """A server in a thread that accepts one client, reads its first bytes, sends `answer` and
    closes. A `with` block gets its address."""

    def __init__(self, answer):
        self.answer = answer
        self.server = socket.create_server(("127.0.0.1", 0))
        self.server.settimeout(30)
        self.thread = threading.Thread(target=self.serve)

    def serve(self):
        client, _ = self.server.accept()
        with client:
            client.recv(1000)
            client.sendall(self.answer)

    def __enter__(self):
        self.thread.start()
        return f"127.0.0.1:{self.server.getsockname()[1]}"

    def __exit__(self, *_):
        self.thread.join()
        self.server.close()


class Servers(unittest.TestCase):
    def test_nobody_listens(self):
        with socket.create_server(("127.0.0.1", 0)) as closed_soon:
            address = f"127.0.0.1:{closed_soon.getsockname()[1]}"
        for command in (["topic", "list"], ["topic", "create", "x"], ["topic", "describe"],
                        ["topic", "alter", "x", "-c", "a=b"], ["topic", "delete", "x", "-y"],
                        ["partition", "list"], ["partition", "describe", "x", "0"],
                        ["partition", "elect", "--all"], ["produce", "x"], ["consume", "x"]):
            with self.subTest(command):
                done = Hw(address).run(*command)
                self.assertEqual(done.returncode, 4)
                self.assertIn(f"no broker answers: {address}: connect: Connection refused",
                              done.stderr)

    def test_a_server_never_answers(self):
        with socket.create_server(("127.0.0.1", 0)) as silent:
            address = f"127.0.0.1:{silent.getsockname()[1]}"
            # A single server gets all of the timeout; several servers share it.
            for servers, seconds, words in (
                    (address, 6, r"6 s \(--timeout\)"),
                    (f"{address},{address}", 1, r"\d+ ms, its share of 1 s \(--timeout\)")):
                with self.subTest(servers):
                    begin = time.monotonic()
                    done = Hw(servers).run("topic", "list", "--timeout", str(seconds))
                    spent = time.monotonic() - begin
                    self.assertEqual(done.returncode, 4)
                    self.assertRegex(done.stderr, f"{address}: no answer within {words}")
                    self.assertGreaterEqual(spent, seconds)
                    self.assertLess(spent, seconds + 3)

    def test_the_error_says_that_a_listener_is_a_controllers(self):
        with Broker() as broker:
            controller = next(line.split()[-2] for line in broker.process.stderr
                              if line.endswith("(CONTROLLER)\n"))
            for command in ("topic list", "topic create x", "topic describe", "topic delete x -y",
                            "produce x", "consume x", "perf produce"):
                with self.subTest(command):
                    done = Hw(controller).run(*command.split())
                    self.assertEqual((done.returncode, done.stdout), (2, ""))
                    self.assertIn(f": {controller} is a controller's listener, which serves no "
                                  "clients; name a broker's listener with -b HOST:PORT (port "
                                  "9092 by default)", done.stderr)
            self.assertEqual(Hw(f"{controller},{broker.address}").json("topic", "list"), [])

    def test_the_next_server_is_tried(self):
        with socket.create_server(("127.0.0.1", 0)) as closed_soon:
            address = f"127.0.0.1:{closed_soon.getsockname()[1]}"
        with Broker() as broker:
            self.assertEqual(Hw(f"{address},{broker.address}").json("topic", "list"), [])

    def test_the_error_names_each_of_several_servers_with_its_reason(self):
        with socket.create_server(("127.0.0.1", 0)) as silent, OneAnswerServer(b"") as closing:
            address = f"127.0.0.1:{silent.getsockname()[1]}"
            done = Hw(f"{address},{closing}").run("topic", "list", "--timeout", "1")
        self.assertEqual(done.returncode, 4)
        self.assertRegex(
            done.stderr,
            rf"no broker answers: {address}: no answer within \d+ ms, its share of 1 s "
            rf"\(--timeout\); {closing}: the other side closed the connection\. Is")

    def test_a_server_of_another_protocol_does_not_count_as_a_broker(self):
        for answer, reason in (
                (b"HTTP/1.1 400 Bad Request\r\n\r\n",
                 "announced a response of 1213486160 bytes; the limit is 104857600; this is not a "
                 "Kafka listener, or it uses TLS"),
                (b"\0\0\0\x08abcdefgh", "answered request 1633837924 instead of 1; this is not a "
                                         "Kafka listener, or it uses TLS"),
                (b"", "the other side closed the connection")):
            with self.subTest(answer), OneAnswerServer(answer) as address:
                done = Hw(address).run("topic", "list")
                self.assertEqual((done.returncode, done.stderr),
                                 (4, f"hw topic list: no broker answers: {address}: {reason}. Is "
                                     "one running there? Name another with -b HOST:PORT\n"))

    def test_an_invalid_address(self):
        for address, wrong in (("", ""), ("broker", "broker"), ("broker:99999", "broker:99999"),
                               (":9092", ":9092"), ("a:1,", "")):
            with self.subTest(address):
                done = Hw(address).run("topic", "list")
                self.assertEqual(done.returncode, 2)
                self.assertIn(f"--bootstrap-server '{wrong}' ", done.stderr)
                self.assertIn("; give HOST:PORT; see 'hw topic list --help'\n", done.stderr)


class Help(unittest.TestCase):
    def test_the_first_word_of_commands_lists_them(self):
        for word, summary in (("topic", " topic create create topics\n"),
                              ("partition", " partition list show partitions, or"),
                              ("log", " log dump print the files of a log"),
                              ("perf", " perf produce measure how fast")):
            with self.subTest(word):
                hw = Hw("127.0.0.1:9092")
                done = hw.run(word)
                self.assertEqual((done.returncode, done.stdout), (2, ""))
                self.assertIn(summary, re.sub(" +", " ", done.stderr))
                help_page = subprocess.run([os.environ["HW"], word, "--help"], text=True,
                                           capture_output=True, check=True)
                self.assertEqual(help_page.stderr, "")
                self.assertIn(summary, re.sub(" +", " ", help_page.stdout))

    def test_the_word_help_does_the_same_as_the_option(self):
        def result_of(*words):
            done = subprocess.run([os.environ["HW"], *words], text=True, capture_output=True,
                                  check=False)
            return done.returncode, done.stdout, done.stderr
        for words, option in (("help", "--help"), ("", "--help"), ("help topic", "topic --help"),
                              ("topic help", "topic --help"),
                              ("help topic create", "topic create --help"),
                              ("topic help create", "topic create --help"),
                              ("help produce", "produce --help"),
                              ("help nothing", "nothing --help")):
            with self.subTest(words):
                self.assertEqual(result_of(*words.split()), result_of(*option.split()))
        self.assertEqual(result_of("help", "topic", "create")[0], 0)
        self.assertEqual(result_of("help", "nothing")[0], 2)

    def test_every_command_has_examples_that_begin_with_it(self):
        for command in (*CLUSTER_COMMANDS, "log dump", "perf produce", "perf fetch",
                        "perf latency"):
            with self.subTest(command):
                text = help_of(command)
                self.assertTrue(text.startswith(f"Usage: hw {command} "))
                self.assertIn(f"hw {command}", examples_of(command))


@needs_terminals
class Examples(unittest.TestCase):
    """The examples in help pages work. Those of `hw perf` are not run, because they take a minute.
    """

    def run_examples(self, command, data, options):
        """Runs the examples of a command in a shell, and answers yes to its questions."""
        terminal, typed = pty.openpty()
        os.write(terminal, b"yes\n")
        with tempfile.TemporaryDirectory() as folder:
            os.symlink(data, os.path.join(folder, "data"))
            shell = f'set -eo pipefail; hw() {{ "$HW" "$@" {options}; }}\n{examples_of(command)}'
            done = subprocess.run(["bash", "-c", shell], cwd=folder, stdin=typed, text=True,
                                  capture_output=True, timeout=60, check=False)
        os.close(terminal)
        os.close(typed)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_the_examples_of_cluster_commands_work_in_order_with_a_new_broker(self):
        for command in CLUSTER_COMMANDS:
            with self.subTest(command), Broker() as broker:
                self.run_examples(command, broker.data, f"-b {broker.address}")

    def test_the_examples_of_log_dump_work_with_the_data_of_a_broker(self):
        with Broker() as broker:
            Hw(broker.address).out("topic", "create", "orders")
            # Then its files are there.
            Hw(broker.address).out("produce", "orders", stdin="first\n")
            self.run_examples("log dump", broker.data, "")


if __name__ == "__main__":
    unittest.main()
