"""A ranked list, and what changed between two of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple


class Recommendation(NamedTuple):
    """One place of a ranked list."""

    item: str
    score: float
    title: str


@dataclass(frozen=True)
class ListDiff:
    """What changed between two lists of k. moved: (item, place before, place after) of those in both, places from 1."""

    entered: list[Recommendation]
    left: list[Recommendation]
    moved: list[tuple[str, int, int]]

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        names = {"entered": self.entered, "left": self.left}
        return {name: [place._asdict() for place in places] for name, places in names.items()} | {"moved": self.moved}


def list_diff(before: Sequence[Recommendation], after: Sequence[Recommendation]) -> ListDiff:
    """Compare two ranked lists."""
    first, second = ({place.item: number for number, place in enumerate(some, 1)} for some in (before, after))
    moved = [(item, first[item], second[item]) for item in first if item in second and first[item] != second[item]]
    return ListDiff([p for p in after if p.item not in first], [p for p in before if p.item not in second], moved)
