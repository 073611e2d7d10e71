"""The items that a ranker has to order for each held-out user: rated ones apart, among unrated ones alike in fame."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from elm._errors import CallError
from elm._typing import Floats, Integers
from elm.embeddings import VectorTable
from elm.metrics import ndcg_graded, spearman

Draw = Literal["popular", "uniform"]

_BLOCK = 256
"""Users whose scores of all entries are in memory at once."""


@dataclass(frozen=True)
class Candidates:
    """users (n); rows: for each user the candidates' rows in the item table; gains: their ratings, 0 for unrated."""

    users: list[str]
    rows: list[Integers]
    gains: list[Floats]

    def __len__(self) -> int:
        return len(self.users)

    def in_order_of(self, ids: Sequence[str]) -> Candidates:
        """The same, its users in the order that they have among `ids`."""
        place = {id: number for number, id in enumerate(ids)}
        order = sorted(range(len(self)), key=lambda row: place[self.users[row]])
        users, rows, gains = self.users, self.rows, self.gains
        return Candidates([users[row] for row in order], [rows[row] for row in order], [gains[row] for row in order])

    def picked(self, scores: npt.ArrayLike) -> list[Floats]:
        """Scores of the whole table, (n, n_items), or (n_items,) for all alike -> those of each user's candidates."""
        table = np.asarray(scores, dtype=np.float64)
        table = np.broadcast_to(table, (len(self.users), table.shape[-1]))
        return [row[chosen] for row, chosen in zip(table, self.rows, strict=True)]


def draw_candidates(
    inputs: pd.DataFrame,
    held: pd.DataFrame,
    items: VectorTable,
    popularity: npt.ArrayLike,
    unrated: int = 100,
    draw: Draw = "popular",
    seed: int = 0,
) -> Candidates:
    """For each user of `held` with a rated item of the table: those items, and `unrated` ones the user never rated.

    inputs, held: columns user, item, rating; both parts of the same users' ratings. popularity: (n_items,) weights of
    the table's items, zero or more. draw "popular" takes the unrated ones without replacement in proportion to these,
    so that popularity alone orders little; "uniform" takes any. Fewer are taken where fewer are left. A user's draw
    depends on the seed and the user's id, not on the other users.
    """
    weights = np.asarray(popularity, dtype=np.float64)
    if weights.shape != (len(items),) or not np.isfinite(weights).all() or (weights < 0).any():
        raise CallError(f"popularity must hold a weight of zero or more for each of the {len(items)} items")
    if draw not in ("popular", "uniform"):
        raise CallError(f"draw must be 'popular' or 'uniform', got {draw!r}")
    if unrated < 1:
        raise CallError(f"unrated must be at least 1, got {unrated}")
    with np.errstate(divide="ignore"):
        log_weight = np.log(weights) if draw == "popular" else np.zeros(len(items))
    held = held[held["item"].isin(items.ids)]
    seen = {str(user): group for user, group in inputs["item"].groupby(inputs["user"], observed=True)}
    users, rows, gains = [], [], []
    for user, group in held.groupby("user", sort=True, observed=True):
        rated = items.row_numbers(group["item"])
        rng = np.random.default_rng([seed, zlib.crc32(str(user).encode())])
        key = log_weight + rng.gumbel(size=len(items))
        key[rated] = -np.inf
        before = [item for item in seen.get(str(user), ()) if item in items]
        key[items.row_numbers(before)] = -np.inf
        drawn = np.argsort(-key, kind="stable")[: min(unrated, int(np.isfinite(key).sum()))]
        users.append(str(user))
        rows.append(np.concatenate([rated, drawn]))
        gains.append(np.concatenate([group["rating"].to_numpy(np.float64), np.zeros(len(drawn))]))
    if not users:
        raise CallError("no held-out rating is of an item of the table, so there is nothing to order")
    return Candidates(users, rows, gains)


def picked_in_blocks(
    scores: Callable[[slice], npt.NDArray[np.floating]], sets: Sequence[Candidates], count: int
) -> list[list[Floats]]:
    """For each set of candidates the scores of the first `count` users' own, without ever holding a whole table.

    scores: a slice of users -> their scores of all entries, (m, entries).
    """
    found: list[list[Floats]] = [[] for _ in sets]
    for start in range(0, count, _BLOCK):
        block = scores(slice(start, min(start + _BLOCK, count)))
        for picked, one in zip(found, sets, strict=True):
            picked += [row[one.rows[start + number]].astype(np.float64) for number, row in enumerate(block)]
    return found


def rank_agreement(scores: list[Floats], truth: list[Floats]) -> Floats:
    """Spearman correlation of each user's scores with the truth, (n,), of the first n; 0 where either is constant."""
    return _each(spearman, scores, truth)


def graded_ndcg(scores: list[Floats], gains: list[Floats]) -> Floats:
    """NDCG over the whole candidate list, gains linear in the rating, (n,), of the first n."""
    return _each(ndcg_graded, scores, gains)


def _each(metric: Callable[..., Floats], first: list[Floats], second: list[Floats]) -> Floats:
    lengths = np.array([len(scores) for scores in first])
    found = np.empty(len(first))
    for length in np.unique(lengths):  # lists of one length at once
        rows = np.flatnonzero(lengths == length)
        found[rows] = metric(np.stack([first[row] for row in rows]), np.stack([second[row] for row in rows]))
    return found
