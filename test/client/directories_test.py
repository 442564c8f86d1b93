"""A broker with two data directories, in a process of its own, starts while one of them cannot be
opened. A file is in its place, because permissions do not stop root."""

import os
import re
import signal
import time
import unittest

from hw import Hw
from nodes import ClusterTest, Node
from ports import free_port

PARTITIONS = 6


class Directories(ClusterTest):
    def setUp(self):
        super().setUp()
        voters = f"1@127.0.0.1:{free_port()}"
        self.controller, self.broker = (Node(number, self.folder, voters) for number in (1, 2))
        self.add(self.controller, self.broker)
        self.directories = [self.broker.data, os.path.join(self.folder, "more")]
        with open(self.broker.file, encoding="utf-8") as file:
            text = file.read().replace(f"log.dirs={self.broker.data}",
                                       f"log.dirs={','.join(self.directories)}")
        with open(self.broker.file, "w", encoding="utf-8") as file:
            file.write(text)
        self.start([self.controller, self.broker])
        self.hw = Hw(self.controller.address)
        self.hw.out("topic", "create", "orders", "--partitions", str(PARTITIONS),
                    "--replication-factor", "2")
        self.wait_out_of_sync(set())

    def wait_out_of_sync(self, wanted):
        """Waits until broker 2 is out of sync in these partitions, and in no other."""
        deadline = time.monotonic() + 60
        while True:
            found = {int(number) for number, isrs in re.findall(
                r"partition (\d+), leader -?\d+, replicas: \S+, isrs: ([\d,]+)",
                self.listing(self.controller)) if "2" not in isrs.split(",")}
            if found == wanted:
                return
            self.assertLess(time.monotonic(), deadline, self.listing(self.controller))
            time.sleep(0.05)

    def partitions_in(self, directory):
        """Waits for the folders of half of the partitions: they are made after the creation."""
        deadline = time.monotonic() + 60
        while True:
            found = {int(folder.removeprefix("orders-")) for folder in os.listdir(directory)
                     if folder.startswith("orders-")}
            if len(found) == PARTITIONS // 2:
                return found
            self.assertLess(time.monotonic(), deadline, found)
            time.sleep(0.05)

    def replace(self, directory):
        os.rename(directory, directory + ".aside")
        with open(directory, "w", encoding="utf-8"):
            pass

    def put_back(self, directory):
        os.remove(directory)
        os.rename(directory + ".aside", directory)

    def test_each_directory_of_a_broker_may_be_missing(self):
        for count, directory in enumerate(self.directories, start=1):
            there = self.partitions_in(directory)
            self.assertEqual(self.broker.end(signal.SIGTERM), 0, self.broker.log_text())
            self.replace(directory)
            self.start([self.broker])
            self.assertRegex(self.broker.log_text(),
                             f"data directory {directory} is offline until the next start: .*"
                             "Not a directory")
            self.assertIn(f"this node starts without the data directory {directory}. The replicas "
                          "there are offline here, and those in the other directories are served.",
                          self.broker.log_text())
            self.wait_out_of_sync(there)
            for partition in range(PARTITIONS):
                self.hw.out("produce", "orders", "--partition", str(partition), stdin="record\n")
                described = self.hw.out("partition", "describe", "orders", str(partition))
                self.assertEqual("its log directory on broker 2 has failed or is missing" in
                                 described, partition in there, described)
            self.assertEqual(self.broker.end(signal.SIGTERM), 0, self.broker.log_text())
            self.put_back(directory)
            self.start([self.broker])
            self.wait_out_of_sync(set())
            read = self.kcat("-C", "-b", self.broker.address, "-t", "orders", "-o", "beginning",
                             "-e", "-q").split()
            self.assertEqual(read, ["record"] * PARTITIONS * count)

    def test_no_directory_is_left(self):
        self.broker.end(signal.SIGTERM)
        for directory in self.directories:
            self.replace(directory)
        self.broker.start()
        self.broker.process.communicate(timeout=60)
        self.assertEqual(self.broker.process.returncode, 1)
        self.assertIn("Not a directory", self.broker.log_text())
        self.broker.process = None

    def test_the_directory_of_the_metadata_log_is_missing(self):
        self.controller.end(signal.SIGTERM)
        self.replace(self.controller.data)
        self.controller.start()
        self.controller.process.communicate(timeout=60)
        self.assertEqual(self.controller.process.returncode, 1)
        self.assertIn("Not a directory", self.controller.log_text())
        self.controller.process = None


if __name__ == "__main__":
    unittest.main()
