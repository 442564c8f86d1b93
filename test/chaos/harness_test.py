"""The harness itself: it must notice what it is there for. Needs neither root nor a cluster."""

import importlib.machinery
import importlib.util
import os
import random
import shutil
import tempfile
import unittest
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

import faults
from cluster import NUMBERS, ChaosFailure
from load import is_fault_of_client
from report import Figures, percentile
from verify import batches, verify

HERE = Path(__file__).resolve().parent
GOLDEN = HERE.parent / "golden/highwater"
LOGS = ("orders-0", "__cluster_metadata-0")


def load_run():
    loader = importlib.machinery.SourceFileLoader("chaos_run", str(HERE / "run"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("chaos_run", loader))
    loader.exec_module(module)
    return module


RUN = load_run()


class Verify(unittest.TestCase):
    """Three data directories, copies of the same logs, one of which is harmed."""

    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folders = {number: os.path.join(scratch.name, f"data{number}") for number in NUMBERS}
        for folder in self.folders.values():
            for log in LOGS:
                shutil.copytree(GOLDEN / log, os.path.join(folder, log))
        self.end = max(end for end, _ in batches(GOLDEN / "orders-0").values())

    def verify(self, watermark=None):
        directories = {node: [folder] for node, folder in self.folders.items()}
        return verify(directories, {"orders-0": self.end if watermark is None else watermark})

    def segments(self, number):
        return sorted((Path(self.folders[number]) / "orders-0").glob("*.log"))

    def refused(self, pattern):
        with self.assertRaisesRegex(ChaosFailure, pattern):
            self.verify()

    def test_equal_logs_are_good(self):
        self.assertRegex(self.verify(), r"2 logs on 3 nodes: [1-9]\d+ batches are whole")

    def test_a_flipped_bit_is_damage(self):
        segment = self.segments(2)[0]
        data = bytearray(segment.read_bytes())
        data[-1] ^= 1
        segment.write_bytes(data)
        self.refused(r"data2/orders-0 has damage: ")

    def test_another_leader_epoch_is_a_difference(self):
        # The CRC does not cover the epoch.
        segment = self.segments(3)[1]
        data = bytearray(segment.read_bytes())
        data[15] += 1
        segment.write_bytes(data)
        self.refused(r"orders-0: the replicas of node 1 and node 3 differ at offset 200: a batch")

    def test_a_batch_that_one_log_lacks_is_a_difference(self):
        self.segments(2)[2].unlink()
        self.refused(r"orders-0: the replicas of node 1 and node 2 differ at offset 343: a batch "
                     r"up to offset \d+ of epoch .*, and no batch begins here")

    def test_a_log_that_ends_below_what_was_read_is_a_loss(self):
        self.segments(1)[-1].unlink()
        self.refused(rf"orders-0: readers have read up to {self.end}, but the logs end at 483 on "
                     rf"node 1, {self.end} on node 2")

    def test_records_above_what_was_read_may_differ_in_number(self):
        self.segments(1)[-1].unlink()
        self.verify(watermark=483)

    def test_half_a_batch_is_damage(self):
        segment = self.segments(1)[0]
        segment.write_bytes(segment.read_bytes()[:-1])
        self.refused(r"data1/orders-0")


class Plan(unittest.TestCase):
    def setUp(self):
        network = SimpleNamespace(cut=lambda *_: None, heal=lambda _: None)
        self.cluster = SimpleNamespace(
            network=network, node=lambda number: SimpleNamespace(number=number))

    def test_each_kind_describes_itself_by_a_name_of_its_own(self):
        self.assertEqual(len({kind.name for kind in faults.KINDS}), len(faults.KINDS))
        for kind in faults.KINDS:
            fault = kind(self.cluster, random.Random(1))
            self.assertGreaterEqual(fault.seconds, 0.0)
            self.assertTrue(fault.describe())

    def test_a_seed_repeats_its_faults(self):
        texts = [[kind(self.cluster, source).describe() for kind in faults.KINDS]
                 for source in (random.Random(7), random.Random(7))]
        self.assertEqual(*texts)

    def test_faults_that_overlap_do_not_meet_in_a_process_or_a_link(self):
        source = random.Random(3)
        for _ in range(500):
            both = faults.Together(self.cluster, source)
            first, second = both.first, both.second
            if first.stops_processes and second.stops_processes:
                numbers = [{node.number for node in each.nodes} for each in (first, second)]
                self.assertTrue(numbers[0].isdisjoint(numbers[1]), both.describe())
            self.assertTrue(set(first.cut_links()).isdisjoint(second.cut_links()),
                            both.describe())


class Report(unittest.TestCase):
    def test_percentiles_are_values_that_occurred(self):
        values = list(range(1, 101))
        self.assertEqual([percentile(values, share) for share in (0.5, 0.99)], [50, 99])
        self.assertEqual(percentile([7], 0.99), 7)

    def test_the_table_has_a_row_for_each_kind(self):
        figures = Figures()
        for milliseconds in (10.0, 30.0, 20.0):
            figures.add("kill -9", "from begin", milliseconds, 1)
        figures.add("power cut of all", "from end", 1234.0, 0)
        self.assertEqual(figures.table(), """\
fault             rounds  p50 ms  p99 ms  max ms  measured    failed sends
kill -9                3      20      30      30  from begin             3
power cut of all       1    1234    1234    1234  from end               0""")


class BrokenProducers(unittest.TestCase):
    def text(self, base, first, last, persisted="MsgPossiblyPersisted"):
        return ("fatal orders.idempotent-1 7 OUT_OF_ORDER_SEQUENCE_NUMBER ProduceRequest for "
                "orders [0] with 12 message(s) failed due to sequence desynchronization with "
                f"broker 1 (PID{{Id:0,Epoch:0}}, base seq {base}, idemp state change 2156ms ago, "
                f"last partition error _TRANSPORT (actions Refresh,{persisted}, base seq "
                f"{first}..{last}, base msgid 480, 0ms ago)")

    def test_a_batch_right_after_one_that_was_lost_is_the_fault_of_the_client(self):
        self.assertTrue(is_fault_of_client(self.text(480, 470, 479)))

    def test_a_number_below_the_one_that_the_client_believes_to_be_next_is_its_fault(self):
        self.assertTrue(is_fault_of_client(
            "fatal orders.idempotent-1 7 OUT_OF_ORDER_SEQUENCE_NUMBER ProduceRequest for orders "
            "[0] with 6 message(s) failed with rewound sequence number on broker 3 (PID{Id:0,"
            "Epoch:0}, base seq 3110 < next seq 3116): last error NOT_ENOUGH_REPLICAS"))

    def test_a_batch_after_others_is_not(self):
        self.assertFalse(is_fault_of_client(self.text(490, 470, 479)))
        self.assertFalse(is_fault_of_client(self.text(480, 470, 479, "MsgNotPersisted")))


class CommandLine(unittest.TestCase):
    def test_kinds_have_names_of_the_command_line(self):
        self.assertEqual(RUN.kind_name(faults.PowerCutAll), "power-cut-all")
        self.assertEqual(RUN.kind_name(faults.Kill), "kill")

    def test_what_is_missing_is_said(self):
        with mock.patch("os.geteuid", return_value=1000):
            self.assertRegex(RUN.missing(), "needs root")
        with mock.patch("os.geteuid", return_value=0), mock.patch("shutil.which",
                                                                  return_value=None):
            self.assertRegex(RUN.missing(), r"there is no ip, nft, .*: e2fsprogs .*nftables")

    def test_the_command_that_repeats_a_run_has_its_seed_and_faults(self):
        options = SimpleNamespace(rounds=3, minutes=None, seed=9, kinds=[faults.Kill],
                                  faults=["kill"])
        self.assertEqual(RUN.repeat_command(options),
                         "test/chaos/run --rounds 3 --seed 9 --faults kill")


if __name__ == "__main__":
    unittest.main()
