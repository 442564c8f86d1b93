"""What a member of a group tells the test that has started it, as lines of JSON."""

import json
import sys
import threading
import time


def report(event, **fields):
    """Prints an event with its time, in seconds of the machine's monotonic clock."""
    print(json.dumps({"at": time.monotonic(), "event": event, **fields}), flush=True)


def leaving():
    """An event that is set when standard input ends, which tells the member to leave."""
    told = threading.Event()

    def wait():
        sys.stdin.read()
        told.set()

    threading.Thread(target=wait, daemon=True).start()
    return told
