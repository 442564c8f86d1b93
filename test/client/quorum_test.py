"""Three controllers in processes of their own elect a leader, and keep what they acknowledged."""

import os
import re
import signal
import subprocess
import time
import unittest
from pathlib import Path

from hw import Hw
from nodes import ClusterTest, Node
from ports import free_port

LOG = "__cluster_metadata-0/00000000000000000000.log"


class Quorum(ClusterTest):
    def setUp(self):
        super().setUp()
        self.voters = ",".join(f"{number}@127.0.0.1:{free_port()}" for number in (1, 2, 3))
        self.cluster_id = subprocess.run([os.environ["HIGHWATER"], "random-uuid"], timeout=60,
                                         capture_output=True, text=True, check=True).stdout.strip()

    def make(self, is_broker=True):
        self.add(*(Node(number, self.folder, self.voters, is_broker) for number in (1, 2, 3)))
        for node in self.nodes:
            node.format(self.cluster_id)

    def leader(self, at):
        """The node that leads the quorum, as clients of `at` see it."""
        found = re.search(r"broker (\d) at \S+ \(controller\)", self.listing(at))
        return self.nodes[int(found[1]) - 1] if found else None

    def wait_leader(self, at, old=None):
        deadline = time.monotonic() + 30
        while (leader := self.leader(at)) in (None, old):
            self.assertLess(time.monotonic(), deadline, at.log_text())
            time.sleep(0.02)
        return leader

    def wait_log(self, node, text):
        deadline = time.monotonic() + 30
        while text not in node.log_text():
            self.assertLess(time.monotonic(), deadline, node.log_text())
            time.sleep(0.05)

    def topics(self, at):
        return {topic["topic"] for topic in Hw(at.address).json("topic", "list")}

    def test_kills_of_the_leader_under_a_stream_of_creations(self):
        self.make()
        self.start(self.nodes)
        created = set()
        for number in range(5):
            old = self.wait_leader(self.nodes[0])
            others = [node for node in self.nodes if node is not old]
            created.add(f"before-{number}")
            Hw(others[0].address).out("topic", "create", f"before-{number}")
            creation = Hw(others[1].address).start("topic", "create", f"during-{number}")
            time.sleep(0.01 * number)
            old.end()
            output, _ = creation.communicate(timeout=60)
            if "Created topic" in output:
                created.add(f"during-{number}")
            self.wait_leader(others[0], old)
            created.add(f"after-{number}")
            Hw(others[0].address).out("topic", "create", f"after-{number}")
            self.start([old])
            for node in self.nodes:
                self.wait_listing(node, r"broker \d at", 3)
                self.assertLessEqual(created, self.topics(node))
        for node in self.nodes:
            self.assertEqual(node.end(signal.SIGTERM), 0, node.log_text())
        logs = [(Path(node.data) / LOG).read_bytes() for node in self.nodes]
        shortest = min(len(log) for log in logs)
        self.assertGreater(shortest, 1000)
        self.assertEqual({log[:shortest] for log in logs}, {logs[0][:shortest]})

    def test_hw_shows_the_cluster_the_quorum_and_the_brokers(self):
        self.make()
        self.start(self.nodes)
        leader = self.wait_leader(self.nodes[0])
        for node in self.nodes:
            hw = Hw(node.address)
            self.assertEqual([(broker["broker"], broker["fenced"]) for broker in
                              hw.json("cluster", "brokers")], [(1, False), (2, False), (3, False)])
            quorum = hw.json("cluster", "quorum")[0]
            self.assertEqual(quorum["leader"], leader.number)
            self.assertEqual({replica["node"]: replica["role"] for replica in quorum["replicas"]},
                             {each.number: "leader" if each is leader else "voter"
                              for each in self.nodes})
            self.assertTrue(all(0 <= replica["lag"] < 10 for replica in quorum["replicas"]))
        victim = next(node for node in self.nodes if node is not leader)
        victim.end()
        hw = Hw(leader.address)
        deadline = time.monotonic() + 30
        while "fenced" not in (text := hw.out("cluster", "brokers")):
            self.assertLess(time.monotonic(), deadline, text)
            time.sleep(0.05)
        self.assertRegex(text, rf"Cluster  {re.escape(self.cluster_id)}\n")
        self.assertRegex(text, rf"\n{victim.number} +{re.escape(victim.address)} +- +fenced\n")
        self.assertRegex(hw.out("cluster", "quorum"),
                         rf"Leader +{leader.number}\nEpoch +\d+\nHigh watermark +\d+\n"
                         rf"NODE +ROLE +END +LAG +FETCHED +CAUGHT UP\n"
                         rf"{leader.number} +leader +\d+ +0 ")

        info, = hw.json("cluster", "info")
        self.assertEqual((info["clusterId"], info["controller"], info["voters"]),
                         (self.cluster_id, leader.number, [1, 2, 3]))
        self.assertEqual([broker["broker"] for broker in info["brokers"] if broker["fenced"]],
                         [victim.number])
        self.assertRegex(hw.out("cluster", "info"),
                         rf"Cluster     {re.escape(self.cluster_id)}\n"
                         rf"Controller  {leader.number} \(epoch \d+\)\n"
                         r"Voters      1,2,3\nBrokers     3, 1 fenced\nBROKER  ADDRESS ")

    def test_voters_that_differ_are_named(self):
        first = Node(1, self.folder, self.voters)
        second = Node(2, self.folder, self.voters.replace("1@", "9@", 1))
        self.add(first, second)
        for node in self.nodes:
            node.format(self.cluster_id)
        first.start()
        second.start()
        self.wait_log(first, "voter 2 of the metadata quorum: it has other voters: "
                             "controller.quorum.voters must be the same on all controllers")

    def test_one_node_waits_for_a_majority_and_stops_at_once(self):
        self.make()
        first, second, _ = self.nodes
        first.start()
        self.wait_log(first, "the metadata quorum has no leader; it needs 2 of its 3 voters")
        second.start()
        for node in (first, second):
            node.wait_ready()
        self.assertEqual(second.end(signal.SIGTERM), 0, second.log_text())
        begin = time.monotonic()
        self.assertEqual(first.end(signal.SIGTERM), 0, first.log_text())
        self.assertLess(time.monotonic() - begin, 10)

    def test_controllers_without_brokers(self):
        self.make(is_broker=False)
        brokers = [Node(number, self.folder, self.voters) for number in (4, 5)]
        self.add(*brokers)
        self.start(self.nodes)
        Hw(brokers[0].address).out("topic", "create", "orders", "--partitions", "2",
                                   "--replication-factor", "2")
        self.wait_listing(brokers[1], r"leader [45],", 2)
        for controller in self.nodes[:3]:
            controller.end()
            Hw(brokers[1].address).out("topic", "create", f"without-{controller.number}",
                                       "--replication-factor", "2")
            self.start([controller])
        for node in reversed(self.nodes):
            self.assertEqual(node.end(signal.SIGTERM), 0, node.log_text())

    def test_a_voter_that_is_not_formatted_is_refused(self):
        self.add(Node(1, self.folder, self.voters))
        node = self.nodes[0]
        run = subprocess.run([os.environ["HIGHWATER"], "server", "-c", node.file], timeout=60,
                             capture_output=True, text=True, check=False)
        self.assertEqual(run.returncode, 1)
        self.assertIn("is not formatted, and this node is one of 3 controllers", run.stderr)


if __name__ == "__main__":
    unittest.main()
