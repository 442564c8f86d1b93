"""Real clients find the broker, and wrong input does not harm it."""

import os
import random
import socket
import struct
import subprocess
import tempfile
import unittest

from kafka import KafkaAdminClient

from broker import Broker

SEED = 20


def kcat(broker, *arguments):
    return subprocess.run(["kcat", "-b", broker.address, *arguments], capture_output=True,
                          text=True, timeout=60, check=True).stdout


def send(broker, data):
    """Sends bytes, shuts down its sending side, and returns all bytes that the broker sends."""
    with socket.create_connection((broker.host, broker.port), timeout=30) as peer:
        peer.sendall(data)
        peer.shutdown(socket.SHUT_WR)
        received = b""
        try:
            while part := peer.recv(65536):
                received += part
        except ConnectionResetError:
            pass
        return received


def request(key, version, body=b"", size=None):
    frame = struct.pack(">hhih", key, version, 7, -1) + body
    return struct.pack(">i", len(frame) if size is None else size) + frame


class RealClients(unittest.TestCase):
    def test_kcat_lists_the_broker(self):
        with Broker() as broker:
            listing = kcat(broker, "-L")
            self.assertIn(f"broker 1 at {broker.address} (controller)", listing)
            self.assertIn("0 topics", listing)

    def test_kcat_reports_that_a_topic_does_not_exist(self):
        with Broker("--set", "auto.create.topics.enable=false") as broker:
            self.assertIn("Unknown topic or partition", kcat(broker, "-L", "-t", "nothing"))

    def test_the_admin_client_of_kafka_python_connects(self):
        with Broker() as broker:
            client = KafkaAdminClient(bootstrap_servers=broker.address)
            self.assertEqual(client.list_topics(), [])
            client.close()

    def test_bytes_after_a_request_are_ignored(self):
        with Broker() as broker:
            body = struct.pack(">i", 0)
            self.assertEqual(send(broker, request(3, 1, body + b"xyz")),
                             send(broker, request(3, 1, body)))

    def test_many_connections_are_served_and_forgotten(self):
        with Broker() as broker:
            peers = [socket.create_connection((broker.host, broker.port)) for _ in range(200)]
            for peer in peers:
                peer.sendall(request(18, 0))
            for peer in peers:
                self.assertEqual(peer.recv(10)[4:8], struct.pack(">i", 7))
                peer.close()
            self.assertIn("broker 1", kcat(broker, "-L"))


class WrongClients(unittest.TestCase):
    """Each client gets an error or loses its connection. The broker continues to serve, and its log
    says why."""

    def check(self, data, reason, answer=b""):
        with Broker() as broker:
            self.assertEqual(send(broker, data), answer)
            self.assertIn("broker 1", kcat(broker, "-L"))
            status, log = broker.stop()
            self.assertEqual(status, 0)
            if reason:
                self.assertIn(reason, log)

    def test_a_huge_frame(self):
        self.check(struct.pack(">i", 2**31 - 1), "2147483647 bytes; a request has 0 to 104857600")

    def test_a_negative_frame(self):
        self.check(struct.pack(">i", -5), "announced a request of -5 bytes")

    def test_another_protocol(self):
        self.check(b"GET / HTTP/1.1\r\n\r\n", "Does it speak another protocol, or TLS?")

    def test_a_frame_that_is_cut(self):
        self.check(request(3, 1, size=100), None)

    def test_an_unknown_api(self):
        self.check(request(99, 0), "API key 99 is not served here")

    def test_an_unsupported_version(self):
        self.check(request(3, 99), "Metadata version 99 is not served; versions 0 to 13 are")

    def test_a_request_that_is_too_short(self):
        self.check(request(3, 1), "the message ends inside a number")

    def test_an_array_that_cannot_fit(self):
        self.check(request(3, 1, struct.pack(">i", 2**30)), "an array has more than 1000000")

    def test_an_unknown_version_of_api_versions_is_answered_with_the_list(self):
        with Broker() as broker:
            answer = send(broker, request(18, 99))
        size, correlation, code, count = struct.unpack(">iihi", answer[:14])
        self.assertEqual((size, correlation, code), (len(answer) - 4, 7, 35))
        apis = set(struct.iter_unpack(">hhh", answer[14:]))
        self.assertEqual(len(apis), count)
        self.assertLessEqual({(3, 0, 13), (18, 0, 5)}, apis)

    def test_random_bytes(self):
        chance = random.Random(SEED)
        with Broker() as broker:
            for _ in range(200):
                noise = chance.randbytes(chance.randrange(1, 300))
                if chance.random() < 0.5:
                    noise = struct.pack(">i", len(noise)) + noise
                send(broker, noise)
            self.assertIn("broker 1", kcat(broker, "-L"))
            self.assertEqual(broker.stop()[0], 0)


class CommandLine(unittest.TestCase):
    def run_highwater(self, *arguments):
        return subprocess.run([os.environ["HIGHWATER"], *arguments], capture_output=True,
                              text=True, timeout=60, check=False)

    def test_a_busy_port(self):
        with Broker() as broker:
            with tempfile.TemporaryDirectory() as data:
                second = self.run_highwater("dev", "-n1", "--listen", broker.address, "-d", data)
            self.assertEqual(second.returncode, 1)
            self.assertIn(f"listen on {broker.address}: Address already in use", second.stderr)
            self.assertIn("Choose another port", second.stderr)

    def test_an_invalid_address(self):
        wrong = self.run_highwater("dev", "--listen", "127.0.0.1:99999")
        self.assertEqual(wrong.returncode, 2)
        self.assertIn("--listen '127.0.0.1:99999' has no port", wrong.stderr)
        self.assertIn("65535", wrong.stderr)

    def test_an_unknown_command_and_an_unknown_option(self):
        self.assertEqual(self.run_highwater("serve").returncode, 2)
        self.assertEqual(self.run_highwater("dev", "--port", "1").returncode, 2)

    def test_help_and_version(self):
        self.assertIn("highwater dev", self.run_highwater("--help").stdout)
        self.assertIn("--listen", self.run_highwater("dev", "--help").stdout)
        self.assertRegex(self.run_highwater("--version").stdout, r"^highwater \d+\.\d+\.\d+$")

    def test_a_requested_stop_is_a_success(self):
        with Broker() as broker:
            self.assertEqual(broker.stop()[0], 0)


if __name__ == "__main__":
    unittest.main()
