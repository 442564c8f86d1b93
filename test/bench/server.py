"""Starts the server of a measurement, runs loads on it, stops it, and removes its files."""

import json
import os
import select
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1] / "client"))

from ports import free_port

START_SECONDS = 60
STOP_SECONDS = 30
LAST_LINES = 5


class Failure(Exception):
    """A measurement that failed; the text says why."""


class Server:
    """A server process with its own data directory below `parent`. A `with` block stops the process
    and removes the directory at its end.

    `command` is a line of shell words; {dir}, {port} and {partitions} in it are replaced by the
    directory, the port, and the number of partitions of the topic that is measured.
    """

    def __init__(self, command, parent, partitions=1):
        self.port = free_port()
        os.makedirs(parent, exist_ok=True)
        self.directory = tempfile.mkdtemp(prefix="hw-bench-", dir=parent)
        self.log = tempfile.TemporaryFile()
        words = [word.replace("{dir}", self.directory).replace("{port}", str(self.port))
                 .replace("{partitions}", str(partitions)) for word in shlex.split(command)]
        self.started = time.monotonic()
        try:
            self.process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=self.log,
                                            stderr=subprocess.STDOUT)
        except OSError as error:
            shutil.rmtree(self.directory)
            raise Failure(f"cannot start '{command}': {error}") from error

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()
        shutil.rmtree(self.directory)

    def drive(self, driver, load, arguments):
        """Runs a load against the server, which may still be starting; returns its report."""
        command = [*shlex.split(driver), load, "-b", f"127.0.0.1:{self.port}", "-o", "ndjson",
                   "--pid", str(self.process.pid), "--wait", str(START_SECONDS), *arguments]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True) as process:
            if self.server_ends_first(process):
                process.kill()
                raise Failure(f"the server ended with status {self.process.wait()}: "
                              f"{self.last_lines()}")
            output, errors = process.communicate()
        if not output:
            raise Failure(errors.strip())
        report = json.loads(output)
        if process.returncode != 0:
            raise Failure(report["failure"] or f"not all was acknowledged: {report['errors']}")
        return report

    def server_ends_first(self, driver):
        """Waits until the driver or the server ends; true if the server ended first."""
        descriptors = [os.pidfd_open(process.pid) for process in (driver, self.process)]
        ended, _, _ = select.select(descriptors, [], [])
        first_is_server = descriptors[0] not in ended
        for descriptor in descriptors:
            os.close(descriptor)
        return first_is_server

    def last_lines(self):
        self.log.seek(0)
        lines = self.log.read().decode(errors="replace").strip().splitlines()
        return " | ".join(lines[-LAST_LINES:]) or "it printed nothing"

    def resident_bytes(self):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as status:
            for line in status:
                if line.startswith("VmRSS:"):
                    return int(line.split()[1]) * 1024
        raise Failure("the kernel shows no VmRSS of the server: has it ended?")
