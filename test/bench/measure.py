"""The cases, and what one run of each gives."""

import os
import shutil
import time
from dataclasses import dataclass
from statistics import median

from server import Failure, Server

IDLE_SECONDS = 5
STARTS = 3
LEAST_FREE = 64 << 20
CHUNK = bytes(4 << 20)


@dataclass(frozen=True)
class Case:
    """One row of the table: what is sent, and where the files are."""

    name: str
    text: str
    arguments: tuple
    bytes: int
    durability: str
    least_ratio: float | None  # of the toy's throughput, below which --check fails; none: no toy


CASES = (
    Case("batches", "64 KiB batches, acks=1, memory",
         ("--batch-size", "65536", "--acks", "1"), 2_000_000_000, "memory", 0.5),
    Case("records", "single 1 KiB records, acks=1, memory",
         ("--batch-size", "1", "--acks", "1"), 500_000_000, "memory", 0.35),
    Case("durable", "64 KiB batches, acks=-1, disk",
         ("--batch-size", "65536", "--acks", "-1"), 500_000_000, "disk", None),
)
MOST_IDLE_BYTES = 30_000_000  # resident, above which --check fails


class Bench:
    """The servers that are compared, and how each run is made."""

    def __init__(self, options):
        self.options = options

    def compare(self, case):
        """Alternating runs: toy, broker, toy, broker ... One pair before them is not counted."""
        pairs = []
        try:
            for number in range(self.options.pairs + 1):
                pair = {"toy": self.one(case, self.options.toy, ())} if case.least_ratio else {}
                pair["broker"] = self.one(case, self.options.broker, self.durability(case))
                if number > 0:
                    pairs.append(pair)
        except Failure as failure:
            return {"case": case.name, "text": case.text, "failure": str(failure)}
        return {"case": case.name, "text": case.text, "failure": None, "pairs": pairs,
                **summary(pairs)}

    def durability(self, case):
        return () if self.options.plain else ("--durability", case.durability)

    def one(self, case, command, arguments):
        in_memory = case.durability == "memory"
        parent = self.options.memory_dir if in_memory else self.options.disk_dir
        size = min(case.bytes, self.options.bytes, room_in(parent))
        if in_memory:
            warm_memory(parent, size)
        with Server(command, parent) as server:
            server.drive(self.options.driver, ["--topic", "first", "--bytes", "1"])
            before = machine_cpu()
            report = server.drive(self.options.driver,
                                  [*case.arguments, *arguments, "--bytes", str(size)])
            return {**report, "foreign_cpu": foreign_share(before, machine_cpu(), report)}

    def cold_starts(self):
        """ms from exec to the first acknowledged batch, and bytes resident after some idle time."""
        starts, resident = [], []
        try:
            for _ in range(STARTS):
                with Server(self.options.broker, self.options.memory_dir) as server:
                    server.drive(self.options.driver, ["--bytes", "1"])
                    starts.append((time.monotonic() - server.started) * 1e3)
                    time.sleep(self.options.idle_seconds)
                    resident.append(server.resident_bytes())
        except Failure as failure:
            return {"failure": str(failure)}
        return {"failure": None, "start_ms": starts, "start_ms_median": median(starts),
                "idle_seconds": self.options.idle_seconds, "resident_bytes": resident,
                "resident_bytes_median": median(resident)}


def check(rows, start):
    """Sentences about what is beyond its limit. Times have none: machines differ."""
    least = {case.name: case.least_ratio for case in CASES}
    for row in rows:
        ratio = row.get("throughput_ratio")
        if ratio and ratio["median"] < least[row["case"]]:
            yield (f"{row['text']}: {ratio['median']:.2f} of the toy's throughput; "
                   f"at least {least[row['case']]} is asked for")
    if start and not start["failure"] and start["resident_bytes_median"] > MOST_IDLE_BYTES:
        yield (f"idle, the broker holds {start['resident_bytes_median']} bytes; "
               f"{MOST_IDLE_BYTES} are allowed")


def summary(pairs):
    """Medians of both sides, and medians of the ratios of the pairs."""
    result = {}
    for side in pairs[0]:
        runs = [pair[side] for pair in pairs]
        result[side] = {key: median(run[key] for run in runs)
                        for key in ("megabytesPerSecond", "requestsPerSecond",
                                    "driverCpuSecondsPerGb", "brokerCpuSecondsPerGb")}
        result[side]["latencyMs"] = {key: median(run["latencyMs"][key] for run in runs)
                                      for key in ("p50", "p99", "max")}
        result[side]["foreign_cpu_max"] = max(run["foreign_cpu"] for run in runs)
    if "toy" in pairs[0]:
        result["throughput_ratio"] = ratios(pairs, "megabytesPerSecond")
        result["cpu_ratio"] = ratios(pairs, "brokerCpuSecondsPerGb")
    return result


def ratios(pairs, key):
    """Broker to toy, pair by pair; none where a run was too short for a figure of the toy."""
    if any(pair["toy"][key] == 0 for pair in pairs):
        return None
    values = [pair["broker"][key] / pair["toy"][key] for pair in pairs]
    return {"median": median(values), "min": min(values), "max": max(values)}


def room_in(directory):
    """Bytes that a run may write there: half of what is free."""
    os.makedirs(directory, exist_ok=True)
    free = shutil.disk_usage(directory).free
    if free < LEAST_FREE:
        raise Failure(f"{directory} has {free} bytes free; a measurement needs {LEAST_FREE}")
    return free // 2


def warm_memory(directory, size):
    """Touches as much memory as a run will: on a virtual machine the first touch is the host's."""
    path = os.path.join(directory, f"hw-bench-warm-{os.getpid()}")
    try:
        with open(path, "wb") as file:
            for _ in range(-(-size // len(CHUNK))):
                file.write(CHUNK)
    finally:
        os.remove(path)


def machine_cpu():
    """Seconds since the start of the machine: of all cores, and of them busy or stolen."""
    with open("/proc/stat", encoding="ascii") as stat:
        ticks = [int(word) for word in stat.readline().split()[1:9]]
    user, nice, system, idle, iowait, irq, softirq, steal = ticks
    busy = user + nice + system + irq + softirq + steal
    hertz = os.sysconf("SC_CLK_TCK")
    return (busy + idle + iowait) / hertz, busy / hertz


def foreign_share(before, after, report):
    """Share of all cores that others had during a run, 0 to 1."""
    total, busy = (late - early for early, late in zip(before, after))
    per_gb = report["driverCpuSecondsPerGb"] + report["brokerCpuSecondsPerGb"]
    own = per_gb * report["bytes"] / 1e9
    return min(max((busy - own) / total, 0), 1) if total > 0 else 0
