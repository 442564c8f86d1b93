"""The check of a group's history finds each kind of fault."""

import unittest

from group_history import Replay


def reports(*events):
    """Reports, one a second, of (member, event, partitions) or (member, event, partition,
    offset)."""
    made = []
    for at, (member, event, where, *offset) in enumerate(events):
        fields = {"partition": where, "offset": offset[0]} if offset else {"partitions": where}
        made.append({"at": at, "member": member, "event": event, **fields})
    return made


class History(unittest.TestCase):
    def check(self, faults, *events):
        self.assertEqual(Replay(reports(*events)).faults, faults)

    def test_a_partition_moves_to_another_member(self):
        self.check([], ("a", "assigned", [0, 1]), ("a", "read", 0, 0), ("a", "committed", 0, 0),
                   ("a", "revoked", [0]), ("b", "assigned", [0]), ("b", "read", 0, 1),
                   ("a", "read", 1, 0))

    def test_the_order_is_that_of_the_times(self):
        late_first = reversed(reports(("a", "assigned", [0]), ("a", "read", 0, 0)))
        self.assertEqual(Replay(late_first).faults, [])

    def test_records_without_an_acknowledged_commit_are_read_again(self):
        self.check([], ("a", "assigned", [0]), ("a", "read", 0, 0), ("a", "refused", 0, 0),
                   ("a", "killed", []), ("b", "assigned", [0]), ("b", "read", 0, 0))

    def test_two_owners(self):
        self.check(["at 1.000000 b got partition 0, which a owned"],
                   ("a", "assigned", [0]), ("b", "assigned", [0]))

    def test_a_record_is_read_by_another_than_the_owner(self):
        self.check(["at 2.000000 a read record 0 of partition 0, which it did not own"],
                   ("a", "assigned", [0]), ("a", "revoked", [0]), ("a", "read", 0, 0))

    def test_a_committed_record_is_read_again(self):
        self.check(["at 3.000000 a read record 0 of partition 0 again, but the group had "
                    "committed 1"],
                   ("a", "assigned", [0]), ("a", "read", 0, 0), ("a", "committed", 0, 0),
                   ("a", "read", 0, 0))

    def test_a_record_is_skipped(self):
        self.check(["at 2.000000 a read record 2 of partition 0, but nobody had read record 1"],
                   ("a", "assigned", [0]), ("a", "read", 0, 0), ("a", "read", 0, 2))


if __name__ == "__main__":
    unittest.main()
