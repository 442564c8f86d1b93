"""Machines in small: network namespaces on one bridge, and file systems that can lose their power.

Nothing here has a name outside of the run: namespaces belong to processes that end with the
harness, and file systems are mounted in a mount namespace of its own. So the kernel cleans up,
however the run ends, and several runs do not meet.
"""

import ctypes
import fcntl
import os
import signal
import struct
import subprocess
import time

LIBC = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNS = 0x00020000
MS_REC = 0x4000
MS_PRIVATE = 1 << 18
PR_SET_PDEATHSIG = 1

EXT4_IOC_SHUTDOWN = 0x8004587D
# What is not yet in the journal on the disk is dropped, as when the power fails.
WITHOUT_LOG_FLUSH = 2


class LabError(Exception):
    """A command of the lab failed; the text is a sentence for people."""


def command(*arguments, text=None):
    done = subprocess.run(arguments, input=text, capture_output=True, text=True, timeout=60,
                          check=False)
    if done.returncode != 0:
        raise LabError(f"{' '.join(arguments)} ended with {done.returncode}: "
                       f"{done.stderr.strip()}")
    return done.stdout


def end_with_parent():
    """For a child before its exec: the kernel kills it when the harness ends."""
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def check_errno(result, what):
    if result != 0:
        raise LabError(f"{what}: {os.strerror(ctypes.get_errno())}; containers need the "
                       "capability CAP_SYS_ADMIN")


def leave_mount_namespace():
    """File systems that this process mounts from now on are unmounted when it and its children
    have ended."""
    check_errno(LIBC.unshare(CLONE_NEWNS), "unshare the mount namespace")
    check_errno(LIBC.mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None), "make / private")


class Host:
    """A network namespace, which exists as long as its process."""

    def __init__(self):
        self.holder = subprocess.Popen(["unshare", "--net", "sleep", "infinity"],
                                       stdin=subprocess.DEVNULL, preexec_fn=end_with_parent)
        self.namespace = f"/proc/{self.holder.pid}/ns/net"
        own, deadline = os.readlink("/proc/self/ns/net"), time.monotonic() + 10
        while os.readlink(self.namespace) == own:
            if self.holder.poll() is not None or time.monotonic() > deadline:
                raise LabError("unshare --net made no network namespace")
            time.sleep(0.005)

    def inside(self, *arguments):
        """The arguments of a command that runs on this host. Not `ip netns exec`: that copies the
        mount table, and a file system that has lost its power would live on in the copy."""
        return ["nsenter", f"--net={self.namespace}", *arguments]

    def close(self):
        self.holder.kill()
        self.holder.wait()


class Network:
    """Hosts with the addresses 10.77.0.N on one bridge, whose links can be cut."""

    def __init__(self, numbers):
        self.switch = Host()
        self.hosts = {}
        try:
            command(*self.switch.inside("ip", "link", "add", "bridge", "type", "bridge"))
            command(*self.switch.inside("ip", "link", "set", "bridge", "up"))
            for number in numbers:
                self.hosts[number] = Host()
                self.connect(number)
        except BaseException:
            self.close()
            raise

    @staticmethod
    def address(number):
        return f"10.77.0.{number}"

    def connect(self, number):
        host = self.hosts[number]
        port = f"port{number}"
        command(*self.switch.inside("ip", "link", "add", port, "type", "veth", "peer", "name",
                                    "eth0", "netns", str(host.holder.pid)))
        command(*self.switch.inside("ip", "link", "set", port, "master", "bridge", "up"))
        for arguments in (["link", "set", "lo", "up"],
                          ["address", "add", f"{self.address(number)}/24", "dev", "eth0"],
                          ["link", "set", "eth0", "up"]):
            command(*host.inside("ip", *arguments))
        command(*host.inside("nft", "-f", "-"),
                text="table inet cuts { chain in { type filter hook input priority 0; }; }")

    def cut(self, source, target):
        """From now on nothing that `source` sends arrives at `target`; the way back is open."""
        command(*self.hosts[target].inside(
            "nft", "add", "rule", "inet", "cuts", "in", "ip", "saddr", self.address(source),
            "drop"))

    def heal(self, links):
        """Opens links that were cut, given as (source, target); other cuts stay."""
        for target in {target for _, target in links}:
            self.remove_rules(target, {source for source, end in links if end == target})

    def remove_rules(self, target, sources):
        host = self.hosts[target]
        listing = command(*host.inside("nft", "-a", "list", "chain", "inet", "cuts", "in"))
        for source in sources:
            wanted = f"ip saddr {self.address(source)} drop # handle "
            handle = next(line.split()[-1] for line in listing.splitlines() if wanted in line)
            command(*host.inside("nft", "delete", "rule", "inet", "cuts", "in", "handle", handle))

    def close(self):
        for host in (*self.hosts.values(), self.switch):
            host.close()


class Disk:
    """An ext4 file system in an image file, mounted at `folder`."""

    def __init__(self, image, folder, size=1 << 30):
        self.image = image
        self.folder = folder
        self.has_power = False
        with open(image, "wb") as file:
            file.truncate(size)
        os.makedirs(folder, exist_ok=True)
        command("mkfs.ext4", "-q", "-F", image)
        self.mount()

    def mount(self):
        # mount frees the loop device when the file system is unmounted.
        command("mount", "-o", "loop", self.image, self.folder)
        self.has_power = True

    def lose_power(self):
        """What was not synced is lost; the file system answers with errors until `restore`."""
        self.has_power = False
        descriptor = os.open(self.folder, os.O_RDONLY)
        try:
            fcntl.ioctl(descriptor, EXT4_IOC_SHUTDOWN, struct.pack("I", WITHOUT_LOG_FLUSH))
        finally:
            os.close(descriptor)

    def restore(self):
        """Mounts the file system again, which replays its journal. Its processes have ended."""
        self.unmount()
        self.mount()

    def unmount(self):
        deadline = time.monotonic() + 10
        while True:
            try:
                return command("umount", self.folder)
            except LabError:
                # The kernel closes the files of a killed process a moment later.
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.02)
