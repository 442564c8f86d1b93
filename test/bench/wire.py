"""The few requests that a measurement sends itself, because a process of `hw` for each takes longer
than what is measured."""

import socket
import struct

ELECT_LEADERS, PRODUCE = 43, 0
NONE = 0
TIMEOUT_MS = 30_000
CASTAGNOLI = 0x82F63B78


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (CASTAGNOLI if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def text(value):
    return struct.pack(">h", len(value)) + value.encode()


def batch():
    """A batch of one record with value `v`, without a timestamp."""
    record = bytes((0, 0, 0, 1, 2)) + b"v" + bytes(1)  # attributes, deltas, null key, value
    body = struct.pack(">hiqqqhii", 0, 0, 0, 0, -1, -1, -1, 1) + bytes((2 * len(record),)) + record
    after_length = struct.pack(">ib", -1, 2) + struct.pack(">I", crc32c(body)) + body
    return struct.pack(">qi", 0, len(after_length)) + after_length


class Client:
    """One connection to a broker."""

    def __init__(self, address):
        host, port = address.split(":")
        self.socket = socket.create_connection((host, int(port)), timeout=TIMEOUT_MS / 1000)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def call(self, key, version, body):
        """Sends a request and returns the body of the answer."""
        request = struct.pack(">hhi", key, version, 1) + text("bench") + body
        self.socket.sendall(struct.pack(">i", len(request)) + request)
        return self.read(struct.unpack(">i", self.read(4))[0])[4:]

    def read(self, size):
        data = b""
        while len(data) < size:
            part = self.socket.recv(size - len(data))
            if not part:
                raise ConnectionError("the broker closed the connection")
            data += part
        return data

    def elect_preferred(self, topic, partition):
        """Gives a partition to its preferred leader; returns the error code of the partition when
        that is committed."""
        body = struct.pack(">i", 1) + text(topic) + struct.pack(">iii", 1, partition, TIMEOUT_MS)
        answer = self.call(ELECT_LEADERS, 0, body)
        at = 4 + 4 + 2 + len(topic) + 4 + 4  # throttle, topics, name, partitions, index
        return struct.unpack_from(">h", answer, at)[0]

    def produce(self, topic, partition):
        """Sends one record with acks=1; returns the error code."""
        records = batch()
        body = (struct.pack(">hhii", -1, 1, TIMEOUT_MS, 1) + text(topic) +
                struct.pack(">iii", 1, partition, len(records)) + records)
        answer = self.call(PRODUCE, 3, body)
        return struct.unpack_from(">h", answer, 4 + 2 + len(topic) + 4 + 4)[0]
