"""The kinds of faults. Each is begun once and ended once; the cluster then heals by itself."""

import signal
import time

from cluster import CLIENT, NUMBERS


class Fault:
    """One fault. `nodes` are the numbers of the nodes that it stops or cuts off."""

    name = ""
    # Time from the begin of the fault to its end, in seconds. Some are longer than the session of a
    # broker and the lag limit of a replica, 3 s each, some shorter.
    hold = (0.3, 6.0)
    # What the figure of the round is: the time until all partitions acknowledge records again,
    # from the begin of the fault if the other nodes are enough for that, else from its end; or the
    # longest time in which a partition acknowledged nothing.
    measured = "from begin"
    is_planned = False
    stops_processes = False

    def __init__(self, cluster, random):
        self.cluster = cluster
        self.nodes = [cluster.node(number) for number in self.choose(random)]
        self.seconds = random.uniform(*self.hold)

    @staticmethod
    def choose(random):
        return [random.choice(NUMBERS)]

    def describe(self):
        numbers = " and ".join(str(node.number) for node in self.nodes)
        return f"{self.name} of node {numbers}"

    def cut_links(self):
        """The links that are cut, as (source, target)."""
        return []

    def begin(self):
        raise NotImplementedError

    def end(self):
        raise NotImplementedError


class Kill(Fault):
    """kill -9 of one node."""

    name = "kill -9"
    stops_processes = True

    def begin(self):
        for node in self.nodes:
            node.kill()

    def end(self):
        for node in self.nodes:
            node.start()


class All(Fault):
    """Base of the faults of all nodes at once."""

    measured = "from end"
    stops_processes = True
    hold = (0.0, 1.0)

    @staticmethod
    def choose(random):
        return random.sample(NUMBERS, len(NUMBERS))

    def describe(self):
        return f"{self.name} at once"


class KillAll(All, Kill):
    name = "kill -9 of all"


class PowerCut(Fault):
    """The disk loses what is not synced, and the process dies."""

    name = "power cut"
    stops_processes = True

    def begin(self):
        # All disks first, so that no node acts on the death of another.
        for node in self.nodes:
            node.lose_power()
        for node in self.nodes:
            node.die_without_power()

    def end(self):
        for node in self.nodes:
            node.restore_power()


class PowerCutAll(All, PowerCut):
    name = "power cut of all"


class FailedDirectory(Fault):
    """One of the two data directories of a node fails. The node goes on with the other one, and the
    partitions in the failed one get other leaders. Then a restart repairs it."""

    name = "failed directory"
    stops_processes = True

    def begin(self):
        for node in self.nodes:
            node.fail_directory()

    def end(self):
        for node in self.nodes:
            node.kill()
            node.repair()
            node.start()


class Pause(Fault):
    """SIGSTOP: the node comes back with all its connections, and knows nothing."""

    name = "SIGSTOP"
    stops_processes = True
    hold = (0.3, 8.0)

    def begin(self):
        for node in self.nodes:
            node.signal(signal.SIGSTOP)

    def end(self):
        for node in self.nodes:
            node.signal(signal.SIGCONT)


class Cut(Fault):
    """Base of the cuts. `links` gives the cut links of the first node."""

    def links(self, number):
        raise NotImplementedError

    def cut_links(self):
        return self.links(self.nodes[0].number)

    def begin(self):
        for source, target in self.cut_links():
            self.cluster.network.cut(source, target)

    def end(self):
        self.cluster.network.heal(self.cut_links())


def others(number):
    return [each for each in NUMBERS if each != number]


class CutOff(Cut):
    """Clients reach the node, but the other nodes do not, and it does not reach them."""

    name = "cut both ways"

    def links(self, number):
        return [link for other in others(number) for link in ((number, other), (other, number))]


class CutOffEntirely(Cut):
    """As if the node's cable was pulled."""

    name = "cut from everybody"

    def links(self, number):
        return [link for other in (*others(number), CLIENT)
                for link in ((number, other), (other, number))]


class Mute(Cut):
    """The node hears the other nodes, and is not heard."""

    name = "cut one way, out"

    def links(self, number):
        return [(number, other) for other in others(number)]


class Deaf(Cut):
    """The node is heard by the other nodes, and does not hear them."""

    name = "cut one way, in"

    def links(self, number):
        return [(other, number) for other in others(number)]


class PairCut(Cut):
    """Base of the cuts between two nodes, which both reach the third."""

    @staticmethod
    def choose(random):
        return random.sample(NUMBERS, 2)

    def describe(self):
        return f"{self.name}, nodes {self.nodes[0].number} and {self.nodes[1].number}"


class CutBetween(PairCut):
    name = "cut between two"

    def links(self, number):
        other = self.nodes[1].number
        return [(number, other), (other, number)]


class CutBetweenOneWay(PairCut):
    name = "cut between two, one way"

    def links(self, number):
        return [(number, self.nodes[1].number)]


class CutFromClients(Cut):
    """The nodes see each other, but clients do not reach one of them."""

    name = "cut from clients"
    # The leaders stay where they are.
    measured = "from end"

    def links(self, number):
        return [(number, CLIENT), (CLIENT, number)]


class Restarts(Fault):
    """A planned restart of each node in turn, each when all replicas are in sync again."""

    name = "restart of each in turn"
    stops_processes = True
    hold = (0.0, 0.0)
    measured = "longest gap"
    is_planned = True

    @staticmethod
    def choose(random):
        return random.sample(NUMBERS, len(NUMBERS))

    def describe(self):
        return "restart of each node in turn"

    def begin(self):
        for node in self.nodes:
            node.stop()
            node.start()
            self.cluster.wait_in_sync()

    def end(self):
        pass


class Together(Fault):
    """Two faults that overlap."""

    name = "two at once"
    hold = (0.0, 2.0)
    measured = "from end"
    stops_processes = True

    def __init__(self, cluster, random):
        self.first, self.second = self.draw(cluster, random)
        self.delay = random.uniform(0.0, 2.0)
        self.overlap = random.uniform(0.3, 4.0)
        self.ends_first, self.ends_last = random.sample((self.first, self.second), 2)
        super().__init__(cluster, random)

    @staticmethod
    def draw(cluster, random):
        """Two faults that do not both stop the process of a node, nor cut the same link."""
        while True:
            first, second = (random.choice(SINGLE)(cluster, random) for _ in range(2))
            stop_both = first.stops_processes and second.stops_processes
            meet = [node for node in first.nodes if node.number in
                    {other.number for other in second.nodes}]
            if not (stop_both and meet) and set(first.cut_links()).isdisjoint(second.cut_links()):
                return first, second

    def describe(self):
        return f"{self.first.describe()}, with {self.second.describe()}"

    def begin(self):
        self.first.begin()
        time.sleep(self.delay)
        self.second.begin()
        time.sleep(self.overlap)
        self.ends_first.end()

    def end(self):
        self.ends_last.end()


SINGLE = (Kill, KillAll, PowerCut, PowerCutAll, FailedDirectory, Pause, CutOff, CutOffEntirely,
          Mute, Deaf, CutBetween, CutBetweenOneWay, CutFromClients)
KINDS = (*SINGLE, Restarts, Together)
