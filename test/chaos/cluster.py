"""Three nodes, each controller and broker, on hosts and disks of their own."""

import json
import os
import signal
import subprocess
import time

from lab import Disk, Network, end_with_parent

NUMBERS = (1, 2, 3)
CLIENT = 100
STOP_SECONDS = 60
# Much more than a healthy cluster needs; a machine that is shared needs it at times.
HEAL_SECONDS = 90
LOG_TAIL = 25


class ChaosFailure(Exception):
    """The cluster broke a promise; the text says which."""


def program(name):
    """A program of the build, named by its variable, as ctest sets it."""
    return os.environ[name]


class Node:
    """The process of one node, which can be started again, and its disks: one data directory on
    each, that of the metadata log on the first."""

    def __init__(self, number, folder, network, disks):
        self.number = number
        self.host = network.hosts[number]
        self.disks = disks
        self.directories = [os.path.join(disk.folder, "data") for disk in disks]
        self.address = f"{network.address(number)}:9092"
        self.log = os.path.join(folder, f"node{number}.log")
        self.file = os.path.join(folder, f"node{number}.properties")
        self.process = None
        voters = ",".join(f"{each}@{network.address(each)}:9093" for each in NUMBERS)
        with open(self.file, "w", encoding="utf-8") as file:
            file.write(f"node.id={number}\nprocess.roles=broker,controller\n"
                       f"listeners=PLAINTEXT://{self.address},"
                       f"CONTROLLER://{network.address(number)}:9093\n"
                       "controller.listener.names=CONTROLLER\n"
                       f"controller.quorum.voters={voters}\n"
                       f"log.dirs={','.join(self.directories)}\n"
                       # Small enough that segments are rolled, and that a fault lasts longer.
                       "log.segment.bytes=1048576\n"
                       "replica.lag.time.max.ms=3000\n")

    def format(self, cluster_id):
        with open(self.log, "a", encoding="utf-8") as log:
            subprocess.run([program("HIGHWATER"), "format", "-t", cluster_id, "-c", self.file],
                           timeout=60, check=True, stdout=log, stderr=log)

    def start(self):
        with open(self.log, "a", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                self.host.inside(program("HIGHWATER"), "server", "-c", self.file),
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=end_with_parent)

    def signal(self, which):
        self.check_running()
        self.process.send_signal(which)

    def kill(self):
        self.check_running()
        self.process.kill()
        self.process.wait(timeout=STOP_SECONDS)
        self.process = None

    def stop(self):
        """Ends the process in order."""
        self.signal(signal.SIGTERM)
        self.wait_stopped()

    def wait_stopped(self):
        try:
            status = self.process.wait(timeout=STOP_SECONDS)
        except subprocess.TimeoutExpired:
            raise ChaosFailure(f"node {self.number} has not ended {STOP_SECONDS} s after "
                               "SIGTERM") from None
        self.process = None
        if status != 0:
            raise ChaosFailure(f"node {self.number} ended with status {status} after SIGTERM")

    def lose_power(self):
        self.check_running()
        for disk in self.disks:
            disk.lose_power()

    def fail_directory(self):
        """The last disk answers with errors from now on; the process goes on with the others."""
        self.check_running()
        self.disks[-1].lose_power()

    def die_without_power(self):
        """Some nodes end by themselves at the first error of their disk, before they are killed."""
        self.process.kill()
        self.process.wait(timeout=STOP_SECONDS)
        self.process = None

    def restore_power(self):
        self.repair()
        self.start()

    def repair(self):
        """The disks work again. The process has ended."""
        for disk in self.disks:
            if not disk.has_power:
                disk.restore()

    def check_running(self):
        if self.process is not None and self.process.poll() is not None:
            raise ChaosFailure(f"node {self.number} ended by itself with status "
                               f"{self.process.returncode}")

    def log_tail(self):
        if not os.path.exists(self.log):
            return ""
        with open(self.log, encoding="utf-8", errors="replace") as log:
            return "".join(log.readlines()[-LOG_TAIL:])

    def close(self):
        if self.process is not None:
            # A stopped process would be gone only after it was continued.
            self.process.send_signal(signal.SIGCONT)
            self.process.kill()
            self.process.wait()
            self.process = None


class Cluster:
    """The nodes with their network and disks, and what clients see of them."""

    def __init__(self, folder):
        self.folder = folder
        self.network = Network((*NUMBERS, CLIENT))
        self.client = self.network.hosts[CLIENT]
        self.nodes = []
        try:
            for number in NUMBERS:
                disks = [Disk(os.path.join(folder, f"{name}.img"), os.path.join(folder, name))
                         for name in (f"node{number}", f"node{number}-further")]
                self.nodes.append(Node(number, folder, self.network, disks))
        except BaseException:
            self.close()
            raise
        self.servers = ",".join(node.address for node in self.nodes)

    def node(self, number):
        return self.nodes[number - 1]

    def start(self):
        cluster_id = subprocess.run([program("HIGHWATER"), "random-uuid"], timeout=60,
                                    capture_output=True, text=True, check=True).stdout.strip()
        for node in self.nodes:
            node.format(cluster_id)
        for node in self.nodes:
            node.start()

    def hw(self, *arguments, timeout=15):
        """A completed run of `hw` on the client's host."""
        return subprocess.run(
            self.client.inside(program("HW"), *arguments, "-b", self.servers, "--timeout",
                               str(timeout)),
            capture_output=True, text=True, timeout=timeout + 30, check=False)

    def create_topic(self, name, partitions, durability):
        """The id of the new topic."""
        self.wait_for(self.serves, "all brokers in service")
        done = self.hw("topic", "create", name, "--partitions", str(partitions),
                       "--replication-factor", "3", "--config", "min.insync.replicas=2",
                       "--config", f"highwater.durability={durability}", timeout=60)
        if done.returncode != 0:
            raise ChaosFailure(f"topic {name} was not created: {done.stderr.strip()}")
        described = self.hw("topic", "describe", name)
        return next(line.split()[1] for line in described.stdout.splitlines()
                    if line.startswith("Id "))

    def serves(self):
        """Whether all brokers serve clients."""
        done = self.hw("cluster", "brokers", "-o", "json", timeout=2)
        brokers = json.loads(done.stdout) if done.returncode == 0 else []
        return sum(not broker["fenced"] for broker in brokers) == len(NUMBERS)

    def partitions(self):
        """The partitions as one of the brokers shows them; none if no broker answers."""
        done = self.hw("partition", "list", "-o", "json", timeout=2)
        return json.loads(done.stdout) if done.returncode == 0 else []

    def missing_replicas(self):
        """What keeps the cluster from being in sync, in words; empty if nothing does."""
        partitions = self.partitions()
        if not partitions:
            return "no broker lists the partitions"
        return ", ".join(f"{each['topic']}-{each['partition']} has only {each['isr']} in sync"
                         for each in partitions if len(each["isr"]) < len(NUMBERS))

    def check_running(self):
        for node in self.nodes:
            node.check_running()

    def wait_in_sync(self):
        missing = ["not asked yet"]

        def is_in_sync():
            missing[0] = self.missing_replicas()
            return not missing[0]

        self.wait_for(is_in_sync, "all replicas in sync", lambda: missing[0])

    def wait_for(self, condition, what, explain=lambda: ""):
        """Polls `condition`; a node that ends, or too long a wait, fails the run."""
        deadline = time.monotonic() + HEAL_SECONDS
        while not condition():
            self.check_running()
            if time.monotonic() > deadline:
                raise ChaosFailure(f"{HEAL_SECONDS} s after the end of all faults the cluster does "
                                   f"not have {what}: {explain()}")
            time.sleep(0.05)

    def stop(self):
        for node in self.nodes:
            node.signal(signal.SIGTERM)
        for node in self.nodes:
            node.wait_stopped()

    def close(self):
        for node in self.nodes:
            node.close()
        for node in self.nodes:
            for disk in node.disks:
                disk.unmount()
        self.network.close()
