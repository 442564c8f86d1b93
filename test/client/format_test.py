"""`highwater format` and `random-uuid`, and nodes that start from formatted directories."""

import os
import re
import shutil
import signal
import subprocess
import tempfile
import unittest

from ports import free_port

GOLDEN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "golden", "kafka")
CLUSTER = "q1Sh-9_ISia_zwGINzRvyQ"


def run(*arguments, status=0):
    """Standard output, or standard error if `status` is not 0, of `highwater` with `arguments`."""
    done = subprocess.run([os.environ["HIGHWATER"], *arguments], capture_output=True, text=True,
                          timeout=60, check=False)
    if done.returncode != status:
        raise AssertionError(f"status {done.returncode}: {done.stdout}{done.stderr}")
    return done.stderr if status else done.stdout


def seen_cluster(port):
    """The cluster id that kafka-python gets."""
    from kafka.admin import KafkaAdminClient
    admin = KafkaAdminClient(bootstrap_servers=f"127.0.0.1:{port}")
    try:
        return admin.describe_cluster()["cluster_id"]
    finally:
        admin.close()


class Format(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = scratch.name
        self.port = free_port()
        self.controller = free_port()
        self.file = self.write(1, self.port, "broker,controller",
                               f",CONTROLLER://127.0.0.1:{self.controller}")

    def write(self, number, port, roles, listener=""):
        """Writes the configuration of a node with two data directories; returns its path."""
        path = os.path.join(self.folder, f"node{number}.properties")
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"process.roles={roles}\nnode.id={number}\n"
                       f"listeners=PLAINTEXT://127.0.0.1:{port}{listener}\n"
                       "controller.listener.names=CONTROLLER\n"
                       f"controller.quorum.voters=1@127.0.0.1:{self.controller}\n"
                       f"log.dirs={self.path(number, 'a')},{self.path(number, 'b')}\n")
        return path

    def path(self, number, *names):
        return os.path.join(self.folder, f"data{number}", *names)

    def text(self, number, *names):
        with open(self.path(number, *names), encoding="utf-8") as file:
            return file.read()

    def format(self, *arguments, file=None, cluster=CLUSTER, status=0):
        return run("format", "--cluster-id", cluster, "-c", file or self.file, *arguments,
                   status=status)

    def start(self, number, file, cluster=CLUSTER):
        """Starts a node and waits until it is ready; any cluster will do if `cluster` is empty."""
        log = os.path.join(self.folder, f"node{number}.log")
        with open(log, "w", encoding="utf-8") as stderr:
            process = subprocess.Popen([os.environ["HIGHWATER"], "server", "-c", file], text=True,
                                       stdout=subprocess.PIPE, stderr=stderr)
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        banner = process.stdout.readline()
        with open(log, encoding="utf-8") as text:
            self.assertIn(f"is ready: node {number} of cluster {cluster}", banner, text.read())
        return process

    def test_a_random_uuid_is_a_word_that_format_takes(self):
        ids = [run("random-uuid") for _ in range(20)]
        self.assertEqual(len(set(ids)), len(ids))
        for each in ids:
            self.assertRegex(each, r"\A[A-Za-z0-9_][A-Za-z0-9_-]{21}\n\Z")
        self.format(cluster=ids[0].strip())

    def test_nodes_start_from_formatted_directories(self):
        broker_port = free_port()
        broker = self.write(2, broker_port, "broker")
        self.assertEqual(
            self.format(),
            f"Formatting metadata directory {self.path(1, 'a')} with metadata.version 4.3-IV0.\n"
            f"Formatting data directory {self.path(1, 'b')} with metadata.version 4.3-IV0.\n")
        self.format(file=broker)
        self.assertFalse(os.path.exists(self.path(2, "a", "__cluster_metadata-0")))
        ids = [re.search(r"directory.id=(\S+)", self.text(*where, "meta.properties"))[1]
               for where in ((1, "a"), (1, "b"), (2, "a"), (2, "b"))]
        self.assertEqual(len(set(ids)), 4)
        processes = []
        for number, file, port in ((1, self.file, self.port), (2, broker, broker_port)):
            processes.append(self.start(number, file))
            self.assertEqual(seen_cluster(port), CLUSTER)
        for process in reversed(processes):
            process.send_signal(signal.SIGTERM)
            self.assertEqual(process.wait(timeout=30), 0)
        self.assertIn('"leaderEpoch":1', self.text(1, "a", "__cluster_metadata-0", "quorum-state"))

    def test_a_node_starts_from_directories_that_kafka_formatted(self):
        for name in "ab":
            os.makedirs(self.path(1, name))
            with open(self.path(1, name, "meta.properties"), "w", encoding="utf-8") as file:
                file.write("#\n#Mon Nov 23 00:35:12 UTC 2026\nnode.id=1\n"
                           f"directory.id=zWWi5vAsn2gpyYn2f3X6c{'gw'[name == 'b']}\nversion=1\n"
                           f"cluster.id={CLUSTER}\n")
            shutil.copy(os.path.join(GOLDEN, "bootstrap.checkpoint"), self.path(1, name))
        self.start(1, self.file)

    def test_formatted_directories_are_refused_or_kept(self):
        self.format()
        before = self.text(1, "a", "meta.properties")
        self.assertIn(f"{self.path(1, 'a')} is already formatted, for this cluster and node. Use "
                      "--ignore-formatted", self.format(status=1))
        shutil.rmtree(self.path(1, "b"))
        self.assertEqual(
            self.format("--ignore-formatted"),
            f"Formatting data directory {self.path(1, 'b')} with metadata.version 4.3-IV0.\n")
        self.assertEqual(self.format("-g"), "All of the log directories are already formatted.\n")
        self.assertEqual(self.text(1, "a", "meta.properties"), before)

    def test_directories_of_another_cluster_or_node(self):
        self.format()
        self.assertIn(f"belongs to cluster {CLUSTER}, this node to cluster other",
                      self.format(cluster="other", status=1))
        self.assertIn("belongs to node 1, this is node 9: wrong data directory? If it holds "
                      "nothing that you need",
                      self.format("--set", "node.id=9", "--set",
                                  f"controller.quorum.voters=9@127.0.0.1:{self.controller}",
                                  status=1))

    def test_a_directory_in_use(self):
        self.start(1, self.file, cluster="")
        os.remove(self.path(1, "b", "meta.properties"))
        cluster = re.search(r"cluster.id=(\S+)", self.text(1, "a", "meta.properties"))[1]
        self.assertIn(f"{self.path(1, 'b')}/.lock is locked: another broker uses this data",
                      self.format("-g", cluster=cluster, status=1))

    def test_wrong_input(self):
        self.assertIn("--cluster-id is missing", run("format", "-c", self.file, status=2))
        self.assertIn("--config is missing", run("format", "-t", CLUSTER, status=2))
        self.assertIn("must have 1 to 255 printable", self.format(cluster=" x", status=1))
        self.assertIn("highwater format: cannot read '/nowhere'",
                      self.format(file="/nowhere", status=1))
        self.assertIn("did you mean 'num.partitions'?",
                      self.format("--set", "nmu.partitions=3", status=2))
        with open(self.file, "a", encoding="utf-8") as file:
            file.write("nmu.partitions=3\n")
        self.assertIn("did you mean 'num.partitions'?", self.format(status=1))
        self.assertFalse(os.path.exists(self.path(1)))

    def test_a_disk_that_cannot_be_written(self):
        with open(self.path(1), "w", encoding="utf-8"):
            pass
        self.assertIn("A data directory (log.dirs) must be a directory",
                      self.format(status=1))


if __name__ == "__main__":
    unittest.main()
