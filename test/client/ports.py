"""Ports for servers that are started later."""

import atexit
import socket


def free_port():
    """A free port of the loopback address, which is kept until this process ends: the system gives
    it to no connection and to no other test, also while its server is down. A server can listen on
    it, as long as it sets SO_REUSEADDR."""
    return free_ports(1)


def free_ports(count):
    """The first of `count` free ports in a row, which are kept as that of `free_port`."""
    while True:
        first = _keep(0)
        try:
            for more in range(1, count):
                _keep(first + more)
            return first
        except (OSError, OverflowError):  # taken, or beyond the last port
            continue


def _keep(port):
    keeper = socket.socket()
    atexit.register(keeper.close)
    # The option comes after bind: with it, bind could take a port that another test keeps.
    keeper.bind(("127.0.0.1", port))
    keeper.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    return keeper.getsockname()[1]
