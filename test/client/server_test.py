"""`highwater server` starts with a file like Kafka's, and reports what is wrong with a bad file."""

import os
import resource
import signal
import socket
import subprocess
import tempfile
import unittest

from broker import Broker
from hw import Hw
from ports import free_port

# The keys and values of the file that Kafka ships for a single node.
PROPERTIES = """\
process.roles=broker,controller
node.id=7
controller.quorum.voters=7@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{clients},CONTROLLER://127.0.0.1:{controller}
inter.broker.listener.name=PLAINTEXT
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SSL:SSL
num.network.threads=3
num.io.threads=8
socket.request.max.bytes=104857600
log.dirs={data}
num.partitions=1
offsets.topic.replication.factor=1
transaction.state.log.min.isr=1
log.retention.hours=168
log.segment.bytes=1073741824
log.retention.check.interval.ms=300000
"""


class Server(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.data = os.path.join(scratch.name, "data")
        self.file = os.path.join(scratch.name, "server.properties")
        self.clients = free_port()
        with open(self.file, "w", encoding="utf-8") as file:
            file.write(PROPERTIES.format(clients=self.clients, controller=free_port(),
                                         data=self.data))

    def command(self, *arguments):
        return [os.environ["HIGHWATER"], "server", "-c", self.file, *arguments]

    def start(self, stderr=subprocess.DEVNULL, preexec_fn=None):
        process = subprocess.Popen(self.command(), stdout=subprocess.PIPE, stderr=stderr, text=True,
                                   preexec_fn=preexec_fn)
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        self.assertIn("is ready: node 7 of cluster", process.stdout.readline())
        return process

    def refused(self, *arguments, status=1):
        """Standard error of a start that fails with `status`."""
        run = subprocess.run(self.command(*arguments), capture_output=True, text=True, timeout=60,
                             check=False)
        self.assertEqual(run.returncode, status, run.stderr)
        return run.stderr

    def test_it_starts_without_a_format_step(self):
        process = self.start()
        listing = subprocess.run(["kcat", "-b", f"127.0.0.1:{self.clients}", "-L"], timeout=60,
                                 capture_output=True, text=True, check=True).stdout
        self.assertIn(f"broker 7 at 127.0.0.1:{self.clients} (controller)", listing)
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(timeout=30), 0)
        with open(os.path.join(self.data, "meta.properties"), encoding="utf-8") as properties:
            self.assertIn("node.id=7", properties.read())
        self.assertTrue(os.path.exists(os.path.join(self.data, ".kafka_cleanshutdown")))

    def test_it_survives_the_close_of_its_log_pipe(self):
        process = self.start(stderr=subprocess.PIPE)
        process.stderr.close()
        with socket.create_connection(("127.0.0.1", self.clients), timeout=60) as client:
            client.sendall(b"GET / HTTP/1.1\r\n\r\n")  # makes the broker log a warning
            self.assertEqual(client.recv(1), b"")
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(timeout=30), 0)

    def test_it_starts_and_stops_while_its_log_pipe_is_full(self):
        reader, writer = os.pipe()
        self.addCleanup(os.close, reader)
        os.set_blocking(writer, False)
        with self.assertRaises(BlockingIOError):
            while True:
                os.write(writer, b"x" * 4096)
        os.set_blocking(writer, True)
        process = self.start(stderr=writer)
        os.close(writer)
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(timeout=30), 0)

    def test_it_stops_cleanly_at_sighup_unless_that_is_ignored(self):
        process = self.start()
        process.send_signal(signal.SIGHUP)
        self.assertEqual(process.wait(timeout=30), 0)
        process = self.start(preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
        process.send_signal(signal.SIGHUP)
        with self.assertRaises(subprocess.TimeoutExpired):
            process.wait(timeout=1)
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(timeout=30), 0)

    def test_a_data_directory_that_is_in_use(self):
        self.start()
        ports = f"PLAINTEXT://127.0.0.1:{free_port()},CONTROLLER://127.0.0.1:{free_port()}"
        error = self.refused("--set", f"listeners={ports}")
        self.assertIn(os.path.join(self.data, ".lock"), error)

    def test_too_few_open_files(self):
        few = (64, 64)
        run = subprocess.run(self.command(), capture_output=True, text=True, timeout=60,
                             check=False,
                             preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, few))
        self.assertEqual(run.returncode, 1)
        self.assertIn("the limit of open files is 64, but a node needs at least 128: raise it",
                      run.stderr)
        self.assertFalse(os.path.exists(self.data))

    def test_a_data_directory_that_is_named_twice(self):
        os.mkdir(self.data)
        link = self.data + "-link"
        os.symlink(self.data, link)
        real = os.path.realpath(self.data)
        error = self.refused("--set", f"log.dirs={self.data},{link}")
        self.assertIn(f"'{self.data}' and '{link}' are the same data directory, {real}: name it "
                      "once in log.dirs", error)
        error = self.refused("--set", f"log.dirs={self.data},{self.data}/.", status=2)
        self.assertIn(f"names the directory {self.data} twice, as '{self.data}' and "
                      f"'{self.data}/.'; keep one of them", error)

    def test_a_data_directory_of_another_node(self):
        process = self.start()
        process.kill()
        process.wait(timeout=30)
        error = self.refused("--set", "node.id=8", "--set",
                            f"controller.quorum.voters=8@127.0.0.1:{free_port()}")
        self.assertIn("belongs to node 7, this is node 8", error)

    def test_a_data_directory_that_cannot_be_created(self):
        self.assertIn("Not a directory", self.refused("--set", f"log.dirs={self.file}"))

    def test_a_typo_on_the_command_line(self):
        error = self.refused("--set", "nmu.partitions=3", status=2)
        self.assertIn("--set: 'nmu.partitions' is not a known key; did you mean 'num.partitions'?",
                      error)
        self.assertIn("not KEY=VALUE", self.refused("--set", "num.partitions", status=2))

    def test_a_typo_in_the_file(self):
        with open(self.file, "a", encoding="utf-8") as file:
            file.write("nmu.partitions=3\n")
        self.assertIn("did you mean 'num.partitions'?", self.refused())

    def test_security_that_is_not_implemented(self):
        with open(self.file, "a", encoding="utf-8") as file:
            file.write("authorizer.class.name=org.apache.kafka.metadata.authorizer.Standard\n")
        error = self.refused()
        self.assertIn("authorizer.class.name=org.apache.kafka.metadata.authorizer.Standard asks "
                      "for security, and Highwater has no authentication", error)

    def test_a_file_that_is_missing_or_a_directory(self):
        os.remove(self.file)
        self.assertIn(f"cannot read '{self.file}': No such file or directory", self.refused())
        os.mkdir(self.file)
        self.assertIn(f"cannot read '{self.file}': Is a directory", self.refused())


class Fresh(unittest.TestCase):
    """`highwater dev --fresh` wipes a data directory, but not one in use, nor other directories."""

    def dev(self, data, *arguments, status=1):
        """Standard error of a start that is refused."""
        done = subprocess.run(
            [os.environ["HIGHWATER"], "dev", "--nodes", "1", "--fresh", "--data-dir", data,
             "--listen", "127.0.0.1:0", "--controller-listen", "127.0.0.1:0", *arguments],
            capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, status, done.stdout)
        return done.stderr

    def test_the_data_of_a_stopped_broker_is_wiped(self):
        with Broker() as old:
            Hw(old.address).out("topic", "create", "orders")
            old.stop()
            with Broker("--fresh", data=old.data) as new:
                self.assertEqual(Hw(new.address).json("topic", "list"), [])

    def test_the_data_that_log_dirs_names_is_wiped_and_no_other(self):
        with Broker() as kept, Broker() as old:
            for broker in kept, old:
                Hw(broker.address).out("topic", "create", "orders")
                broker.stop()
            with Broker("--fresh", "--set", f"log.dirs={old.data}", data=kept.data) as new:
                self.assertEqual(Hw(new.address).json("topic", "list"), [])
            with Broker(data=kept.data) as again:
                self.assertEqual(len(Hw(again.address).json("topic", "list")), 1)

    def test_the_data_of_a_running_broker_is_not_wiped(self):
        with Broker() as broker:
            hw = Hw(broker.address)
            hw.out("topic", "create", "orders")
            self.assertIn("another broker uses this data directory", self.dev(broker.data))
            hw.out("produce", "orders", stdin="a\n")
            self.assertEqual(broker.stop()[0], 0)
            with Broker(data=broker.data) as again:
                self.assertEqual(Hw(again.address).out("consume", "orders", "--from", "beginning",
                                                       "--exit-at-end"), "a\n")

    def test_with_a_wrong_key_nothing_is_wiped(self):
        with Broker() as broker:
            broker.stop()
            self.assertIn("num.partitions",
                          self.dev(broker.data, "--set", "num.partitions=x", status=2))
            self.assertTrue(os.path.exists(os.path.join(broker.data, "meta.properties")))

    def test_a_start_that_failed_after_the_wipe_can_be_repeated(self):
        with Broker() as old, socket.create_server(("127.0.0.1", 0)) as taken:
            old.stop()
            address = f"127.0.0.1:{taken.getsockname()[1]}"
            for _ in range(2):
                self.assertIn("Address already in use",
                              self.dev(old.data, "--set", f"listeners=PLAINTEXT://{address},"
                                       "CONTROLLER://127.0.0.1:0"))
            with Broker("--fresh", data=old.data) as new:
                self.assertEqual(Hw(new.address).json("topic", "list"), [])

    def test_a_directory_of_other_files_is_not_wiped(self):
        with tempfile.TemporaryDirectory() as folder:
            with open(os.path.join(folder, "letter"), "w", encoding="utf-8"):
                pass
            self.assertIn("is not a data directory: it is not wiped", self.dev(folder))
            self.assertEqual(os.listdir(folder), ["letter"])


if __name__ == "__main__":
    unittest.main()
