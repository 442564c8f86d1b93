"""Three brokers of one cluster, for measurements of replication."""

import json
import os
import shutil
import signal
import subprocess
import tempfile
import time

from server import STOP_SECONDS, Failure, free_port

NODES = (1, 2, 3)
START_SECONDS = 30


class Cluster:
    """Three processes, each broker and controller, with directories below `parent`; node N is in
    rack rN. A `with` block stops them and removes the directories at its end.
    """

    def __init__(self, programs, parent):
        self.highwater, self.hw = programs
        os.makedirs(parent, exist_ok=True)
        self.directory = tempfile.mkdtemp(prefix="hw-bench-", dir=parent)
        self.processes = {}
        self.addresses = {node: f"127.0.0.1:{free_port()}" for node in NODES}

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for process in self.processes.values():
            process.send_signal(signal.SIGTERM)
        for process in self.processes.values():
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        shutil.rmtree(self.directory)

    def start(self):
        controllers = {node: f"127.0.0.1:{free_port()}" for node in NODES}
        voters = ",".join(f"{node}@{address}" for node, address in controllers.items())
        cluster_id = run(self.highwater, "random-uuid").strip()
        for node in NODES:
            path = os.path.join(self.directory, f"node{node}.properties")
            with open(path, "w", encoding="ascii") as file:
                file.write(f"process.roles=broker,controller\nnode.id={node}\nbroker.rack=r{node}\n"
                           f"listeners=PLAINTEXT://{self.addresses[node]},"
                           f"CONTROLLER://{controllers[node]}\n"
                           "controller.listener.names=CONTROLLER\n"
                           f"controller.quorum.voters={voters}\n"
                           f"log.dirs={self.directory}/data{node}\n"
                           "replica.selector.class="
                           "org.apache.kafka.common.replica.RackAwareReplicaSelector\n")
            run(self.highwater, "format", "--cluster-id", cluster_id, "--config", path)
            self.start_node(node)
        self.wait_for("three live brokers", lambda: len(self.brokers()) == len(NODES))

    def start_node(self, node):
        with open(os.path.join(self.directory, f"node{node}.log"), "ab") as log:
            self.processes[node] = subprocess.Popen(
                [self.highwater, "server", "--config", f"{self.directory}/node{node}.properties"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)

    def wait_for(self, what, is_there):
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                if is_there():
                    return
            except Failure:
                pass
            ended = [node for node, process in self.processes.items() if process.poll() is not None]
            if ended or time.monotonic() > deadline:
                raise Failure(f"no {what} after {START_SECONDS} s; ended nodes: {ended}")
            time.sleep(0.1)

    @property
    def bootstrap(self):
        return ",".join(self.addresses.values())

    def brokers(self):
        listed = self.json("cluster", "brokers")
        return [broker for broker in listed if not broker.get("fenced")]

    def json(self, *arguments):
        return json.loads(run(self.hw, *arguments, "-b", self.bootstrap, "-o", "json"))

    def create(self, topic, replicas, durability):
        """Creates a topic with one partition, and returns the node that leads it."""
        run(self.hw, "topic", "create", topic, "--partitions", "1", "--replication-factor",
            str(replicas), "--config", f"highwater.durability={durability}", "-b", self.bootstrap)
        self.wait_for(f"ISR of {replicas}", lambda: len(self.partition(topic)["isr"]) == replicas)
        return self.partition(topic)["leader"]

    def partition(self, topic):
        return self.json("partition", "list", "--topic", topic)[0]

    def drive(self, load, topic, arguments):
        """Runs a load of `hw perf`; returns its report, and the CPU seconds of each node."""
        before = {node: self.cpu_seconds(node) for node in NODES}
        report = json.loads(run(self.hw, "perf", load, "--topic", topic, "-b", self.bootstrap, "-o",
                                "ndjson", *arguments))
        if report["failure"] or report["errors"]:
            raise Failure(report["failure"] or f"not all was acknowledged: {report['errors']}")
        return report, {node: self.cpu_seconds(node) - before[node] for node in NODES}

    def cpu_seconds(self, node):
        with open(f"/proc/{self.processes[node].pid}/stat", encoding="ascii") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def run(*command):
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    except OSError as error:
        raise Failure(f"cannot start '{command[0]}': {error}") from error
    if done.returncode != 0:
        raise Failure(f"{' '.join(command[:3])}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout
