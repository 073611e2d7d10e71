"""How ratings are divided for a comparison: the TEARS paper's way, its code's, and the usual one."""

from __future__ import annotations

import dataclasses
from typing import Literal

import numpy as np
import pandas as pd

from elm._errors import CallError
from elm.data import Dataset
from elm.recommend._ratings import LIKED
from elm.recommend.benchmark._split import RecommendationSplit, in_order

PROTOCOLS = ("paper", "repo-compat", "weak")
"""The names that `split_dataset` knows."""

Protocol = Literal["paper", "repo-compat", "weak"]

_KNOWN = 50  # ratings of a user that are the input, and what a profile is written from
_LAST = 2  # ratings that are held out of a user with fewer


@dataclasses.dataclass(frozen=True)
class Thresholds:
    """Who takes part: items and then users with at least so many ratings, at most `users` of them (drawn), of whom
    `held_out` are set aside, half for validation and half for the test."""

    user_ratings: int = 20
    item_ratings: int = 5
    held_out: int | None = None
    users: int | None = None

    def __post_init__(self) -> None:
        if min(self.user_ratings, self.item_ratings) < 1:
            raise CallError(f"thresholds must be at least 1, got {self}")
        if self.held_out is not None and self.held_out < 2:
            raise CallError(f"at least two users are held out, one each for validation and test, got {self.held_out}")


PAPER_THRESHOLDS = {
    "ml-1m": Thresholds(20, 5, 500),
    "netflix": Thresholds(100, 20, 2000, 9978),
    "goodbooks-10k": Thresholds(100, 20, 2000, 9980),
}
"""Those of the TEARS paper, Section 4; others take ML-1M's, with a fifth of the users held out, at most 500."""


def split_dataset(
    dataset: Dataset,
    protocol: Protocol = "paper",
    seed: int = 0,
    thresholds: Thresholds | None = None,
    order: Literal["time", "random"] = "time",
) -> RecommendationSplit:
    """Divide a data set's ratings for training, validation and test.

    protocol: "paper": a held-out user's 50 oldest ratings are the input, all later ones the targets; with 50 ratings or
        fewer, the two most recent are the targets. "repo-compat": of the 52 oldest ratings (or fewer) the last two of
        at least 4 are the targets, the others the input, and later ones are dropped; users with fewer than two such
        are dropped. Both hold out whole users. "weak": every user's ratings are divided at random, 80 % to train, 10 %
        each for validation and test, as `cornac` and others do.
    order: what "oldest" goes by. Ties in time go by item id. "random" draws an order, for data sets without times.

    Raises `CallError` for a data set without times where time is the order, and where too few users are left.
    """
    if protocol not in PROTOCOLS:
        raise CallError(f"the protocol must be one of {', '.join(PROTOCOLS)}, got {protocol!r}")
    if order not in ("time", "random"):
        raise CallError(f"the order must be 'time' or 'random', got {order!r}")
    if protocol != "weak" and order == "time" and not dataset.has_times:
        raise CallError(
            f"the protocol {protocol!r} divides a user's ratings by time, and {dataset.name} has no times: "
            "take order='random' (--random-order), which says so in the results, or the protocol 'weak'"
        )
    thresholds = thresholds or PAPER_THRESHOLDS.get(dataset.name, Thresholds())
    rng = np.random.default_rng(seed)
    rows = _kept(dataset, thresholds, rng)
    if protocol == "weak":
        rows, n_held = _weak(rows, rng), None
    else:
        rows = _by_time(rows, order, rng)
        rows = _paper(rows) if protocol == "paper" else _repo(rows)
        rows, n_held = _set_users_aside(rows, thresholds.held_out, rng)
    about = {
        "dataset": dataset.name,
        "protocol": protocol,
        "order": "random" if protocol == "weak" else order,
        "seed": seed,
        **dataclasses.asdict(thresholds),
        "held_out": n_held,
    }
    return RecommendationSplit(rows[["user", "item", "rating", "part", "role"]].reset_index(drop=True), about)


def _kept(dataset: Dataset, thresholds: Thresholds, rng: np.random.Generator) -> pd.DataFrame:
    """Ratings of items and then users that have enough of them, in the order of user and item ids."""
    rows = dataset.interactions
    items, users = rows["item"].astype(str), rows["user"].astype(str)
    kept = items.map(items.value_counts()).to_numpy() >= thresholds.item_ratings
    counts = users[kept].value_counts()
    chosen = in_order(counts.index[counts >= thresholds.user_ratings].to_numpy())
    if thresholds.users is not None and len(chosen) > thresholds.users:
        chosen = [chosen[k] for k in np.sort(rng.permutation(len(chosen))[: thresholds.users])]
    if len(chosen) < 3:
        raise CallError(
            f"{dataset.name} has {len(chosen)} users with {thresholds.user_ratings} ratings of items with "
            f"{thresholds.item_ratings}; a split needs at least 3, so lower the thresholds"
        )
    rows = rows.assign(user=users, item=items)[kept & users.isin(set(chosen)).to_numpy()]
    order = {item: place for place, item in enumerate(in_order(rows["item"].unique()))}
    place = {user: k for k, user in enumerate(chosen)}
    rows = rows.assign(_user=rows["user"].map(place), _item=rows["item"].map(order))
    return rows.sort_values(["_user", "_item"], ignore_index=True)


def _by_time(rows: pd.DataFrame, order: str, rng: np.random.Generator) -> pd.DataFrame:
    """Each user's ratings from the oldest on, numbered in `_place` of `_of`."""
    rows = rows.assign(_when=rng.permutation(len(rows)) if order == "random" else rows["time"])
    rows = rows.sort_values(["_user", "_when", "_item"], ignore_index=True)
    by_user = rows.groupby("_user", sort=False)["_item"]
    return rows.assign(_place=by_user.cumcount(), _of=by_user.transform("size"))


def _paper(rows: pd.DataFrame) -> pd.DataFrame:
    known = np.where(rows["_of"] > _KNOWN, _KNOWN, rows["_of"] - _LAST)
    return rows.assign(role=np.where(rows["_place"] < known, "input", "target"))


def _repo(rows: pd.DataFrame) -> pd.DataFrame:
    rows = rows[rows["_place"] < _KNOWN + _LAST]
    liked = (rows["rating"] >= LIKED).astype(int)
    later = liked.groupby(rows["_user"]).transform(lambda column: column[::-1].cumsum()[::-1])
    target = (liked == 1) & (later <= _LAST)
    enough = liked.groupby(rows["_user"]).transform("sum") >= _LAST
    return rows.assign(role=np.where(target, "target", "input"))[enough]


def _set_users_aside(rows: pd.DataFrame, held_out: int | None, rng: np.random.Generator) -> tuple[pd.DataFrame, int]:
    users = rows["_user"].unique()  # in the order of their ids
    held = min(500, 2 * max(1, len(users) // 10)) if held_out is None else held_out
    if held >= len(users):
        raise CallError(f"{held} users are to be held out of {len(users)}; hold out fewer")
    drawn = rng.permutation(users)
    parts = dict.fromkeys(drawn[: held // 2], "validation") | dict.fromkeys(drawn[held // 2 : held], "test")
    return rows.assign(part=rows["_user"].map(parts).fillna("train")), held


def _weak(rows: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Of each user's ratings drawn, a tenth to the test and another to the validation; of three, one at least."""
    rows = _by_time(rows, "random", rng)
    tenth = np.where(rows["_of"] < 3, 0, np.maximum(1, np.rint(rows["_of"] / 10)))
    part = np.where(rows["_place"] < tenth, "test", np.where(rows["_place"] < 2 * tenth, "validation", "train"))
    return rows.assign(part=part, role=np.where(part == "train", "input", "target"))
