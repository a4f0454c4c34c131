"""The measurements of a run, and the medians and ratios that are made of them."""
import json
import statistics
from pathlib import Path

import places

# What ours is compared with.
RIVALS = ["nginx", "haproxy", "yarp"]


class Results:
    """Measurements by scenario, contender and repetition. Each is written down as soon as it is made."""

    def __init__(self, file: Path | None = None):
        self.head: dict = {}
        self.rows: list[dict] = []
        self._file = file

    def add(self, row: dict) -> None:
        self.rows.append(row)
        self._write({key: round(value, 4) if isinstance(value, float) else value for key, value in row.items()})

    def begin(self, head: dict) -> None:
        self.head = head
        self._write({"run": head})

    def _write(self, row: dict) -> None:
        if self._file:
            with self._file.open("a") as out:
                # A failure may quote what a user has set; the key of the bench is none, and this keeps it so.
                out.write(json.dumps(row).replace(places.UPSTREAM_KEY, "KEY") + "\n")

    def contenders(self, scenario: str) -> list[str]:
        return list(dict.fromkeys(row["contender"] for row in self.rows if row["scenario"] == scenario))

    def of(self, scenario: str, contender: str) -> dict[int, dict]:
        return {row["repetition"]: row for row in self.rows if row["scenario"] == scenario and row["contender"] == contender}

    def values(self, scenario: str, contender: str, *path: str) -> dict[int, float]:
        found = {repetition: _at(row, path) for repetition, row in self.of(scenario, contender).items()}
        return {repetition: value for repetition, value in found.items() if value is not None}

    def median(self, scenario: str, contender: str, *path: str) -> float | None:
        return _median(self.values(scenario, contender, *path).values())

    def ratios(self, scenario: str, contender: str, other: str, *path: str) -> list[float]:
        """Those within each repetition."""
        ours, theirs = self.values(scenario, contender, *path), self.values(scenario, other, *path)
        return [ours[each] / theirs[each] for each in ours.keys() & theirs.keys() if theirs[each]]

    def ratio(self, scenario: str, contender: str, other: str, *path: str) -> float | None:
        """The median of the ratios within each repetition."""
        return _median(self.ratios(scenario, contender, other, *path))

    def added(self, scenario: str, contender: str, *path: str) -> float | None:
        """The median of what is added to the direct way within each repetition."""
        ours, direct = self.values(scenario, contender, *path), self.values(scenario, "direct", *path)
        return _median(ours[each] - direct[each] for each in ours.keys() & direct.keys())

    def total(self, scenario: str, contender: str, *keys: str) -> int:
        return sum(row.get(key, 0) for row in self.of(scenario, contender).values() for key in keys)


def _at(row: dict, path: tuple) -> float | None:
    for key in path:
        row = row.get(key) if isinstance(row, dict) else None
    return row


def _median(values) -> float | None:
    values = list(values)
    return statistics.median(values) if values else None
