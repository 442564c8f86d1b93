"""hw perf: its reports match the records in the topic, the groups and their offsets."""

import json
import signal
import socket
import tempfile
import unittest

from broker import Broker
from hw import Hw, WithBroker

SMALL = ("--record-size", "100", "--batch-size", "1000", "--bytes", "1000000")


def wait_for_a_record(hw, topic):
    while not hw.run("consume", topic, "-f", "beginning", "-n", "1", "-o", "ndjson").stdout:
        pass


class PerfProduce(WithBroker):
    def refused(self, status, *arguments):
        return super().refused(status, "perf", "produce", *arguments)

    def test_the_topic_has_as_many_records_as_were_acknowledged(self):
        report, = self.hw.json("perf", "produce", "--topic", "counted", "--partitions", "3", *SMALL)
        self.assertTrue(report["created"])
        self.assertEqual((report["topic"], report["partitions"]), ("counted", 3))
        self.assertEqual((report["errors"], report["failure"]), ({}, None))
        self.assertGreaterEqual(report["bytes"], 1_000_000)
        records = report["requests"] * report["batchRecords"]
        self.assertEqual(len(self.hw.ndjson("consume", "counted", "--from", "beginning",
                                            "--exit-at-end")), records)

    def test_the_text_report_is_aligned_and_names_the_topic(self):
        self.hw.out("topic", "create", "read")
        lines = self.hw.out("perf", "produce", "-t", "read", "--acks", "1", "--pid",
                            str(self.broker.process.pid), *SMALL).splitlines()
        self.assertEqual(lines[0], "topic       read, partitions: 1, existed before")
        self.assertEqual([line[:12] for line in lines[1:]],
                         ["sent        ", "throughput  ", "latency     ", "cpu         ",
                          "errors      "])
        self.assertNotIn("not measured", lines[4])
        self.assertEqual(lines[5], "errors      none")

    def test_an_interrupted_run_reports_what_it_sent(self):
        for signal_number in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(signal_number):
                topic = f"interrupted-{signal_number}"
                with self.hw.start("perf", "produce", "-t", topic, "--seconds", "600",
                                   "--record-size", "1000", "--batch-size", "10000",
                                   "--connections", "1", "-o", "ndjson") as load:
                    wait_for_a_record(self.hw, topic)
                    load.send_signal(signal_number)
                    out, error = load.communicate(timeout=60)
                self.assertEqual(load.returncode, 130, error)
                self.assertEqual(error, "hw perf produce: interrupted: the report covers the "
                                        "time until then\n")
                report = json.loads(out)
                self.assertEqual((report["errors"], report["failure"]), ({}, None))
                end, = (int(line.split()[-1]) for line in self.hw.run(
                    "produce", topic, stdin="x\n").stderr.splitlines() if "offset" in line)
                self.assertEqual(report["requests"] * report["batchRecords"], end)

    def test_an_interrupted_run_does_not_wait_for_a_silent_broker(self):
        with Broker() as broker:
            hw = Hw(broker.address)
            with hw.start("perf", "produce", "-t", "stopped", "--seconds", "600") as load:
                wait_for_a_record(hw, "stopped")
                broker.process.send_signal(signal.SIGSTOP)
                load.send_signal(signal.SIGINT)
                out, _ = load.communicate(timeout=20)
        self.assertEqual(load.returncode, 130)
        self.assertIn("errors      the broker was silent for 1 s\n", out)

    def test_wrong_values_are_refused_before_a_request_is_sent(self):
        self.assertIn("--connections '0' must be a whole number from 1 to 10000",
                      self.refused(2, "--connections", "0"))
        self.assertIn("--wait '-1' must be a whole number from 0 to 86400",
                      self.refused(2, "--wait", "-1"))
        self.assertIn("--acks '2' must be all, 1 or 0", self.refused(2, "--acks", "2"))
        self.assertIn("exclude each other", self.refused(2, "--bytes", "1", "--seconds", "1"))
        self.assertIn("unknown option '--speed'", self.refused(2, "--speed"))
        self.assertIn("--bytes '1x' must be a whole number", self.refused(2, "--bytes", "1x"))
        self.assertIn("unexpected argument '9'", self.refused(2, "9"))
        self.assertIn("--durability 'ram' must be memory or disk",
                      self.refused(2, "--durability", "ram"))

    def test_a_refusal_shows_the_message_of_the_broker(self):
        self.assertIn("INVALID_TOPIC_EXCEPTION", self.refused(2, "-t", "a b"))

    def test_a_run_with_a_refused_batch_fails(self):
        done = self.hw.run("perf", "produce", "-t", "large", "--bytes", "1", "--record-size",
                           "2000000")
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("errors      MESSAGE_TOO_LARGE in 1 request", done.stdout)
        self.assertEqual(done.stderr, "hw perf produce: topic 'large': MESSAGE_TOO_LARGE: a batch "
                                      "is larger than the topic's max.message.bytes; give a "
                                      "smaller "
                                      "--record-size or --batch-size, or a --topic that takes "
                                      "more\n")

    def test_a_topic_that_is_deleted_during_the_load_is_named(self):
        # The broker refuses so many requests in a second or two; appending takes much longer.
        with self.hw.start("perf", "produce", "-t", "leaving", "--record-size", "100",
                           "--batch-size", "1", "--bytes", "20000000",
                           "--connections", "1") as load:
            wait_for_a_record(self.hw, "leaving")
            self.hw.out("topic", "delete", "leaving", "-y")
            _, error = load.communicate(timeout=60)
        self.assertEqual(load.returncode, 1)
        self.assertEqual(error, "hw perf produce: topic 'leaving': UNKNOWN_TOPIC_OR_PARTITION: it "
                                "was deleted meanwhile; the next run creates it again\n")

    def test_a_run_that_loses_its_broker_fails(self):
        with Broker() as broker:
            hw = Hw(broker.address)
            with hw.start("perf", "produce", "-t", "lost", "--seconds", "600") as load:
                wait_for_a_record(hw, "lost")
                broker.process.kill()
                out, error = load.communicate(timeout=60)
        self.assertEqual(load.returncode, 1)
        self.assertIn("errors      ", out)
        self.assertRegex(error, "^hw perf produce: .*broker.*\n$")

    def test_a_tail_reads_as_much_as_was_acknowledged(self):
        report, = self.hw.json("perf", "produce", "-t", "tailed", "--partitions", "8", "--tail",
                               "1", "--bytes", "20000000")
        self.assertEqual((report["errors"], report["failure"]), ({}, None))
        self.assertEqual(report["tail"]["bytes"], report["bytes"])
        self.assertEqual(report["tail"]["records"], report["records"])

    def test_an_address_where_nobody_listens_is_named(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            address = f"127.0.0.1:{taken.getsockname()[1]}"
            done = Hw(address).run("perf", "produce", "--wait", "1")
        self.assertEqual(done.returncode, 4)
        self.assertIn(f"no broker answers: {address}", done.stderr)


class PerfFetch(WithBroker):
    def test_the_records_of_all_partitions_are_read_again_and_again(self):
        sent, = self.hw.json("perf", "produce", "-t", "read", "--partitions", "3", *SMALL)
        report, = self.hw.json("perf", "fetch", "-t", "read", "--bytes", "20000000", "--pid",
                               str(self.broker.process.pid))
        self.assertEqual((report["errors"], report["failure"]), ({}, None))
        self.assertEqual((report["partitions"], report["created"]), (3, False))
        self.assertGreaterEqual(report["bytes"], 20_000_000)
        self.assertEqual(report["records"] * sent["batchBytes"],
                         report["bytes"] * sent["batchRecords"])

    def test_a_topic_without_records_is_refused(self):
        self.assertIn("topic 'nowhere' does not exist",
                      self.refused(3, "perf", "fetch", "-t", "nowhere"))
        self.hw.out("topic", "create", "empty")
        self.assertEqual(self.refused(3, "perf", "fetch", "-t", "empty"),
                         "hw perf fetch: topic 'empty' has no records to read; 'hw perf produce "
                         "--topic empty' sends some\n")


class PerfLatency(WithBroker):
    def test_the_number_of_records_follows_from_rate_and_time(self):
        report, = self.hw.json("perf", "latency", "-t", "paced", "--rate", "100", "--seconds", "1")
        self.assertEqual((report["errors"], report["failure"]), ({}, None))
        self.assertEqual((report["requests"], report["records"], report["requestedRate"]),
                         (100, 100, 100))
        self.assertEqual(list(report["latencyMs"]), ["p50", "p99", "p999", "max"])

    def test_acks_of_0_is_refused_because_it_has_no_latency(self):
        self.assertIn("--acks 0 has no answers", self.refused(2, "perf", "latency", "--acks", "0"))


class PerfGroup(unittest.TestCase):
    """Its members join, one is added, one crashes, and all leave."""

    @classmethod
    def setUpClass(cls):
        cls.broker = Broker("--set", "group.initial.rebalance.delay.ms=100",
                            "--set", "group.consumer.session.timeout.ms=4000",
                            "--set", "group.min.session.timeout.ms=1000")
        cls.addClassCleanup(cls.broker.__exit__)
        cls.hw = Hw(cls.broker.address)

    def measure(self, *arguments):
        report, = self.hw.json("perf", "group", "--hold", "1", "--pid",
                               str(self.broker.process.pid), *arguments)
        self.assertEqual((report["errors"], report["failure"]), ({}, None))
        self.assertEqual((report["overlaps"], report["removedMembers"]), (0, 0))
        return report

    def check_steps(self, report):
        join, add, crash = report["steps"]
        self.assertEqual([step["step"] for step in report["steps"]], ["join", "add", "crash"])
        self.assertIsNone(join["toldSeconds"])
        self.assertGreater(add["stableSeconds"], 0)
        self.assertLess(join["epoch"], add["epoch"])
        self.assertLess(add["epoch"], crash["epoch"])
        self.assertGreater(crash["stableSeconds"], crash["toldSeconds"])
        self.assertIsNone(crash["stableSecondsAfterLastJoin"])
        self.assertGreater(report["heartbeats"], 20)
        self.assertEqual(list(report["latencyMs"]), ["p50", "p99", "p999", "max"])

    def test_members_of_a_consumer_group_share_the_partitions(self):
        report = self.measure("-t", "shared", "--members", "20", "--partitions", "33", "--add",
                              "--crash", "--connections", "4")
        self.check_steps(report)
        self.assertEqual((report["protocol"], report["partitions"], report["created"]),
                         ("consumer", 33, True))
        self.assertEqual(report["connections"], 5)
        self.assertGreater(report["steps"][2]["toldSeconds"], 1)
        described, = self.hw.json("group", "describe", "perf-group-0")
        self.assertEqual(described["members"], [])

    def test_the_leader_of_a_classic_group_shares_out_the_partitions(self):
        report = self.measure("-g", "old", "-t", "narrow", "--protocol", "classic", "--members",
                              "20", "--session-ms", "4000", "--heartbeat-ms", "500", "--add",
                              "--crash")
        self.check_steps(report)
        self.assertEqual((report["protocol"], report["partitions"], report["connections"]),
                         ("classic", 20, 21))
        self.assertGreater(report["steps"][2]["toldSeconds"], 1)

    def test_many_groups_are_reported_with_the_memory_for_each(self):
        for protocol in ("consumer", "classic"):
            with self.subTest(protocol):
                lines = self.hw.out("perf", "group", "-t", "one", "-g", protocol, "--groups", "50",
                                    "--members", "1", "--protocol", protocol, "--hold", "0",
                                    "--pid", str(self.broker.process.pid)).splitlines()
                self.assertEqual([line.split()[0] for line in lines],
                                 ["groups", "topic", "join", "heartbeats", "overlaps", "memory",
                                  "cpu", "errors"])
                self.assertEqual(lines[0], f"groups      50 of 1 member, {protocol} protocol, 50 "
                                           "connections")
                self.assertRegex(lines[5], r"^memory      broker [+-].* bytes per group$")
                self.assertEqual(lines[-1], "errors      none")
                listed = [each["group"] for each in self.hw.json("group", "list")]
                self.assertIn(f"{protocol}-49", listed)

    def test_an_interrupted_run_lets_its_members_leave(self):
        with self.hw.start("perf", "group", "-g", "interrupted", "-t", "wide", "--hold",
                           "600", "-o", "ndjson") as load:
            while "Stable" not in self.hw.run("group", "list").stdout:
                pass
            load.send_signal(signal.SIGINT)
            out, error = load.communicate(timeout=60)
        self.assertEqual(load.returncode, 130, error)
        self.assertIsNone(json.loads(out)["failure"])
        described, = self.hw.json("group", "describe", "interrupted-0")
        self.assertEqual(described["members"], [])

    def test_a_run_that_loses_its_broker_fails(self):
        with Broker() as broker:
            hw = Hw(broker.address)
            with hw.start("perf", "group", "--hold", "600") as load:
                while "Stable" not in hw.run("group", "list").stdout:
                    pass
                broker.process.kill()
                out, error = load.communicate(timeout=60)
        self.assertEqual(load.returncode, 1)
        self.assertIn("errors      ", out)
        self.assertRegex(error, "^hw perf group: .*broker.*\n$")

    def test_wrong_values_are_refused_before_a_request_is_sent(self):
        for words, sentence in (
                (("--protocol", "new"), "--protocol 'new' must be consumer or classic"),
                (("--members", "0"), "--members '0' must be a whole number from 1 to 10000"),
                (("--members", "1", "--crash"), "--crash leaves no member"),
                (("--protocol", "classic", "--connections", "9"), "9 connections for groups of")):
            with self.subTest(words):
                done = self.hw.run("perf", "group", *words)
                self.assertEqual((done.returncode, done.stdout), (2, ""))
                self.assertIn(sentence, done.stderr)


class PerfCommit(WithBroker):
    def test_the_groups_have_the_offsets_that_were_committed(self):
        report, = self.hw.json("perf", "commit", "--partitions", "3", "--groups", "20",
                               "--requests", "2000", "--connections", "4", "--in-flight", "8",
                               "--pid", str(self.broker.process.pid))
        self.assertEqual((report["errors"], report["failure"]), ({}, None))
        self.assertEqual((report["commits"], report["offsets"]), (2000, 6000))
        self.assertEqual(list(report["latencyMs"]), ["p50", "p99", "p999", "max"])
        read, = self.hw.json("perf", "offsets", "--groups", "20")
        self.assertEqual((read["groups"], read["offsets"]), (20, 60))
        described, = self.hw.json("group", "lag", "perf-commit-7")
        self.assertEqual(len(described["partitions"]), 3)

    def test_each_group_is_committed_once_if_there_are_as_many_requests(self):
        lines = self.hw.out("perf", "commit", "-g", "once", "-t", "once", "--groups", "100",
                            "--partitions", "10", "--requests", "100").splitlines()
        self.assertEqual([line.split()[0] for line in lines],
                         ["topic", "load", "committed", "throughput", "latency", "cpu", "errors"])
        self.assertIn("committed   100 requests of 10 offsets in ", lines[2])
        read = self.hw.out("perf", "offsets", "-g", "once", "--groups", "100").splitlines()
        self.assertEqual(read[0], "read        1000 offsets of 100 groups")
        self.assertEqual(read[2], "refused     none")

    def test_offsets_are_read_after_a_restart(self):
        with tempfile.TemporaryDirectory() as folder:
            with Broker(data=folder) as broker:
                Hw(broker.address).out("perf", "commit", "--groups", "50", "--requests", "50")
                broker.stop()
            with Broker(data=folder) as broker:
                read, = Hw(broker.address).json("perf", "offsets", "--groups", "50")
        self.assertEqual(read["offsets"], 50)

    def test_wrong_values_are_refused(self):
        self.assertIn("exclude each other", self.refused(
            2, "perf", "commit", "--requests", "1", "--seconds", "1"))
        self.hw.out("topic", "create", "single")
        self.assertIn("topic 'single' has 1 partitions, fewer than the 2 of a commit",
                      self.refused(2, "perf", "commit", "-t", "single", "--partitions", "2"))


if __name__ == "__main__":
    unittest.main()
