"""The cases of the bench: runs them and computes their figures."""

import os
import shutil
import time
from dataclasses import dataclass
from statistics import median

from server import Failure, Server

IDLE_SECONDS = 5
LATENCY_SECONDS = 5
STARTS = 3
MIN_FREE = 64 << 20
CHUNK = bytes(4 << 20)
READABLE_BYTES = 256_000_000  # small enough for the page cache
MAX_IDLE_BYTES = 30_000_000  # of resident memory; more fails --check
MAX_LOSS = 0.05  # compared with another binary; more fails --check


@dataclass(frozen=True)
class Case:
    """A row of the table: the load, and where the files are."""

    name: str
    text: str
    command: str  # of the driver
    arguments: tuple
    bytes: int | None  # of a run; None if the run has a fixed time
    durability: str
    has_toy: bool = True
    min_ratio: float | None = None  # to the toy's throughput; less fails --check
    partitions: int = 1


LARGE = ("--batch-size", "65536")
CASES = (
    Case("batches", "64 KiB batches, acks=1, memory", "produce", (*LARGE, "--acks", "1"),
         2_000_000_000, "memory", min_ratio=0.5),
    Case("records", "single 1 KiB records, acks=1, memory", "produce",
         ("--batch-size", "1", "--acks", "1"), 500_000_000, "memory", min_ratio=0.35),
    Case("durable", "64 KiB batches, acks=-1, disk", "produce", (*LARGE, "--acks", "-1"),
         500_000_000, "disk", has_toy=False),
    Case("partitions", "64 KiB batches, to 8 partitions", "produce", (*LARGE, "--acks", "1"),
         2_000_000_000, "memory", min_ratio=0.5, partitions=8),
    Case("fetch", "fetches of 1 MiB, cached", "fetch", ("--fetch-size", "1048576"),
         4_000_000_000, "memory", partitions=8),
    Case("tail", "8 partitions, read while produced", "produce",
         (*LARGE, "--acks", "1", "--tail", "1"), 1_000_000_000, "memory", partitions=8),
    Case("latency", "1,000 records/s, acks=-1, memory", "latency",
         ("--rate", "1000", "--acks", "-1"), None, "memory"),
    Case("durable-latency", "1,000 records/s, acks=-1, disk", "latency",
         ("--rate", "1000", "--acks", "-1"), None, "disk", has_toy=False),
)

# The compared figures, and their paths in a report. More is better only for throughput.
FIGURES = {
    "throughput": ("megabytesPerSecond",),
    "CPU": ("brokerCpuSecondsPerGb",),
    "p50": ("latencyMs", "p50"),
    "p99": ("latencyMs", "p99"),
    "p99.9": ("latencyMs", "p999"),
}


def figures_of(case):
    """The figures of a case. A load at a fixed rate measures no throughput, and sends too few bytes
    to measure CPU."""
    return ("p50", "p99", "p99.9") if case.command == "latency" else ("throughput", "CPU", "p50",
                                                                     "p99")


class Bench:
    """Runs the cases on the compared servers."""

    def __init__(self, options):
        self.options = options

    def sides(self, case):
        """Name and command of each server; the first is the base of the comparison."""
        if self.options.against:
            return {"old": self.options.against, "broker": self.options.broker}
        if case.has_toy:
            return {"toy": self.options.toy, "broker": self.options.broker}
        return {"broker": self.options.broker}

    def compare(self, case):
        """Makes alternating runs A, B, A, B ... and does not count the first pair."""
        sides, pairs = self.sides(case), []
        try:
            for number in range(self.options.pairs + 1):
                pair = {side: self.one(case, command, side != "toy")
                        for side, command in sides.items()}
                if number > 0:
                    pairs.append(pair)
        except Failure as failure:
            return {"case": case.name, "text": case.text, "failure": str(failure)}
        return {"case": case.name, "text": case.text, "failure": None, "pairs": pairs,
                **summary(pairs, figures_of(case))}

    def one(self, case, command, is_broker):
        in_memory = case.durability == "memory"
        parent = self.options.memory_dir if in_memory else self.options.disk_dir
        max_bytes = min(self.options.bytes, writable_bytes(parent))
        topic = ("--partitions", str(case.partitions))
        if is_broker and not self.options.plain:
            topic += ("--durability", case.durability)
        if case.bytes:
            amount = ("--bytes", str(min(case.bytes, max_bytes)))
        else:
            amount = ("--seconds", str(self.options.latency_seconds))
        written = READABLE_BYTES if case.command == "fetch" else case.bytes or 0
        if in_memory:
            warm_memory(parent, min(written, max_bytes))
        with Server(command, parent, case.partitions) as server:
            if case.command == "fetch":
                server.drive(self.options.driver, "produce",
                             [*topic, "--acks", "1", "--bytes", str(min(written, max_bytes))])
                topic = ()
            else:
                server.drive(self.options.driver, "produce", ["--topic", "first", "--bytes", "1"])
            before = machine_cpu()
            report = server.drive(self.options.driver, case.command,
                                  [*case.arguments, *topic, *amount])
            return {**report, "foreign_cpu": foreign_share(before, machine_cpu(), report)}

    def cold_starts(self):
        """Measures the ms from exec to the first acknowledged batch, and then the resident bytes
        after some time without load."""
        commands = {"broker": self.options.broker}
        if self.options.against:
            commands = {"old": self.options.against, **commands}
        starts = {side: [] for side in commands}
        resident = {side: [] for side in commands}
        try:
            for _ in range(STARTS):
                for side, command in commands.items():
                    started, bytes_held = self.cold_start(command)
                    starts[side].append(started)
                    resident[side].append(bytes_held)
        except Failure as failure:
            return {"failure": str(failure)}
        result = {"failure": None, "idle_seconds": self.options.idle_seconds,
                  "start_ms": starts["broker"], "start_ms_median": median(starts["broker"]),
                  "resident_bytes": resident["broker"],
                  "resident_bytes_median": median(resident["broker"])}
        if self.options.against:
            result["ratios"] = {"start": ratios_of(starts["broker"], starts["old"]),
                                "resident": ratios_of(resident["broker"], resident["old"])}
        return result

    def cold_start(self, command):
        with Server(command, self.options.memory_dir) as server:
            server.drive(self.options.driver, "produce", ["--bytes", "1"])
            started = (time.monotonic() - server.started) * 1e3
            time.sleep(self.options.idle_seconds)
            return started, server.resident_bytes()


def check(rows, start):
    """Yields a sentence for each ratio to the toy, and for idle memory, beyond its limit."""
    minimum = {case.name: case.min_ratio for case in CASES}
    for row in rows:
        ratio = row.get("ratios", {}).get("throughput")
        if ratio and minimum[row["case"]] and ratio["median"] < minimum[row["case"]]:
            yield (f"{row['text']}: {ratio['median']:.2f} of the toy's throughput; the minimum is "
                   f"{minimum[row['case']]}")
    if start and not start["failure"] and start["resident_bytes_median"] > MAX_IDLE_BYTES:
        yield (f"the idle broker has {start['resident_bytes_median']} resident bytes; the maximum "
               f"is {MAX_IDLE_BYTES}")


def check_against(rows, start):
    """Yields a sentence for each figure that is worse than the old binary's by more than allowed.
    """
    for row in (*rows, {"text": "start", **start} if start else {}):
        for figure, ratio in row.get("ratios", {}).items():
            if ratio is None:
                continue
            more_is_better = figure == "throughput"
            worse = 1 / ratio["median"] - 1 if more_is_better else ratio["median"] - 1
            if worse > MAX_LOSS:
                yield (f"{row['text']}: {figure} is {ratio['median']:.2f} times the old binary's "
                       f"({ratio['min']:.2f} to {ratio['max']:.2f}), which is more than "
                       f"{MAX_LOSS:.0%} worse")


def summary(pairs, figures):
    """Medians of both sides, and medians of the ratios of the pairs."""
    result = {}
    for side in pairs[0]:
        runs = [pair[side] for pair in pairs]
        result[side] = {key: median(run[key] for run in runs)
                        for key in ("megabytesPerSecond", "requestsPerSecond",
                                    "driverCpuSecondsPerGb", "brokerCpuSecondsPerGb")}
        result[side]["latencyMs"] = {key: median(run["latencyMs"][key] for run in runs)
                                      for key in ("p50", "p99", "p999", "max")}
        result[side]["foreign_cpu_max"] = max(run["foreign_cpu"] for run in runs)
    if len(pairs[0]) == 2:
        base = next(iter(pairs[0]))
        result["ratios"] = {
            name: ratios_of([value_in(pair["broker"], FIGURES[name]) for pair in pairs],
                            [value_in(pair[base], FIGURES[name]) for pair in pairs])
            for name in figures}
    return result


def value_in(report, path):
    for key in path:
        report = report[key]
    return report


def ratios_of(values, bases):
    """Ratios of pairs; None if a run was too short for a figure."""
    if any(base == 0 for base in bases):
        return None
    ratios = [value / base for value, base in zip(values, bases)]
    return {"median": median(ratios), "min": min(ratios), "max": max(ratios)}


def writable_bytes(directory):
    """Bytes that a run may write to a directory: half of the free space."""
    os.makedirs(directory, exist_ok=True)
    free = shutil.disk_usage(directory).free
    if free < MIN_FREE:
        raise Failure(f"{directory} has {free} free bytes; a measurement needs {MIN_FREE}")
    return free // 2


def warm_memory(directory, size):
    """Touches as much memory as a run will use, so that the host of a virtual machine provides it.
    """
    path = os.path.join(directory, f"hw-bench-warm-{os.getpid()}")
    try:
        with open(path, "wb") as file:
            for _ in range(-(-size // len(CHUNK))):
                file.write(CHUNK)
    finally:
        os.remove(path)


def machine_cpu():
    """CPU seconds of all cores since the machine started: in total, and busy or stolen."""
    with open("/proc/stat", encoding="ascii") as stat:
        ticks = [int(word) for word in stat.readline().split()[1:9]]
    user, nice, system, idle, iowait, irq, softirq, steal = ticks
    busy = user + nice + system + irq + softirq + steal
    hertz = os.sysconf("SC_CLK_TCK")
    return (busy + idle + iowait) / hertz, busy / hertz


def foreign_share(before, after, report):
    """Share of all cores that other processes used during a run, 0 to 1."""
    total, busy = (late - early for early, late in zip(before, after))
    per_gb = report["driverCpuSecondsPerGb"] + report["brokerCpuSecondsPerGb"]
    own = per_gb * report["bytes"] / 1e9
    return min(max((busy - own) / total, 0), 1) if total > 0 else 0
