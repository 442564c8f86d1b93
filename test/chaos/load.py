"""The load of one topic: a process of chaos_client, and what it tells."""

import collections
import dataclasses
import json
import os
import re
import subprocess
import threading
import time

from cluster import ChaosFailure, program
from lab import end_with_parent

FINISH_SECONDS = 300
# Of librdkafka's text for a fatal error: the first sequence number of the refused batch, and the
# last one of the batch before it that may have been appended.
AFTER_POSSIBLY_PERSISTED = re.compile(
    r"base seq (\d+), .*MsgPossiblyPersisted, base seq \d+\.\.(\d+)")


def microseconds():
    """On the clock of chaos_client and of the history."""
    return time.monotonic_ns() // 1000


@dataclasses.dataclass(frozen=True)
class Topic:
    name: str
    id: str
    partitions: int
    durability: str


def is_fault_of_client(fatal):
    """Whether librdkafka has caused this fatal error itself. Before version 2.3 it takes a batch
    for appended when its connection is lost, sends the next one first, and believes the
    OUT_OF_ORDER_SEQUENCE_NUMBER that it gets."""
    if "rewound sequence number" in fatal:
        return True  # the same, after several batches
    found = AFTER_POSSIBLY_PERSISTED.search(fatal)
    return found is not None and int(found[1]) == int(found[2]) + 1


class Load:
    """A running chaos_client."""

    def __init__(self, cluster, topic):
        self.partitions = topic.partitions
        self.history = os.path.join(cluster.folder, f"history-{topic.name}.jsonl")
        with open(self.history, "w", encoding="utf-8") as history:
            event = {"event": "topic", "id": topic.id, "name": topic.name,
                     "durability": topic.durability}
            history.write(json.dumps(event) + "\n")
        self.lock = threading.Lock()
        self.acks = {partition: collections.deque(maxlen=20_000)
                     for partition in range(topic.partitions)}
        self.failures = []
        self.new_producer_ids = []
        self.broken_producers = []
        self.out_of_range = []
        self.ends = {}
        self.errors = os.path.join(cluster.folder, f"client-{topic.name}.log")
        with open(self.errors, "w", encoding="utf-8") as errors:
            self.process = subprocess.Popen(
                cluster.client.inside(program("CHAOS_CLIENT"), cluster.servers, topic.name,
                                      topic.id, str(topic.partitions), self.history),
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True,
                preexec_fn=end_with_parent)
        self.listener = threading.Thread(target=self.listen, daemon=True)
        self.listener.start()

    def listen(self):
        for line in self.process.stdout:
            kind, *words = line.split()
            with self.lock:
                if kind == "ack":
                    self.acks[int(words[0])].append((int(words[1]), int(words[2])))
                elif kind == "failed":
                    self.failures.append((words[0], int(words[1]), words[2]))
                elif kind == "fatal":
                    self.broken_producers.append(line.strip())
                elif kind == "producer-id":
                    self.new_producer_ids.append(line.strip())
                elif kind == "out-of-range":
                    self.out_of_range.append(line.strip())
                elif kind == "end":
                    self.ends[int(words[0])] = int(words[1])

    def first_acks(self, since):
        """For each partition, when the first record was acknowledged that the probe sent at or
        after `since`; partitions without one are left out."""
        with self.lock:
            firsts = {partition: min((done for invoked, done in acks if invoked >= since),
                                     default=None)
                      for partition, acks in self.acks.items()}
        return {partition: done for partition, done in firsts.items() if done is not None}

    def longest_gap(self, begin, end):
        """The longest time in which a partition acknowledged nothing of the probe's."""
        with self.lock:
            times = [sorted([begin, *(done for _, done in acks if begin < done < end), end])
                     for acks in self.acks.values()]
        return max(later - earlier for each in times for earlier, later in zip(each, each[1:]))

    def all_acknowledged(self, since):
        self.check_running()
        return len(self.first_acks(since)) == self.partitions

    def failures_between(self, begin, end):
        with self.lock:
            return [failure for failure in self.failures if begin <= failure[1] <= end]

    def check_running(self):
        if self.process.poll() is not None:
            raise ChaosFailure(f"the load ended by itself with {self.process.returncode}: "
                               f"{self.error_text()}")

    def error_text(self):
        with open(self.errors, encoding="utf-8") as errors:
            return errors.read().strip()

    def finish(self):
        """Ends the load, and waits until the final read has passed the end of all partitions."""
        self.process.stdin.close()
        try:
            status = self.process.wait(timeout=FINISH_SECONDS)
        except subprocess.TimeoutExpired:
            raise ChaosFailure("sends have not ended, or the final read has not, "
                               f"{FINISH_SECONDS} s after the end of all faults") from None
        self.listener.join()
        if status != 0:
            raise ChaosFailure(f"the load failed: {self.error_text()}")

    def close(self):
        self.process.kill()
        self.process.wait()
