"""hw produce and hw consume, with each other and with kafka-python."""

import contextlib
import json
import os
import random
import re
import signal
import subprocess
import unittest

from kafka import KafkaConsumer
from kafka.partitioner.default import murmur2

from broker import Broker
from hw import Hw, WithBroker

SEED = 21
CODECS = ("none", "gzip", "snappy", "lz4", "zstd")
FROM_START = ("--from", "beginning", "--exit-at-end")


class WithTopics(WithBroker):
    def topic(self, name, partitions=1):
        self.hw.out("topic", "create", name, "-p", str(partitions))
        return name

    def refused(self, status, *arguments, stdin=""):
        """Standard error of a run that ends with `status`."""
        done = self.hw.run(*arguments, stdin=stdin)
        self.assertEqual(done.returncode, status, done.stderr)
        return done.stderr


class RoundTrip(WithTopics):
    def test_lines_come_back_in_every_codec(self):
        lines = "".join(f"line {number} of a text\n" for number in range(2000))
        for codec in CODECS:
            with self.subTest(codec):
                topic = self.topic(f"codec-{codec}")
                self.hw.out("produce", topic, "--compression", codec, stdin=lines)
                self.assertEqual(self.hw.out("consume", topic, *FROM_START), lines)

    def test_another_client_reads_the_produced_records(self):
        for codec in ("none", "gzip", "lz4"):
            with self.subTest(codec):
                topic = self.topic(f"foreign-{codec}")
                self.hw.out("produce", topic, "-z", codec, "-k", ":", "-H", "source=test",
                            stdin="a:1\nb:2\n")
                reader = KafkaConsumer(topic, bootstrap_servers=self.broker.address,
                                       group_id=None, auto_offset_reset="earliest",
                                       consumer_timeout_ms=10000)
                records = [next(reader), next(reader)]
                reader.close()
                self.assertEqual([(record.key, record.value, record.headers)
                                  for record in records],
                                 [(b"a", b"1", [("source", b"test")]),
                                  (b"b", b"2", [("source", b"test")])])

    def test_a_hundred_thousand_lines(self):
        topic = self.topic("large", 4)
        lines = [f"record number {number}" for number in range(100_000)]
        done = self.hw.run("produce", topic, "-z", "lz4", stdin="\n".join(lines))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("Produced 100000 records to large.", done.stderr)
        values = self.hw.out("consume", topic, *FROM_START).splitlines()
        self.assertEqual(sorted(values), sorted(lines))

    def test_a_key_selects_the_same_partition_as_in_java(self):
        topic = self.topic("keyed", 7)
        keys = [f"customer-{number}" for number in range(50)]
        self.hw.out("produce", topic, "-k", "=>", stdin="".join(f"{key}=>v\n" for key in keys))
        records = self.hw.ndjson("consume", topic, *FROM_START)
        self.assertEqual({record["key"]: record["partition"] for record in records},
                         {key: (murmur2(key.encode()) & 0x7fffffff) % 7 for key in keys})

    def test_the_summary_shows_the_offsets(self):
        topic = self.topic("summary", 2)
        self.hw.out("produce", topic, "-p", "1", stdin="a\n")
        done = self.hw.run("produce", topic, "-p", "1", stdin="b\nc\n")
        self.assertEqual((done.stdout, done.stderr),
                         ("", "Produced 2 records to summary.\n"
                              "  partition 1: 2 records, offsets 1 to 2\n"))

    def test_every_kind_of_acks(self):
        for acks in ("all", "-1", "1"):
            with self.subTest(acks):
                topic = self.topic(f"acks{acks}")
                done = self.hw.run("produce", topic, f"--acks={acks}", stdin="x\n")
                self.assertIn("1 record, offset 0\n", done.stderr)

    def test_with_acks_of_0_the_summary_has_no_offsets(self):
        topic = self.topic("acks0")
        done = self.hw.run("produce", topic, "--acks", "0", stdin="x\n")
        self.assertEqual((done.returncode, done.stderr),
                         (0, "Produced 1 record to acks0.\n  partition 0: 1 record\n"))
        self.assertEqual(self.hw.out("consume", topic, "-f", "beginning", "-n", "1"), "x\n")

    def test_an_empty_input_produces_nothing(self):
        done = self.hw.run("produce", self.topic("empty"))
        self.assertEqual((done.returncode, done.stderr), (0, "Produced 0 records to empty.\n"))
        self.assertEqual(self.hw.json("consume", "empty", *FROM_START), [])


class Consume(WithTopics):
    def test_json_has_all_parts_of_a_record(self):
        topic = self.topic("whole")
        self.hw.out("produce", topic, "-k", "=", "-H", "a=1", "-H", "b=",
                    stdin='k=say "hi"\n')
        record, = self.hw.json("consume", topic, *FROM_START)
        self.assertGreater(record.pop("timestamp"), 1_700_000_000_000)
        self.assertEqual(record, {"topic": "whole", "partition": 0, "offset": 0, "key": "k",
                                  "headers": [{"name": "a", "value": "1"},
                                              {"name": "b", "value": ""}],
                                  "value": 'say "hi"'})

    def test_a_record_without_a_key_has_a_null_key(self):
        topic = self.topic("keyless")
        self.hw.out("produce", topic, stdin="v\n")
        self.assertIsNone(self.hw.json("consume", topic, *FROM_START)[0]["key"])
        self.assertEqual(self.hw.out("consume", topic, *FROM_START, "--format", "key-value"),
                         "\tv\n")

    def test_bytes_that_are_not_text_are_in_base64(self):
        topic = self.topic("bytes")
        with self.hw.start("produce", topic) as producer:
            producer.stdin.buffer.write(b"\xff\x00\n")
            producer.stdin.close()
            producer.stderr.read()
        self.assertEqual(producer.returncode, 0)
        record, = self.hw.json("consume", topic, *FROM_START)
        self.assertEqual(record["valueBase64"], "/wA=")
        self.assertNotIn("value", record)

    def test_an_offset_a_count_and_one_partition_can_be_given(self):
        topic = self.topic("slices", 2)
        self.hw.out("produce", topic, "-p", "1", stdin="a\nb\nc\nd\n")
        self.hw.out("produce", topic, "-p", "0", stdin="other\n")
        part = ("consume", topic, "-p", "1")
        self.assertEqual(self.hw.out(*part, "-f", "2", "-e"), "c\nd\n")
        self.assertEqual(self.hw.out(*part, "-f", "1", "-n", "2"), "b\nc\n")
        self.assertEqual(self.hw.out(*part, "-f", "4", "-e"), "")
        self.assertEqual(self.hw.out(*part, "-f", "end", "-e"), "")
        self.assertIn("offset 5 is not in partition slices-1, which starts at 0 and ends at 4",
                      self.refused(1, *part, "-f", "5"))

    def test_a_start_time_can_be_given(self):
        topic = self.topic("times")
        self.hw.out("produce", topic, stdin="x\n")
        self.assertEqual(self.hw.out("consume", topic, "-e", "-f", "2020-01-01T00:00Z"), "x\n")
        self.assertEqual(self.hw.out("consume", topic, "-e", "-f", "2999-01-01"), "")

    def test_consume_waits_for_later_records(self):
        topic = self.topic("later")
        self.hw.out("produce", topic, stdin="first\n")
        with self.hw.start("consume", topic, "-f", "beginning", "-n", "2") as consumer:
            self.assertEqual(consumer.stdout.readline(), "first\n")
            self.hw.out("produce", topic, stdin="second\n")
            self.assertEqual(consumer.stdout.read(), "second\n")
        self.assertEqual(consumer.returncode, 0)


class Interrupted(WithTopics):
    def test_consume_ends_its_json_and_succeeds(self):
        topic = self.topic("stopped")
        self.hw.out("produce", topic, stdin="x\n")
        with self.hw.start("consume", topic, "-f", "beginning", "-o", "json") as consumer:
            first = consumer.stdout.readline() + consumer.stdout.readline(10)
            consumer.send_signal(signal.SIGINT)
            rest = consumer.stdout.read()
            self.assertEqual(consumer.stderr.read(), "")
        self.assertEqual(consumer.returncode, 0)
        self.assertEqual([record["value"] for record in json.loads(first + rest)], ["x"])

    def test_a_consumer_interrupted_before_its_count_ends_with_status_130(self):
        topic = self.topic("short")
        self.hw.out("produce", topic, stdin="x\n")
        with self.hw.start("consume", topic, "-f", "beginning", "-n", "2") as consumer:
            self.assertEqual(consumer.stdout.readline(), "x\n")
            consumer.send_signal(signal.SIGINT)
        self.assertEqual(consumer.returncode, 130)

    def test_produce_sends_the_lines_it_read_and_succeeds(self):
        topic = self.topic("typed")
        with self.hw.start("consume", topic, "-f", "beginning", "-n", "1") as consumer:
            with self.hw.start("produce", topic) as producer:
                producer.stdin.write("whole\nnot who")
                producer.stdin.flush()
                # The producer sends a line while it waits for the next one.
                self.assertEqual(consumer.stdout.read(), "whole\n")
                producer.send_signal(signal.SIGINT)
                summary = producer.stderr.read()
        self.assertEqual((consumer.returncode, producer.returncode), (0, 0))
        self.assertEqual(summary, "hw produce: the unfinished last line of 7 bytes was not sent\n"
                                  "Produced 1 record to typed.\n"
                                  "  partition 0: 1 record, offset 0\n")
        self.assertEqual(self.hw.out("consume", topic, *FROM_START), "whole\n")


class FullOutput(WithTopics):
    def test_records_that_cannot_be_written_are_a_failure(self):
        topic = self.topic("lost")
        self.hw.out("produce", topic, stdin="x\n")
        for arguments in (("-e",), (), ("-n", "1", "-o", "ndjson"), ("-e", "-o", "json")):
            with open("/dev/full", "w", encoding="utf-8") as full:
                done = subprocess.run(
                    [os.environ["HW"], "consume", topic, "-b", self.hw.address, "-f", "beginning",
                     *arguments], stdout=full, stderr=subprocess.PIPE, text=True, timeout=60,
                    check=False)
            self.assertEqual(
                (done.returncode, done.stderr),
                (1, "hw: write to standard output: No space left on device\n"), arguments)

    def test_other_errors_of_the_same_run_are_printed_too(self):
        topic = self.topic("there")
        with open("/dev/full", "w", encoding="utf-8") as full:
            done = subprocess.run(
                [os.environ["HW"], "topic", "describe", topic, "none", "-b", self.hw.address],
                stdout=full, stderr=subprocess.PIPE, text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertEqual(done.stderr.count("hw: write to standard output: No space left on device"),
                         1)
        self.assertIn("hw topic describe: topic 'none' does not exist", done.stderr)

    def test_a_summary_that_cannot_be_written_is_no_failure(self):
        topic = self.topic("stored")
        with open("/dev/full", "w", encoding="utf-8") as full:
            done = subprocess.run([os.environ["HW"], "produce", topic, "-b", self.hw.address],
                                  input="x\n", stderr=full, text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 0)
        self.assertEqual(self.hw.out("consume", topic, *FROM_START), "x\n")

    def test_an_error_message_that_cannot_be_written_keeps_its_status(self):
        for status, arguments in ((2, ["topic", "list", "--nonsense"]), (2, ["nonsense"]),
                                  (3, ["consume", "none", "-b", self.hw.address])):
            with open("/dev/full", "w", encoding="utf-8") as full:
                done = subprocess.run([os.environ["HW"], *arguments], stderr=full, timeout=60,
                                      check=False)
            self.assertEqual(done.returncode, status, arguments)

    def test_a_closed_output_is_a_failure_for_commands_that_print(self):
        topic = self.topic("unseen")
        self.hw.out("produce", topic, stdin="x\n")
        server = ["-b", self.hw.address]
        for status, arguments in ((1, ["topic", "list", *server]), (1, ["--version"]),
                                  (1, ["consume", topic, *FROM_START, *server]),
                                  (0, ["produce", topic, *server])):
            done = subprocess.run([os.environ["HW"], *arguments], stdin=subprocess.DEVNULL,
                                  stderr=subprocess.PIPE, text=True, timeout=60, check=False,
                                  preexec_fn=lambda: os.close(1))
            self.assertEqual(done.returncode, status, (arguments, done.stderr))
            if status == 1:
                self.assertIn("hw: write to standard output: Bad file descriptor", done.stderr)


class KilledBroker(unittest.TestCase):
    def test_a_consumer_says_where_to_continue(self):
        with Broker() as broker:
            hw = Hw(broker.address)
            hw.out("topic", "create", "cut", "-p", "2")
            hw.out("produce", "cut", "--partition", "1", stdin="a\nb\n")
            reader = hw.start("consume", "cut", "-f", "beginning", "--timeout", "1")
            self.assertEqual([reader.stdout.readline(), reader.stdout.readline()], ["a\n", "b\n"])
            # A stop in order may take longer than --timeout; until its end the broker answers.
            broker.process.kill()
            error = reader.communicate(timeout=60)[1]
        self.assertEqual(reader.returncode, 4, error)
        self.assertIn("; continue with --partition 0 --from 0, --partition 1 --from 2\n", error)


class WrongInput(WithTopics):
    def test_an_unknown_topic_is_answered_with_a_similar_one(self):
        self.topic("invoices")
        for command in ("produce", "consume"):
            self.assertIn("topic 'invoice' does not exist (did you mean 'invoices'?)",
                          self.refused(3, command, "invoice"))

    def test_the_error_for_an_unknown_topic_says_how_to_create_it(self):
        self.assertEqual(self.refused(3, "produce", "unmade"),
                         "hw produce: topic 'unmade' does not exist; 'hw topic list' shows those "
                         "that do, 'hw topic create unmade' creates it\n")

    def test_an_unknown_partition(self):
        self.topic("narrow", 2)
        for command in ("produce", "consume"):
            self.assertIn("topic 'narrow' has no partition 2; it has 0 to 1",
                          self.refused(3, command, "narrow", "-p", "2"))
        self.topic("single")
        for command in ("produce", "consume"):
            self.assertIn("topic 'single' has no partition 1; it has only 0",
                          self.refused(3, command, "single", "-p", "1"))

    def test_invalid_values_of_options(self):
        for arguments, sentence in (
                (("produce", "t", "--acks", "2"), "must be all, 1 or 0"),
                (("produce", "t", "-z", "rar"), "none, gzip, snappy, lz4 or zstd"),
                (("produce", "t", "-H", "flat"), "NAME=VALUE"),
                (("produce", "t", "-k", ""), "--key-separator"),
                (("consume", "t", "-f", "yesterday"), "--from 'yesterday' must be beginning"),
                (("consume", "t", "-n", "0"), "--count '0' must be a whole number of at least 1"),
                (("consume", "t", "--format", "xml"), "value or key-value"),
                (("consume", "t", "--form", "value"), "did you mean"),
                (("consume",), "missing argument TOPIC"),
                (("produce", "t", "u"), "unexpected argument 'u'")):
            with self.subTest(arguments):
                self.assertIn(sentence, self.refused(2, *arguments))

    def test_a_partition_that_is_not_a_number(self):
        self.topic("numbers")
        self.assertIn("--partition 'x' must be a number or all",
                      self.refused(2, "consume", "numbers", "-p", "x"))

    def test_a_line_without_a_key_ends_the_input_but_earlier_lines_are_sent(self):
        topic = self.topic("separated")
        error = self.refused(6, "produce", topic, "-k", ":", stdin="a:1\nb:2\nc\nd:4\n")
        self.assertIn("Produced 2 records", error)
        self.assertIn("line 3 has no key separator ':'; this line and later ones were not sent\n",
                      error)
        self.assertEqual(self.hw.out("consume", topic, *FROM_START), "1\n2\n")
        self.assertIn("line 1 has no key separator ':'; this line and later ones were not sent\n",
                      self.refused(1, "produce", topic, "-k", ":", stdin="a\n"))


class TooLarge(WithTopics):
    def test_a_record_that_is_too_large_is_named_by_its_line_and_the_others_are_sent(self):
        topic = self.topic("small")
        lines = [f"line {number}" for number in range(1, 8)]
        lines[3] = "x" * 2_000_000
        error = self.refused(6, "produce", topic, stdin="\n".join(lines))
        self.assertEqual(error, "hw produce: line 4: a record of 2000000 bytes was not sent: "
                                "partition small-0: MESSAGE_TOO_LARGE: the batch of 2000074 bytes "
                                "is over max.message.bytes (1048588)\n"
                                "Produced 6 records to small; 1 was too large (line 4).\n"
                                "  partition 0: 6 records, offsets 0 to 5\n")
        del lines[3]
        self.assertEqual(self.hw.out("consume", topic, *FROM_START).splitlines(), lines)

    def test_a_run_that_sent_nothing_else_fails(self):
        topic = self.topic("alone")
        error = self.refused(1, "produce", topic, stdin="x" * 2_000_000 + "\n")
        self.assertIn("Produced 0 records to alone; 1 was too large (line 1).\n", error)

    def test_a_batch_of_small_records_that_is_too_large_is_sent_in_parts(self):
        topic = "tiny"
        self.hw.out("topic", "create", topic, "-c", "max.message.bytes=1000")
        lines = [f"line {number}" for number in range(1, 2001)]
        lines[0] = lines[999] = lines[1999] = "x" * 1001
        error = self.refused(6, "produce", topic, stdin="\n".join(lines))
        self.assertIn("Produced 1997 records to tiny; 3 were too large (first: line 1).\n",
                      error)
        for number in (1, 1000, 2000):
            self.assertIn(f"hw produce: line {number}: a record of 1001 bytes was not sent", error)
        sent = [line for line in lines if not line.startswith("x")]
        self.assertEqual(self.hw.out("consume", topic, *FROM_START).splitlines(), sent)

    def test_a_large_record_that_compresses_below_the_limit_is_sent(self):
        topic = self.topic("squeezed")
        lines = "a\n" + random.Random(SEED).randbytes(750_000).hex() + "\nb\n"
        self.hw.out("produce", topic, "-z", "zstd", stdin=lines)
        self.assertEqual(self.hw.out("consume", topic, *FROM_START), lines)


class Lost(unittest.TestCase):
    def test_after_losing_the_broker_the_error_names_the_first_line_not_acknowledged(self):
        with Broker() as broker:
            hw = Hw(broker.address)
            hw.out("topic", "create", "lost")
            with hw.start("consume", "lost", "-f", "beginning", "-n", "3") as consumer:
                with hw.start("produce", "lost", "--timeout", "1") as producer:
                    producer.stdin.write("one\ntwo\n")
                    producer.stdin.flush()
                    self.assertEqual(consumer.stdout.readline(), "one\n")
                    # The producer sends it only after the earlier lines are acknowledged.
                    producer.stdin.write("three\n")
                    producer.stdin.flush()
                    self.assertEqual(consumer.stdout.read(), "two\nthree\n")
                    broker.process.kill()
                    broker.process.wait()
                    with contextlib.suppress(BrokenPipeError):  # the producer may have ended
                        producer.stdin.write("four\nfive\n")
                        producer.stdin.close()
                    error = producer.stderr.read()
        self.assertEqual(producer.returncode, 6)
        sent, = re.findall(r"Produced (\d) records to lost\.", error)
        self.assertIn(sent, "23")
        self.assertIn(f"; the first line that was not acknowledged is {int(sent) + 1}\n", error)


if __name__ == "__main__":
    unittest.main()
