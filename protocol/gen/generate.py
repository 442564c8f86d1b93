"""Generates C++ from schemas: see README.md. Run by CMake; writes only files whose text changed."""

import argparse
import os
import sys
from dataclasses import dataclass

import lock
from check import check_files
from emit_random import emit_random_header, emit_random_source
from emit_source import distribute, emit_source
from emit_struct import emit_header
from emit_table import emit_keys, emit_table
from model import SchemaError
from parse import parse_folder
from resolve import resolve_files


@dataclass(frozen=True)
class Target:
    """Include prefix and namespace of the generated code."""

    prefix: str
    namespace: str


def _arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--schemas", required=True, help="folder of the .hws files")
    parser.add_argument("--out", help="folder for the generated files; without it, only check")
    parser.add_argument("--prefix", help="path of that folder in #include lines")
    parser.add_argument("--namespace", default="hw::schema")
    parser.add_argument("--shards", type=int, default=1, help="number of sources")
    parser.add_argument("--table", action="store_true", help="emit the API table")
    parser.add_argument("--lock", help="file with the hashes of released versions")
    parser.add_argument("--extend-lock", action="store_true", help="add new versions to the lock")
    return parser.parse_args()


def load(folder):
    files = parse_folder(folder)
    resolve_files(files)
    check_files(files)
    return files


def outputs(files, target, shards, table):
    """Yields (relative path, lines) for each generated file."""
    for file in files:
        yield f"{file.folder}/{file.stem}.h", emit_header(file, target)
    yield "api_key.h", emit_keys(files, target)
    if table:
        yield "api_table.h", emit_table(files, target)
    for number, content in enumerate(distribute(files, shards)):
        yield f"shard_{number}.cpp", emit_source(content, target)
    yield "random.h", emit_random_header(files, target)
    yield "random.cpp", emit_random_source(files, target)


def write_if_changed(path, text):
    try:
        with open(path, encoding="utf-8") as stream:
            if stream.read() == text:
                return
    except FileNotFoundError:
        os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as stream:
        stream.write(text)


def main():
    arguments = _arguments()
    try:
        files = load(arguments.schemas)
        if arguments.extend_lock:
            lock.extend(files, arguments.lock)
        elif arguments.lock:
            lock.require(files, arguments.lock)
    except SchemaError as error:
        print(error, file=sys.stderr)
        return 1
    if arguments.out:
        target = Target(arguments.prefix, arguments.namespace)
        for path, lines in outputs(files, target, arguments.shards, arguments.table):
            write_if_changed(os.path.join(arguments.out, path), "\n".join(lines) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
