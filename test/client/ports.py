"""Ports for servers that are started later."""

import random
import socket


def free_port():
    """A port that is free now. It is below those that the kernel gives to connections, so that no
    connection of another test takes it before the server does."""
    while True:
        port = random.SystemRandom().randint(10_000, 32_000)
        try:
            with socket.create_server(("127.0.0.1", port)):
                return port
        except OSError:
            continue
