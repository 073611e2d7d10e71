"""What each part of a call did to each place of the list: history, profile, request, standing wishes, concepts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
import pandas as pd

from elm.recommend._catalogue import History
from elm.recommend._lists import Recommendation
from elm.recommend.requests._parts import Asked, Part, control_of, left_out_by
from elm.recommend.requests._scoring import Aggregation, combine, ordered, places


class Bendable(Protocol):
    """What an explanation needs of a steered recommender."""

    items: list[str]
    titles: list[str]
    by: Aggregation

    def bent(
        self, history: History | None, profile: Any, alpha: float | None, asked: Asked
    ) -> tuple[np.ndarray, np.ndarray, list[Part], list[str]]:
        """Combined scores, engagement, parts, remarks."""
        ...

    def listed(self, combined: np.ndarray, engagement: np.ndarray, k: int) -> list[Recommendation]:
        """The k best."""
        ...


@dataclass(frozen=True, eq=False)
class Explanation:
    """A list (`best`), and what each part did to it.

    places: a row a place: `item`, `title`, `engagement` (its place by engagement alone, 0 where that leaves it out),
        and for each part two columns: its own place by that part (`request`), and its place in the list without the
        part (`without request`; 0 where it would be left out).
    left_out: standing wish -> titles of the items that it keeps out of the first k. brought: part -> titles that are in
        the list because of it. remarks: wishes that were overruled, and items of which nothing is known.
    """

    best: list[Recommendation]
    places: pd.DataFrame
    left_out: dict[str, list[str]]
    brought: dict[str, list[str]]
    remarks: list[str]

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "places": self.places.to_dict("records"),
            "left_out": self.left_out,
            "brought": self.brought,
            "remarks": self.remarks,
        }


def explained(
    rec: Bendable, history: History | None, profile: Any, alpha: float | None, k: int, asked: Asked
) -> Explanation:
    """The list, and the list without each part of the call."""
    combined, engagement, parts, remarks = rec.bent(history, profile, alpha, asked)
    raw = rec.bent(history, profile, alpha, replace(asked, request=None, standing=None, concepts=None))[1]
    best = ordered(combined, engagement, k)
    table: dict[str, Any] = {
        "place": np.arange(1, len(best) + 1),
        "item": [rec.items[column] for column in best],
        "title": [rec.titles[column] for column in best],
        "engagement": _order(raw, raw)[best],
    }
    left_out, brought = {}, {}

    def mixed(some: list[Any]) -> tuple[np.ndarray, np.ndarray]:
        here = np.where(left_out_by(some), -np.inf, raw)
        control = control_of([part for part in some if not part.filters])
        return (here if control is None else combine(here, control[None], asked.w_control, rec.by)[0]), here

    for part in parts:
        others, here = mixed([other for other in parts if other is not part])
        known = np.where(np.isneginf(raw), -np.inf, np.nan_to_num(part.scores, nan=-1e300))
        table[part.name] = places(known)[0][best]
        table[f"without {part.name}"] = _order(others, here)[best]
        without = ordered(others, here, k)
        name = f"{part.name}: {part.said}"
        if part.filters:
            gone = left_out_by([part])
            left_out[name] = [rec.titles[column] for column in without if np.broadcast_to(gone, raw.shape)[column]]
        brought[name] = [rec.titles[column] for column in best if column not in set(without)]
    for name, bare in _bare(rec, history, profile, alpha, asked).items():
        others, here = bare()
        table[f"without {name}"] = _order(others, here)[best]
        brought[name] = [rec.titles[column] for column in best if column not in set(ordered(others, here, k))]
    unknown = [part.name for part in parts if np.isnan(part.scores[best]).any()]
    remarks += [f"{name}: nothing is known of some items of this list, which have its last place" for name in unknown]
    return Explanation(rec.listed(combined, engagement, k), pd.DataFrame(table), left_out, brought, remarks)


def _bare(
    rec: Bendable, history: History | None, profile: Any, alpha: float | None, asked: Asked
) -> dict[str, Callable[[], tuple[np.ndarray, np.ndarray]]]:
    """How the list is made without the profile, and without the history, where both are there."""
    if history is None or profile is None:
        return {}

    def without_profile() -> tuple[np.ndarray, np.ndarray]:
        return rec.bent(history, None, None, asked)[:2]

    def without_history() -> tuple[np.ndarray, np.ndarray]:
        combined, engagement = rec.bent(None, profile, alpha, asked)[:2]
        own = np.isneginf(rec.bent(history, profile, alpha, replace(asked, standing=None))[1])  # the same candidates
        return np.where(own, -np.inf, combined), np.where(own, -np.inf, engagement)

    return {"profile": without_profile, "history": without_history}


def _order(combined: np.ndarray, engagement: np.ndarray) -> np.ndarray:
    """The place of each item in the list, from 1; 0 for those that are left out."""
    found = np.zeros(len(combined), dtype=np.int64)
    best = ordered(combined, engagement, len(combined))
    found[best] = np.arange(1, len(best) + 1)
    return found
