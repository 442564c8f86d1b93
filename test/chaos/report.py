"""The figures of a run, as a table."""

import math

HEADINGS = ("fault", "rounds", "p50 ms", "p99 ms", "max ms", "measured", "failed sends")


def percentile(values, share):
    """The smallest value that at least this share of the values does not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


class Figures:
    """How long the rounds of each kind of fault had to wait for acknowledgements."""

    def __init__(self):
        self.rows = {}

    def add(self, name, measured, milliseconds, failed_count):
        row = self.rows.setdefault(name, {"measured": measured, "times": [], "failed": 0})
        row["times"].append(milliseconds)
        row["failed"] += failed_count

    def table(self):
        lines = [HEADINGS]
        for name, row in self.rows.items():
            times = row["times"]
            lines.append((name, str(len(times)), f"{percentile(times, 0.5):.0f}",
                          f"{percentile(times, 0.99):.0f}", f"{max(times):.0f}", row["measured"],
                          str(row["failed"])))
        widths = [max(len(line[column]) for line in lines) for column in range(len(HEADINGS))]
        return "\n".join(aligned(line, widths) for line in lines)


def aligned(line, widths):
    """Numbers to the right, words to the left."""
    cells = (cell.rjust(width) if 0 < column < 5 or column == 6 else cell.ljust(width)
             for column, (cell, width) in enumerate(zip(line, widths)))
    return "  ".join(cells).rstrip()
