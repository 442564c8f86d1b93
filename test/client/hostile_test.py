"""While clients misbehave, the broker always answers a good client, and its memory stays bounded.

The broker has 256 MiB (highwater.memory.limit). In each test some peers misbehave while a good
client produces, fetches and asks for ApiVersions. The test prints how long the good client waited.
On a quiet machine, p99 should be under 50 ms.
"""

import contextlib
import os
import resource
import socket
import struct
import threading
import time
import unittest

from broker import Broker

MIB = 1 << 20
LIMIT = 256 * MIB
SLACK = 64 * MIB
BYTES_PER_CONNECTION = 8 * 1024
MAX_WAIT = 10.0  # seconds; enough for a busy machine
LOAD_SECONDS = float(os.environ.get("HOSTILE_SECONDS", "5"))
PRODUCE, FETCH, METADATA, API_VERSIONS, CREATE_TOPICS = 0, 1, 3, 18, 19


def text(value):
    return struct.pack(">h", len(value)) + value.encode()


def request(key, version, body, correlation=1):
    head = struct.pack(">hhi", key, version, correlation) + text("hostile")
    return struct.pack(">i", len(head) + len(body)) + head + body


def crc32c(data):
    table = crc32c.__dict__.setdefault("table", [])
    if not table:
        for index in range(256):
            value = index
            for _ in range(8):
                value = (value >> 1) ^ (0x82F63B78 if value & 1 else 0)
            table.append(value)
    crc = 0xFFFFFFFF
    for byte in data:
        crc = (crc >> 8) ^ table[(crc ^ byte) & 0xFF]
    return crc ^ 0xFFFFFFFF


def varint(value):
    value = (value << 1) ^ (value >> 63)
    out = b""
    while value > 0x7F:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def batch(size):
    """One batch of one record with a value of `size` bytes."""
    record = b"\0" + varint(0) + varint(0) + varint(-1) + varint(size) + b"v" * size + varint(0)
    record = varint(len(record)) + record
    now = int(time.time() * 1000)
    body = struct.pack(">hiqqqhii", 0, 0, now, now, -1, -1, -1, 1) + record
    return struct.pack(">qiib", 0, 9 + len(body), 0, 2) + struct.pack(">I", crc32c(body)) + body


def produce(topic, records, acks=1, partition=0):
    part = struct.pack(">ii", partition, len(records)) + records
    return request(PRODUCE, 7, struct.pack(">hhii", -1, acks, 30000, 1) + text(topic) +
                   struct.pack(">i", 1) + part)


def fetch(topic, offset, max_bytes, times=1, correlation=1):
    part = struct.pack(">iqi", 0, offset, max_bytes)
    return request(FETCH, 4, struct.pack(">iiiibi", -1, 100, 1, max_bytes, 0, 1) + text(topic) +
                   struct.pack(">i", times) + part * times, correlation)


def create(topic):
    body = struct.pack(">i", 1) + text(topic) + struct.pack(">ihii", 1, 1, 0, 0)
    return request(CREATE_TOPICS, 2, body + struct.pack(">ib", 10000, 0))


def error_of_produce(got, topic):
    return struct.unpack(">h", got[4 + 4 + 2 + len(topic) + 4 + 4:][:2])[0]


def receive(peer, size):
    data = b""
    while len(data) < size:
        more = peer.recv(size - len(data))
        if not more:
            raise ConnectionError("the broker ended the connection")
        data += more
    return data


def answer(peer):
    size, = struct.unpack(">i", receive(peer, 4))
    return receive(peer, size)


class GoodClient(threading.Thread):
    """Asks for ApiVersions on new connections; produces and fetches on one that stays open."""

    def __init__(self, broker):
        super().__init__()
        self.broker, self.waits, self.failure, self.ends = broker, [], None, False

    def ask(self, peer, what):
        start = time.monotonic()
        peer.sendall(what)
        got = answer(peer)
        self.waits.append(time.monotonic() - start)
        return got

    def run(self):
        try:
            with self.connect() as old:
                record = batch(1000)
                while not self.ends:
                    with self.connect() as new:
                        self.ask(new, request(API_VERSIONS, 0, b""))
                    got = self.ask(old, produce("good", record))
                    code = error_of_produce(got, "good")
                    if code != 0:
                        raise AssertionError(f"Produce is answered with error {code}")
                    offset, = struct.unpack(">q", got[4 + 4 + 6 + 4 + 4 + 2:][:8])
                    # Fetches until the record is durable: when memory is short, a Fetch does not
                    # wait for that.
                    end = time.monotonic() + MAX_WAIT
                    while b"v" * 1000 not in self.ask(old, fetch("good", offset, MIB)):
                        if time.monotonic() > end:
                            raise AssertionError(f"the record at {offset} is not fetched")
                    time.sleep(0.002)
        except Exception as failure:  # raised again by the test's thread
            self.failure = failure

    def connect(self):
        return socket.create_connection((self.broker.host, self.broker.port), MAX_WAIT)


class HostileClients(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        cls.files = hard

    def setUp(self):
        self.broker = Broker("--set", f"highwater.memory.limit={LIMIT}")
        self.addCleanup(self.broker.__exit__)
        self.peers = []
        self.addCleanup(lambda: [peer.close() for peer in self.peers])
        with self.connect() as peer:
            for topic in ("good", "large"):
                peer.sendall(create(topic))
                answer(peer)
                # Each data loop learns of the topic separately.
                while self.is_unknown(topic):
                    time.sleep(0.01)
        self.max_resident = 0

    def is_unknown(self, topic):
        for _ in range(8):
            with self.connect() as peer:
                peer.sendall(produce(topic, batch(1)))
                if error_of_produce(answer(peer), topic):
                    return True
        return False

    def connect(self, receive_buffer=None):
        peer = socket.socket()
        if receive_buffer:
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        peer.settimeout(30)
        peer.connect((self.broker.host, self.broker.port))
        self.peers.append(peer)
        return peer

    def fill(self, megabytes):
        """Appends batches of nearly 1 MiB for peers that fetch and do not read."""
        records = batch(MIB - 200)
        with self.connect() as peer:
            for _ in range(megabytes):
                peer.sendall(produce("large", records))
                answer(peer)

    def resident(self):
        with open(f"/proc/{self.broker.process.pid}/status", encoding="ascii") as status:
            return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmRSS"))

    @contextlib.contextmanager
    def good_client(self):
        """Runs the good client during the block; then checks its waits and the memory."""
        good = GoodClient(self.broker)
        good.start()
        try:
            yield good
            self.watch(LOAD_SECONDS)
        finally:
            good.ends = True
            good.join()
        if good.failure:
            raise good.failure
        waits = sorted(good.waits)
        self.assertGreater(len(waits), 10)
        self.assertLess(waits[-1], MAX_WAIT)
        bound = LIMIT + SLACK + BYTES_PER_CONNECTION * len(self.peers)
        print(f"{self.id().split('.')[-1]}: {len(waits)} answers, p50 "
              f"{waits[len(waits) // 2] * 1000:.1f} ms, p99 "
              f"{waits[len(waits) * 99 // 100] * 1000:.1f} ms, max {waits[-1] * 1000:.1f} ms; "
              f"resident {self.max_resident / MIB:.0f} of {bound / MIB:.0f} MiB", flush=True)
        self.assertLess(self.max_resident, bound)

    def watch(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.max_resident = max(self.max_resident, self.resident())
            self.assertIsNone(self.broker.process.poll(), "the broker has ended")
            time.sleep(0.02)

    def send_and_forget(self, peer, data):
        """Sends as much of `data` as the broker accepts, in a separate thread."""
        def run():
            with contextlib.suppress(OSError):
                peer.sendall(data)
        threading.Thread(target=run, daemon=True).start()

    def test_four_announced_requests_that_never_come(self):
        with self.good_client():
            self.announce(4)

    def test_two_hundred_announced_requests_that_never_come(self):
        with self.good_client():
            self.announce(200)

    def test_small_announced_requests_that_never_come(self):
        with self.good_client():
            self.announce(400, MIB)

    def announce(self, count, size=100 * MIB):
        for _ in range(count):
            self.connect().sendall(struct.pack(">i", size) + b"\0\0\0\7\0\0\0\1\0\4x")

    def test_slow_senders(self):
        peers = [self.connect() for _ in range(60)]
        for peer in peers:
            peer.sendall(struct.pack(">i", 100 * MIB))
        piece = b"\0" * (256 * 1024)
        with self.good_client():
            for peer in peers:
                peer.setblocking(False)
            end = time.monotonic() + LOAD_SECONDS
            while time.monotonic() < end:
                for peer in peers:
                    with contextlib.suppress(OSError):
                        peer.send(piece)
                self.watch(0.05)

    def test_slow_readers(self):
        self.fill(60)
        with self.good_client():
            for _ in range(30):
                self.connect(4096).sendall(fetch("large", 0, 100 * MIB))

    def test_pipelined_large_fetches(self):
        self.fill(60)
        with self.good_client():
            for _ in range(8):
                peer = self.connect(4096)
                self.send_and_forget(peer, b"".join(
                    fetch("large", 0, 100 * MIB, correlation=n) for n in range(128)))

    def test_a_produce_of_a_million_partitions(self):
        body = (struct.pack(">hhii", -1, 1, 1000, 1) + text("good") +
                struct.pack(">i", 1_000_000) +
                (struct.pack(">ii", 7, 32) + b"\0" * 32) * 1_000_000)
        with self.good_client():
            for _ in range(4):
                self.send_and_forget(self.connect(), request(PRODUCE, 7, body))

    def test_a_fetch_of_one_partition_300000_times(self):
        with self.good_client():
            for _ in range(4):
                self.send_and_forget(self.connect(), fetch("good", 0, 1000, times=300_000))

    def test_idle_connections(self):
        # Stays below the file limits of this process and of the broker, which reserves half of its
        # files for logs, and a tenth of its connections for cluster members.
        count = min(10_000, int(self.files * 0.35))
        for _ in range(count):
            self.connect()
        with self.good_client():
            pass


if __name__ == "__main__":
    unittest.main(verbosity=2)
