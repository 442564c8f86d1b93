"""Checks the data directories of stopped nodes: every batch is whole, and the replicas of a log
have the same bytes."""

import struct
import subprocess
from pathlib import Path

from cluster import ChaosFailure, program

# Of a record batch: base offset, length of what follows, leader epoch, magic, CRC, attributes and
# the offset of the last record relative to the base offset.
HEADER = struct.Struct(">qiibIhi")
LENGTH_END = 12
METADATA_LOG = "__cluster_metadata-0"


def batches(folder):
    """The batches of a log as {base offset: (end offset, bytes)}."""
    found = {}
    for segment in sorted(Path(folder).glob("*.log")):
        data, position = segment.read_bytes(), 0
        while position < len(data):
            if len(data) - position < HEADER.size:
                raise ChaosFailure(f"{segment} ends within the header of a batch at {position}")
            base, length, *_, last_delta = HEADER.unpack_from(data, position)
            end = position + LENGTH_END + length
            if length < HEADER.size - LENGTH_END or end > len(data):
                raise ChaosFailure(f"{segment} has no whole batch at {position}: its length is "
                                   f"{length}, {len(data) - position} bytes are left")
            found[base] = (base + last_delta + 1, data[position:end])
            position = end
    return found


def end_offset(log):
    return max((end for end, _ in log.values()), default=0)


def compare(name, logs):
    """The lowest end of the replicas' logs, given by node. Below it, and from where all logs have
    begun, they must have the same batches."""
    end = min(end_offset(log) for log in logs.values())
    start = max(min(log, default=0) for log in logs.values())
    first, *rest = logs
    for other in rest:
        compare_two(name, {node: logs[node] for node in (first, other)}, range(start, end))
    return end


def compare_two(name, logs, offsets):
    (one, first), (two, second) = logs.items()
    for base in sorted(base for base in first.keys() | second.keys() if base in offsets):
        if first.get(base) != second.get(base):
            raise ChaosFailure(
                f"{name}: the replicas of node {one} and node {two} differ at offset {base}: "
                f"{describe(first.get(base))}, and {describe(second.get(base))}")


def describe(batch):
    if batch is None:
        return "no batch begins here"
    end, data = batch
    _, length, epoch, _, crc, *_ = HEADER.unpack_from(data)
    return f"a batch up to offset {end} of epoch {epoch}, {length} bytes with CRC {crc:08x}"


def check_batches(folder):
    """Has `hw log dump` check the CRC and the records of every batch."""
    segments = sorted(str(path) for path in Path(folder).glob("*.log"))
    done = subprocess.run([program("HW"), "log", "dump", "--no-records", *segments],
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                          timeout=600, check=False)
    if done.returncode != 0:
        raise ChaosFailure(f"{folder} has damage: {done.stderr.strip()}")


def folder_of(name, directories):
    """The folder of a log, which is in one of a node's data directories."""
    found = [Path(directory) / name for directory in directories
             if (Path(directory) / name).exists()]
    if len(found) != 1:
        raise ChaosFailure(f"{name} is in {len(found)} of the directories {directories}")
    return found[0]


def verify(data_directories, watermarks):
    """Checks all logs of the nodes, whose data directories are given by number. `watermarks` are
    the offsets that readers have reached, by the name of the partition's folder; every replica
    must have the records below. Returns a sentence about what was checked."""
    names = [METADATA_LOG, *watermarks]
    count = 0
    for name in names:
        logs = {}
        for node, directories in data_directories.items():
            folder = folder_of(name, directories)
            check_batches(folder)
            logs[node] = batches(folder)
        end = compare(name, logs)
        count += sum(len(log) for log in logs.values())
        if end < watermarks.get(name, 1):
            ends = ", ".join(f"{end_offset(log)} on node {node}" for node, log in logs.items())
            raise ChaosFailure(f"{name}: readers have read up to {watermarks.get(name, 1)}, but "
                               f"the logs end at {ends}")
    return (f"{len(names)} logs on {len(data_directories)} nodes: {count} batches are whole, and "
            "the replicas are the same")
