"""hw partition list, describe and elect, and hw topic alter and hw produce, in a cluster whose
nodes are killed and started again."""

import json
import os
import signal
import socket
import struct
import subprocess
import time
import unittest

from hw import Hw, WithBroker
from nodes import ClusterTest, Node
from ports import free_port


class HwCluster(ClusterTest):
    """Base of the tests of a cluster; its brokers are `brokers`."""

    def start_cluster(self, nodes, brokers):
        self.add(*nodes)
        cluster_id = subprocess.run([os.environ["HIGHWATER"], "random-uuid"], timeout=60,
                                    capture_output=True, text=True, check=True).stdout.strip()
        for node in nodes:
            if node.is_controller:
                node.format(cluster_id)
        self.start(nodes)
        self.hw = Hw(",".join(node.address for node in brokers))
        self.wait(lambda: [broker["fenced"] for broker in self.hw.json("cluster", "brokers")],
                  [False] * len(brokers))

    def wait(self, look, wanted, seconds=60):
        """Calls `look` until its result is `wanted`."""
        deadline = time.monotonic() + seconds
        while (seen := look()) != wanted:
            self.assertLess(time.monotonic(), deadline, f"{seen} instead of {wanted}")
            time.sleep(0.1)

    def listed(self, *options):
        return [(partition["topic"], partition["partition"])
                for partition in self.hw.json("partition", "list", *options)]

    def partition(self, topic, number):
        return self.hw.json("partition", "list", "-t", topic)[number]

    def refused(self, status, *arguments, stdin=""):
        """Standard error of a run that ends with `status`."""
        done = self.hw.run(*arguments, stdin=stdin)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done.stderr


class Replicated(HwCluster):
    """Three nodes, each controller and broker, and topic t with a replica on each of them."""

    def setUp(self):
        super().setUp()
        voters = ",".join(f"{number}@127.0.0.1:{free_port()}" for number in (1, 2, 3))
        nodes = [Node(number, self.folder, voters) for number in (1, 2, 3)]
        self.start_cluster(nodes, nodes)
        self.hw.out("topic", "create", "t", "-p", "3", "-r", "3")
        self.all = [("t", number) for number in range(3)]
        self.wait(lambda: self.listed("--under-replicated"), [])

    def preferred(self, node):
        """The partition whose preferred leader is on this node."""
        return next(partition["partition"]
                    for partition in self.hw.json("partition", "list", "--topic", "t")
                    if partition["replicas"][0] == node.number)

    def test_leaders_return_to_the_preferred_replicas_after_a_kill(self):
        first = self.nodes[0]
        number = self.preferred(first)
        place = ("--topic", "t", "--partition", str(number))
        self.assertEqual(self.hw.out("partition", "list", "--under-replicated"),
                         "No partition is under-replicated.\n")
        first.end()
        self.wait(lambda: self.listed("--under-replicated"), self.all)
        text = self.hw.out("partition", "list", "--under-replicated", "--topic", "t")
        self.assertRegex(text, "^TOPIC  PARTITION  LEADER  EPOCH  REPLICAS  ISR  OFFLINE\n"
                               r"t      0          [23]       \d      \d,\d,\d     \d,\d  1\n")
        self.assertEqual(self.hw.out("partition", "list", "--under-min-isr"),
                         "No partition is under its min.insync.replicas.\n")
        self.assertEqual(self.hw.out("partition", "list", "--without-leader", "-t", "t"),
                         "No partition of t is without a leader.\n")
        self.assertIn(f"hw partition elect: partition t-{number}: PREFERRED_LEADER_NOT_AVAILABLE: "
                      "the preferred leader, 1, is fenced, about to stop, or not in the ISR",
                      self.refused(1, "partition", "elect", *place))
        self.start([first])
        self.wait(lambda: self.listed("--under-replicated"), [])
        self.assertNotEqual(self.partition("t", number)["leader"], 1)
        self.assertIn(f"Partition t-{number} is now led by its preferred replica, 1.\n",
                      self.hw.out("partition", "elect", "--all"))
        self.assertEqual(self.partition("t", number)["leader"], 1)
        self.assertEqual(self.hw.out("partition", "elect", *place),
                         f"Partition t-{number} is already led by its preferred replica, 1.\n")
        self.assertEqual(self.hw.out("partition", "elect", "--all"),
                         "Every partition is already led by its preferred replica.\n")
        self.assertEqual(self.hw.json("partition", "elect", "--topic", "t"),
                         [{"topic": "t", "partition": partition, "done": True, "elected": False,
                           "leader": self.partition("t", partition)["replicas"][0]}
                          for partition in range(3)])

    def test_acks_of_all_need_as_many_replicas_as_the_topic_was_altered_to(self):
        self.assertEqual(self.hw.out("topic", "alter", "t", "--config", "min.insync.replicas=3"),
                         "Altered topic t.\n"
                         "CONFIG               OLD          NEW\n"
                         "min.insync.replicas  2 (default)  3\n")
        self.hw.out("produce", "t", stdin="all three are in sync\n")
        self.nodes[2].end()
        for node in self.nodes[:2]:
            self.wait(lambda at=Hw(node.address): len(at.json("partition", "list",
                                                              "--under-min-isr")), 3)
        self.assertEqual([partition["minIsr"] for partition in
                          self.hw.json("partition", "list", "--under-min-isr")], [3, 3, 3])
        self.assertIn("NOT_ENOUGH_REPLICAS: 2 of 3 replicas are in sync, but min.insync.replicas "
                      "requires 3: nothing was appended; given up after 2 s (--timeout); the first "
                      "line that was not acknowledged is 1",
                      self.refused(1, "produce", "t", "--timeout", "2", stdin="refused\n"))
        self.hw.out("topic", "alter", "t", "--config", "min.insync.replicas=2")
        self.hw.out("produce", "t", stdin="two are enough\n")
        self.assertEqual(self.listed("--under-min-isr"), [])

    def test_a_stopped_follower_has_its_lag_and_the_reason(self):
        view = self.partition("t", 0)
        leader, follower = (next(node for node in self.nodes if node.number == number)
                            for number in view["replicas"][:2])
        self.assertEqual(view["leader"], leader.number)
        at_leader = Hw(leader.address)

        def described():
            partition, = at_leader.json("partition", "describe", "t", "0")
            return partition, next(state for state in partition["replicaStates"]
                                   if state["replica"] == follower.number)

        at_leader.out("produce", "t", "-p", "0", stdin="before\n")
        follower.process.send_signal(signal.SIGSTOP)
        # A fetch that was under way when the follower stopped may still take a record.
        at_leader.out("produce", "t", "-p", "0", "--acks", "1", stdin="one\n")
        at_leader.out("produce", "t", "-p", "0", "--acks", "1", stdin="two\n")
        partition, state = described()
        self.assertEqual(partition["logEndOffset"], 3)
        self.assertEqual(state["lag"], 3 - state["endOffset"])
        self.assertGreaterEqual(state["lag"], 1)
        self.assertGreaterEqual(state["sinceCaughtUpMs"], state["sinceFetchMs"])
        _, later = described()
        self.assertGreater(later["sinceFetchMs"], state["sinceFetchMs"])
        self.wait(lambda: "is fenced" in (described()[1]["reason"] or ""), True)
        _, fenced = described()
        self.assertFalse(fenced["inSync"])
        self.assertGreaterEqual(fenced["sinceFetchMs"], 1000)
        self.assertRegex(at_leader.out("partition", "describe", "t", "0"),
                         rf"\n{follower.number} +follower +no +\d +[12] +[\d.]+ s +[\d.]+ s\n"
                         r"(.*\n)*"
                         rf"Replica {follower.number} is not in sync: broker {follower.number} is "
                         r"fenced, because .*; its log ends at \d, \d records? before the leader's "
                         r"end, 3, and it last fetched [\d.]+ m?s ago\.\n")
        follower.process.send_signal(signal.SIGCONT)
        self.wait(lambda: [described()[1][name] for name in ("inSync", "lag", "reason")],
                  [True, 0, None])

    def test_a_description_has_what_is_known_when_a_leader_does_not_answer(self):
        silent = self.nodes[0]
        others = Hw(self.nodes[1].address)
        number = self.preferred(silent)
        silent.process.send_signal(signal.SIGSTOP)
        done = others.run("partition", "describe", "t", "--timeout", "1", "-o", "json")
        partitions = json.loads(done.stdout)
        self.assertEqual(done.returncode, 6, done.stderr)
        self.assertEqual([partition["partition"] for partition in partitions
                          if partition["error"]], [number])
        self.assertEqual(len(partitions[number]["replicas"]), 3)
        self.assertIsNone(partitions[number]["replicaStates"])
        self.assertRegex(done.stderr, f"hw partition describe: partition t-{number} is led by "
                         f"broker {silent.number}, which does not answer: {silent.address}: no "
                         r"answer within \d+ ms, its share of 1 s \(--timeout\)")

    def test_a_broker_without_a_controller_warns_that_its_state_may_be_old(self):
        last = self.nodes[2]
        for command in (["cluster", "brokers"], ["partition", "list", "--without-leader"],
                        ["topic", "describe", "t"]):
            self.assertEqual(Hw(last.address).run(*command).stderr, "")
        for node in self.nodes[:2]:
            node.end()
        for command in (["cluster", "brokers"], ["partition", "list", "--without-leader"],
                        ["topic", "describe", "t"]):
            with self.subTest(command):
                # A controller that leads notices the loss of its majority only after a while.
                self.wait(lambda args=command: Hw(last.address).run(*args).stderr,
                          f"hw {' '.join(command[:2])}: warning: the broker at {last.address} gets "
                          "no answer from a controller, so this is what it knew before: brokers "
                          "may have died since, and partitions may have other leaders\n")

    def test_a_broker_refuses_to_describe_what_it_does_not_lead(self):
        leader = self.partition("t", 0)["leader"]
        other = next(node for node in self.nodes if node.number != leader)
        # DescribeReplicas, version 0, of a client that is not hw: partitions 0 and 99 of t.
        body = (struct.pack(">hhih", 10000, 0, 7, 1) + b"x\0" +
                b"\2" + b"\2t" + b"\3" + struct.pack(">ii", 0, 99) + b"\0" + b"\0")
        host, port = other.address.split(":")
        with socket.create_connection((host, int(port)), timeout=30) as peer:
            peer.sendall(struct.pack(">i", len(body)) + body)
            size, = struct.unpack(">i", peer.recv(4, socket.MSG_WAITALL))
            answer = peer.recv(size, socket.MSG_WAITALL)
        self.assertEqual(answer[:4], struct.pack(">i", 7))
        refusal = f"t-0 is led by broker {leader}".encode()
        self.assertIn(struct.pack(">ihb", 0, 6, 1 + len(refusal)) + refusal, answer)
        self.assertIn(b"topic t has partitions 0 to 2, not 99", answer)

    def test_a_producer_finds_the_new_leader_when_the_old_one_is_dead(self):
        for node in self.nodes[:2]:
            with self.subTest(node=node.number):
                number = self.preferred(node)
                node.end()
                # The others still name the dead broker as the leader.
                self.hw.out("produce", "t", "--partition", str(number), stdin="x\n")
                described, = self.hw.json("partition", "describe", "t", str(number))
                self.assertEqual(described["latestOffset"], 1)
                self.start([node])
                self.wait(lambda: self.listed("--under-replicated"), [])


class Unclean(HwCluster):
    """A controller, and two brokers that can both be killed."""

    def setUp(self):
        super().setUp()
        voters = f"1@127.0.0.1:{free_port()}"
        controller = Node(1, self.folder, voters, is_broker=False)
        brokers = [Node(number, self.folder, voters) for number in (2, 3)]
        self.start_cluster([controller, *brokers], brokers)
        self.hw.out("topic", "create", "t", "-p", "1", "-r", "2")
        self.wait(lambda: self.listed("--under-replicated"), [])

    def test_an_unclean_election_needs_a_confirmation(self):
        elect = ("partition", "elect", "--unclean", "--topic", "t")
        leader = self.partition("t", 0)["leader"]
        last, stale = sorted(self.nodes[1:], key=lambda node: node.number != leader)
        self.assertEqual(self.hw.out(*elect, "--yes"),
                         f"Partition t-0 already has a leader, {leader}.\n")
        self.assertEqual(self.hw.out("partition", "elect", "--unclean", "--all", "--yes"),
                         "Every partition already has a leader.\n")
        stale.end()
        self.wait(lambda: self.partition("t", 0)["isr"], [last.number])
        last.end()
        self.start([stale])
        self.wait(lambda: self.listed("--without-leader"), [("t", 0)])
        self.assertEqual(self.listed("--offline"), [("t", 0)])
        error = self.refused(1, "partition", "describe", "t", "0")
        self.assertIn("partition t-0 has no leader, so its offsets and the lag of its "
                      "replicas are not known", error)
        self.assertIn("hw partition elect: standard input is not a terminal, so nobody can confirm "
                      "that records may be lost; give --yes; see", self.refused(2, *elect))
        self.assertEqual(self.partition("t", 0)["leader"], -1)
        self.assertEqual(self.hw.out(*elect, "--yes"),
                         f"Partition t-0 is now led by {stale.number}; records that it did not "
                         "have are lost.\n")
        self.assertEqual(self.partition("t", 0)["leader"], stale.number)
        self.assertEqual(self.listed("--without-leader"), [])


class OneBroker(WithBroker):
    def test_the_list_has_a_row_for_each_partition(self):
        self.hw.out("topic", "create", "listed", "-p", "2")
        self.hw.out("topic", "create", "other")
        self.assertEqual(self.hw.out("partition", "list", "--topic", "listed"),
                         "TOPIC   PARTITION  LEADER  EPOCH  REPLICAS  ISR  OFFLINE\n"
                         "listed  0          1       0      1         1    -\n"
                         "listed  1          1       0      1         1    -\n")
        self.assertEqual(self.hw.json("partition", "list", "-t", "other"),
                         [{"topic": "other", "partition": 0, "leader": 1, "leaderEpoch": 0,
                           "replicas": [1], "isr": [1], "offline": []}])
        self.assertEqual(len(self.hw.ndjson("partition", "list", "-t", "other", "-t", "listed")), 3)
        self.assertEqual(self.hw.json("partition", "list", "-t", "other", "--without-leader"), [])

    def test_a_description_has_the_offsets_and_the_replicas(self):
        self.hw.out("topic", "create", "described", "-p", "2")
        self.hw.out("produce", "described", "-p", "1", stdin="a\nb\nc\n")
        self.assertEqual(self.hw.out("partition", "describe", "described", "1"),
                         "Partition        described-1\n"
                         "Leader           1\n"
                         "Epoch            0\n"
                         "Replicas         1\n"
                         "ISR              1\n"
                         "Min ISR          1\n"
                         "Offline          -\n"
                         "Log start        0\n"
                         "High watermark   3\n"
                         "Log end          3\n"
                         "Durable end      3\n"
                         "REPLICA  ROLE    IN SYNC  END  LAG  FETCHED  CAUGHT UP\n"
                         "1        leader  yes      3    -    -        -\n")
        described, = self.hw.json("partition", "describe", "described", "0")
        self.assertEqual(described, {
            "topic": "described", "partition": 0, "leader": 1, "leaderEpoch": 0, "replicas": [1],
            "isr": [1], "offline": [], "earliestOffset": 0, "latestOffset": 0,
            "partitionEpoch": 0, "logEndOffset": 0, "durableEndOffset": 0, "minIsr": 1,
            "proposedIsr": None, "watermarkReason": None, "writeRefusal": None,
            "replicaStates": [{"replica": 1, "inSync": True, "brokerEpoch": -1, "endOffset": 0,
                               "lag": 0, "sinceFetchMs": None, "sinceCaughtUpMs": 0,
                               "reason": None}],
            "error": None})

    def test_without_a_number_all_partitions_of_the_topic_are_described(self):
        self.hw.out("topic", "create", "whole", "-p", "3")
        text = self.hw.out("partition", "describe", "whole")
        self.assertEqual([block.split("\n")[0] for block in text.split("\n\n")],
                         [f"Partition        whole-{number}" for number in range(3)])
        self.assertEqual([partition["partition"] for partition in
                          self.hw.ndjson("partition", "describe", "whole")], [0, 1, 2])

    def test_an_unknown_topic_or_partition(self):
        self.hw.out("topic", "create", "orders", "-p", "2")
        unknown_topic = "topic 'ordrs' does not exist (did you mean 'orders'?)"
        unknown_partition = "topic 'orders' has no partition 2; it has 0 to 1"
        for command, sentence in (
                ("list -t ordrs", unknown_topic), ("list -t ordrs --without-leader", unknown_topic),
                ("describe ordrs 0", unknown_topic), ("elect -t ordrs", unknown_topic),
                ("describe orders 2", unknown_partition),
                ("elect -t orders -p 0 -p 2", unknown_partition),
                ("elect -t orders -p 2 --unclean", unknown_partition)):
            with self.subTest(command):
                self.assertIn(f"hw partition {command.split()[0]}: {sentence}",
                              self.refused(3, "partition", *command.split()))
        done = self.hw.run("partition", "list", "-t", "ordrs", "-t", "orders")
        self.assertEqual((done.returncode, done.stdout.count("\n")), (6, 3))
        self.assertIn(unknown_topic, done.stderr)

    def test_wrong_and_missing_arguments(self):
        for command, sentence in (
                ("list --without-leader --under-replicated",
                 "give only one of --under-replicated, --under-min-isr and --without-leader"),
                ("list orders", "unexpected argument 'orders'"),
                ("describe", "missing argument TOPIC [PARTITION]"),
                ("describe orders first", "PARTITION 'first' must be a whole number of at least 0"),
                ("elect", "give one of --topic NAME and --all"),
                ("elect --all -t orders", "give either --topic NAME or --all"),
                ("elect --all -p 0", "--partition needs --topic NAME"),
                ("elect -t orders -p x", "--partition 'x' must be a whole number of at least 0")):
            with self.subTest(command):
                error = self.refused(2, "partition", *command.split())
                word = command.split()[0]
                self.assertEqual(error, f"hw partition {word}: {sentence}; see 'hw partition "
                                        f"{word} --help'\n")

    def test_without_partitions_there_is_nothing_to_show_or_to_elect(self):
        self.hw.out("topic", "create", "x")
        self.hw.out("topic", "delete", "--yes", *(topic["topic"]
                                                  for topic in self.hw.json("topic", "list")))
        self.assertEqual(self.hw.out("partition", "list"), "There is no partition.\n")
        self.assertEqual(self.hw.json("partition", "elect", "--all"), [])


if __name__ == "__main__":
    unittest.main()
