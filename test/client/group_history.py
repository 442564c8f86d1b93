"""What the members of a group report, and what must hold for it.

A report is a dictionary with `at`, seconds of the machine's monotonic clock; `member`, a name; and
`event`:

- `assigned`, `revoked`: the member has got, or is about to give up, `partitions`
- `read`: the member has read the record at `offset` of `partition`
- `committed`, `refused`: the commit of that record has been acknowledged, or has failed
- `killed`: the process of the member has ended without leaving the group
"""


class Replay:
    """Follows reports in the order of time, and collects sentences about what is wrong: partitions
    with two owners, records that are read by others than the owner, skipped, or read again
    although they are committed."""

    def __init__(self, reports):
        self.owners = {}
        self.ends = {}  # for each partition, one more than the last record that was read
        self.commits = {}
        self.faults = []
        for report in sorted(reports, key=lambda report: report["at"]):
            getattr(self, report["event"])(report)

    def fault(self, report, text):
        self.faults.append(f"at {report['at']:.6f} {report['member']} {text}")

    def assigned(self, report):
        for partition in report["partitions"]:
            owner = self.owners.setdefault(partition, report["member"])
            if owner != report["member"]:
                self.fault(report, f"got partition {partition}, which {owner} owned")

    def revoked(self, report):
        for partition in report["partitions"]:
            if self.owners.get(partition) == report["member"]:
                del self.owners[partition]

    def killed(self, report):
        self.owners = {partition: owner for partition, owner in self.owners.items()
                       if owner != report["member"]}

    def read(self, report):
        partition, offset = report["partition"], report["offset"]
        end, committed = self.ends.get(partition, 0), self.commits.get(partition, 0)
        what = f"read record {offset} of partition {partition}"
        if self.owners.get(partition) != report["member"]:
            self.fault(report, f"{what}, which it did not own")
        if offset < committed:
            self.fault(report, f"{what} again, but the group had committed {committed}")
        if offset > end:
            self.fault(report, f"{what}, but nobody had read record {end}")
        self.ends[partition] = max(end, offset + 1)

    def committed(self, report):
        partition, offset = report["partition"], report["offset"]
        self.commits[partition] = max(self.commits.get(partition, 0), offset + 1)

    def refused(self, _):
        """The record may be read again."""
