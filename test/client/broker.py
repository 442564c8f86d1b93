"""Starts and stops a broker for a test."""

import os
import re
import signal
import subprocess
import tempfile


class Broker:
    """One node of `highwater dev` on free ports of the loopback address; clients connect to
    `address`."""

    def __init__(self, *arguments, data=None):
        """`data` is the directory of an earlier broker; without it the broker gets a new one."""
        self.scratch = tempfile.TemporaryDirectory() if data is None else None
        self.data = data or self.scratch.name
        self.process = subprocess.Popen(
            [os.environ["HIGHWATER"], "dev", "--nodes", "1", "--listen", "127.0.0.1:0",
             "--controller-listen", "127.0.0.1:0", "--data-dir", self.data, *arguments],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.address = None
        for line in self.process.stdout:
            found = re.search(r"connect to\s+(\S+)", line)
            if found:
                self.address = found.group(1)
                break
        if self.address is None:
            raise AssertionError("no broker: " + self.process.stderr.read())
        self.host, port = self.address.rsplit(":", 1)
        self.port = int(port)

    def stop(self):
        """Stops the broker with SIGTERM; returns its exit status and its log."""
        self.process.send_signal(signal.SIGTERM)
        output, log = self.process.communicate(timeout=30)
        has_stopped = output.endswith("highwater has stopped.\n")
        if has_stopped != (self.process.returncode == 0):
            raise AssertionError(f"status {self.process.returncode} after the output: {output}")
        return self.process.returncode, log

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.communicate()
        if self.scratch is not None:
            self.scratch.cleanup()
