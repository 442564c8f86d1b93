"""A member of a group of the consumer protocol (KIP-848). It sends heartbeats when a test says so.

The requests are ConsumerGroupHeartbeat 1 and Metadata 12, written by hand: the member does what a
test wants, also what no client would do, and needs no package."""

import socket
import struct
import uuid

METADATA, HEARTBEAT = 3, 68
LEAVES = -1


def varint(value):
    out = b""
    while value > 0x7F:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def text(value):
    """A compact string; None is null."""
    return b"\0" if value is None else varint(len(value) + 1) + value.encode()


def array(items):
    """A compact array of encoded items; None is null."""
    return b"\0" if items is None else varint(len(items) + 1) + b"".join(items)


class Answer:
    """Reads the fields of an answer, one after the other."""

    def __init__(self, data):
        self.data = data

    def take(self, size):
        taken, self.data = self.data[:size], self.data[size:]
        return taken

    def number(self, form):
        return struct.unpack(">" + form, self.take(struct.calcsize(form)))[0]

    def varint(self):
        value, shift = 0, 0
        while True:
            byte = self.take(1)[0]
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    def text(self):
        size = self.varint()
        return self.take(size - 1).decode() if size else None

    def array(self, item):
        return [item() for _ in range(self.varint() - 1)]

    def tags(self):
        for _ in range(self.varint()):
            self.varint()
            self.take(self.varint())


class ConsumerMember:
    """Joins with the first heartbeat. `owned` are the partitions that it says it has; a heartbeat
    does not change them, so a test decides when it takes and gives up what it was `assigned`.
    `interval` is the time until the next heartbeat in milliseconds, as the broker wants it."""

    def __init__(self, address, group, topic, client="member"):
        host, port = address.rsplit(":", 1)
        self.socket = socket.create_connection((host, int(port)), timeout=30)
        self.group, self.topic, self.client = group, topic, client
        self.id = str(uuid.uuid4())
        self.epoch = 0
        self.interval = None
        self.owned, self.assigned = [], []
        self.topic_id = self.find_topic()

    def call(self, key, version, body):
        head = struct.pack(">hhih", key, version, 1, len(self.client)) + self.client.encode()
        frame = head + b"\0" + body
        self.socket.sendall(struct.pack(">i", len(frame)) + frame)
        answer = Answer(self.receive(struct.unpack(">i", self.receive(4))[0]))
        answer.take(4)  # the correlation id
        answer.tags()
        return answer

    def receive(self, size):
        data = b""
        while len(data) < size:
            more = self.socket.recv(size - len(data))
            if not more:
                raise AssertionError("the broker has closed the connection")
            data += more
        return data

    def find_topic(self):
        """The id of the topic."""
        name = bytes(16) + text(self.topic) + b"\0"
        answer = self.call(METADATA, 12, array([name]) + b"\0\0\0")
        answer.number("i")

        def broker():
            answer.number("i"), answer.text(), answer.number("i"), answer.text(), answer.tags()

        answer.array(broker)
        answer.text(), answer.number("i"), answer.varint()  # cluster, controller, topics
        if answer.number("h") != 0:
            raise AssertionError(f"there is no topic {self.topic}")
        answer.text()
        return answer.take(16)

    def heartbeat(self, epoch=None):
        """Sends a heartbeat, and takes the epoch and the assignment of the answer."""
        joins = self.epoch == 0
        owned = [self.topic_id + array([struct.pack(">i", one) for one in self.owned]) + b"\0"]
        body = (text(self.group) + text(self.id) +
                struct.pack(">i", self.epoch if epoch is None else epoch) +
                text(None) + text(None) + struct.pack(">i", 60000 if joins else -1) +
                array([text(self.topic)] if joins else None) + text(None) + text(None) +
                array(owned if self.owned else []) + b"\0")
        answer = self.call(HEARTBEAT, 1, body)
        answer.number("i")
        code, message = answer.number("h"), answer.text()
        if code != 0:
            raise AssertionError(f"the heartbeat is refused with {code}: {message}")
        answer.text()
        self.epoch = answer.number("i")
        self.interval = answer.number("i")
        if answer.number("b") >= 0:
            self.assigned = []
            answer.array(lambda: self.take_topic(answer))

    def take_topic(self, answer):
        answer.take(16)
        self.assigned += answer.array(lambda: answer.number("i"))
        answer.tags()

    def follow(self):
        """Has what it is assigned, and says so."""
        self.owned = sorted(self.assigned)
        self.heartbeat()

    def leave(self):
        self.heartbeat(LEAVES)

    def close(self):
        self.socket.close()
