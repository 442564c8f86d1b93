"""`highwater dev`: three nodes in one process, their data and ports; one node; wrong input."""

import os
import re
import signal
import socket
import subprocess
import tempfile
import time
import unittest

from broker import Broker
from hw import Hw
from ports import free_ports


class Dev:
    """A run of `highwater dev` with the data directory `data`. Without other arguments its nodes
    listen on free ports."""

    def __init__(self, data, *arguments):
        if "--listen" not in arguments:
            arguments = ("--listen", "127.0.0.1:0", *arguments)
        # Files, because nobody reads a pipe while the nodes run.
        self.files = tempfile.TemporaryDirectory()
        with open(self.path("output"), "wb") as output, open(self.path("log"), "wb") as log:
            self.process = subprocess.Popen(
                [os.environ["HIGHWATER"], "dev", "--data-dir", data, "--controller-listen",
                 "127.0.0.1:0", *arguments], stdout=output, stderr=log)

    def path(self, name):
        return os.path.join(self.files.name, name)

    def text(self, name):
        """What the process has written: the `output` or the `log`."""
        with open(self.path(name), encoding="utf-8") as file:
            return file.read()

    def wait_for(self, name, part):
        """Waits until the output or the log has this text."""
        deadline = time.monotonic() + 60
        while part not in self.text(name):
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"no '{part}': {self.text('log')}")
            time.sleep(0.02)

    def wait_ready(self):
        """The addresses of the nodes."""
        self.wait_for("output", "Stop it with")
        return re.search(r"connect to\s+(\S+)", self.text("output")).group(1).split(",")

    def end(self, how=signal.SIGTERM):
        """The exit status."""
        self.process.send_signal(how)
        return self.process.wait(timeout=60)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.end(signal.SIGKILL)
        self.files.cleanup()


class DevTest(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.data = os.path.join(scratch.name, "data")

    def dev(self, *arguments):
        run = Dev(self.data, *arguments)
        self.addCleanup(run.__exit__)
        return run

    def refused(self, *arguments, status=1):
        """Standard error of a run that ends by itself with `status`."""
        run = self.dev(*arguments)
        self.assertEqual(run.process.wait(timeout=60), status, run.text("log"))
        self.assertNotIn("is ready", run.text("output"))
        return run.text("log")

    def brokers(self, address):
        """The addresses that kcat finds, by the number of the broker."""
        listing = subprocess.run(["kcat", "-b", address, "-L"], timeout=60, capture_output=True,
                                 text=True, check=True).stdout
        return dict(re.findall(r"broker (\d) at (\S+)", listing))


class ThreeNodes(DevTest):
    def test_each_node_serves_clients_and_names_all(self):
        addresses = self.dev().wait_ready()
        self.assertEqual(len(set(addresses)), 3)
        for address in addresses:
            self.assertEqual(self.brokers(address), dict(zip("123", addresses)))

    def test_a_topic_has_three_replicas_and_a_restart_keeps_it(self):
        addresses = self.dev().wait_ready()
        hw = Hw(addresses[0])
        hw.out("topic", "create", "orders", "--partitions", "6")
        subprocess.run(["kcat", "-P", "-b", ",".join(addresses), "-t", "orders", "-X", "acks=all"],
                       input="".join(f"{line}\n" for line in range(1000)), text=True, timeout=60,
                       check=True)
        for partition in hw.json("partition", "list"):
            self.assertEqual(sorted(partition["replicas"]), [1, 2, 3])
        for how in (signal.SIGTERM, signal.SIGKILL):
            self.run_again(how)

    def run_again(self, how):
        """Ends the newest run, and reads the topic in another one."""
        self.nodes.end(how)
        addresses = self.dev().wait_ready()
        read = subprocess.run(["kcat", "-C", "-b", addresses[1], "-t", "orders", "-o", "beginning",
                               "-e", "-q"], timeout=60, capture_output=True, text=True,
                              check=True).stdout
        self.assertEqual(sorted(map(int, read.split())), list(range(1000)))

    def dev(self, *arguments):
        self.nodes = super().dev(*arguments)
        return self.nodes

    def test_its_log_names_the_node_and_its_greeting_all_of_them(self):
        run = self.dev()
        addresses = run.wait_ready()
        output, log = run.text("output"), run.text("log")
        self.assertRegex(output, r"^highwater [\d.]+ is ready: 3 nodes of cluster \S{22}\.\n")
        self.assertIn(f"hw partition list -b {addresses[0]}\n", output)
        for number in (1, 2, 3):
            self.assertIn(f"INFO  node {number}: node: listening on {addresses[number - 1]} "
                          "(PLAINTEXT)\n", log)

    def test_it_stops_cleanly_within_seconds(self):
        run = self.dev()
        Hw(run.wait_ready()[0]).out("topic", "create", "orders")
        begin = time.monotonic()
        self.assertEqual(run.end(signal.SIGINT), 0)
        self.assertLess(time.monotonic() - begin, 5)
        self.assertTrue(run.text("output").endswith("highwater has stopped.\n"))
        for number in (1, 2, 3):
            marker = os.path.join(self.data, f"node{number}", ".kafka_cleanshutdown")
            self.assertTrue(os.path.exists(marker), marker)

    def test_a_stop_writes_the_high_watermarks(self):
        run = self.dev()
        hw = Hw(run.wait_ready()[0])
        hw.out("topic", "create", "orders")
        hw.out("produce", "orders", stdin="a\nb\n")
        run.end()
        found = []
        for number in (1, 2, 3):
            path = os.path.join(self.data, f"node{number}", "replication-offset-checkpoint")
            with open(path, encoding="utf-8") as file:
                found += re.findall(r"^orders 0 (\d+)$", file.read(), re.MULTILINE)
        # A follower may know of the last records only after its next fetch.
        self.assertEqual(len(found), 3)
        self.assertIn("2", found)

    def test_a_stop_during_the_start_is_a_success(self):
        run = self.dev()
        run.wait_for("log", "this is a new cluster")
        self.assertEqual(run.end(), 0, run.text("log"))

    def test_the_nodes_take_every_second_port(self):
        port = free_ports(5)
        addresses = self.dev("--listen", f"127.0.0.1:{port}").wait_ready()
        self.assertEqual(addresses, [f"127.0.0.1:{port + more}" for more in (0, 2, 4)])

    def test_if_one_node_cannot_start_all_are_stopped(self):
        port = free_ports(5)
        with socket.create_server(("127.0.0.1", port + 2)):
            error = self.refused("--listen", f"127.0.0.1:{port}")
        self.assertIn(f"highwater: node 2: listen on 127.0.0.1:{port + 2}: Address already in use",
                      error)
        self.assertIn("Choose another port in `listeners` (--listen and --controller-listen)",
                      error)
        self.assertEqual(len(self.dev("--listen", f"127.0.0.1:{port}").wait_ready()), 3)

    def test_a_data_directory_that_is_in_use(self):
        self.dev().wait_ready()
        self.assertIn(f"{self.data}/node1/.lock is locked: another broker uses this data directory",
                      self.refused())

    def test_a_node_whose_data_is_missing(self):
        run = self.dev()
        run.wait_ready()
        run.end()
        os.rename(os.path.join(self.data, "node2"), os.path.join(self.data, "lost"))
        self.assertIn(f"{self.data}/node2 has no data, but {self.data}/node1 and "
                      f"{self.data}/node3 has", self.refused())
        os.rename(os.path.join(self.data, "lost"), os.path.join(self.data, "node2"))
        self.assertEqual(len(self.dev().wait_ready()), 3)


class OneNode(DevTest):
    def test_nodes_1_is_one_broker(self):
        run = self.dev("--nodes", "1")
        addresses = run.wait_ready()
        self.assertEqual(self.brokers(addresses[0]), {"1": addresses[0]})
        self.assertNotIn("Note", run.text("output"))
        self.assertRegex(run.text("log"), r"INFO  node: listening on ")

    def test_a_directory_of_one_node_stays_one_node_and_says_so(self):
        with Broker(data=self.data) as broker:
            Hw(broker.address).out("topic", "create", "orders")
            Hw(broker.address).out("produce", "orders", stdin="a\n")
            broker.stop()
        run = self.dev()
        addresses = run.wait_ready()
        remark = f"the data in {self.data} is of one node, so one node runs"
        self.assertIn(remark, run.text("output"))
        self.assertIn(remark, run.text("log"))
        self.assertEqual(self.brokers(addresses[0]), {"1": addresses[0]})
        self.assertEqual(Hw(addresses[0]).out("consume", "orders", "--from", "beginning",
                                              "--exit-at-end"), "a\n")
        run.end()
        self.assertIn("is of one node, and the number of nodes cannot be changed",
                      self.refused("--nodes", "3", status=2))


class WrongInput(DevTest):
    def test_a_number_of_nodes_that_is_not_possible(self):
        for count in ("0", "2", "4", "-1", "three"):
            error = self.refused(f"--nodes={count}", status=2)
            self.assertIn(f"--nodes '{count}' must be 1 or 3", error)
        self.assertFalse(os.path.exists(self.data))

    def test_data_of_three_nodes_with_nodes_1(self):
        run = self.dev()
        run.wait_ready()
        run.end()
        self.assertIn(f"--nodes 1: the data in {self.data} is of 3 nodes, and the number of nodes "
                      "cannot be changed", self.refused("--nodes", "1", status=2))
        again = self.dev("--nodes", "1", "--fresh")
        self.assertEqual(len(again.wait_ready()), 1)
        again.end()
        self.assertFalse(os.path.exists(os.path.join(self.data, "node1")))
        self.assertEqual(len(self.dev("--fresh").wait_ready()), 3)

    def test_a_key_that_each_node_has_its_own_value_of(self):
        self.assertIn("--set node.id=7: each of the 3 nodes has its own value of node.id",
                      self.refused("--set", "node.id=7", status=2))

    def test_a_wrong_key_is_reported_once_not_by_each_node(self):
        error = self.refused("--set", "nmu.partitions=3", status=2)
        self.assertEqual(error.count("did you mean 'num.partitions'"), 1, error)

    def test_a_data_directory_that_cannot_be_made(self):
        with open(self.data, "w", encoding="utf-8"):
            pass
        error = self.refused()
        self.assertIn("Not a directory. A data directory (log.dirs) must be a directory that this "
                      "user may write to", error)

    def test_ports_that_do_not_exist(self):
        self.assertIn("highwater dev: --listen 127.0.0.1:65532: node 3 would need port 65536",
                      self.refused("--listen", "127.0.0.1:65532", status=2))


if __name__ == "__main__":
    unittest.main()
