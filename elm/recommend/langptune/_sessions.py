"""Sessions by time: items that a user chose one after the other, and what came next, which is to be found."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from elm._errors import CallError, UnknownNameError
from elm.data import Dataset

PARTS = ("train", "validation", "test")


@dataclass(frozen=True)
class Sessions:
    """n sessions: histories, each of as many items, oldest first, the items that came next, users and parts.

    ratings: of each history's items. targets: f items a session, of which the first is what contrastive learning draws
    near. items: the catalogue that is ranked. No user is in two parts. Raises `CallError` where a target is in its
    history, or a user in two parts; `UnknownNameError` for an item outside the catalogue.
    """

    users: list[str]
    histories: list[tuple[str, ...]]
    ratings: list[tuple[float, ...]]
    targets: list[tuple[str, ...]]
    parts: list[str]
    items: list[str]

    def __post_init__(self) -> None:
        sizes = {len(part) for part in (self.users, self.histories, self.ratings, self.targets, self.parts)}
        if len(sizes) != 1 or not self.users:
            told = f"users, histories, ratings, targets and parts, one each: got {sorted(sizes)}"
            raise CallError(f"sessions have {told}")
        known = set(self.items)
        for number, (history, targets) in enumerate(zip(self.histories, self.targets, strict=True)):
            for what, some in (("history", history), ("future", targets)):
                if isinstance(some, str) or not some or len(set(some)) != len(some):
                    raise CallError(f"a {what} is of distinct items, at least one, got {some} in session {number}")
            if known_before := next((target for target in targets if target in history), None):
                raise CallError(
                    f"the target of a session comes after its history, and {known_before!r} of session {number} is in "
                    "it: a profile could name it; drop the session"
                )
            if lost := next((item for item in (*history, *targets) if item not in known), None):
                raise UnknownNameError("item", lost, self.items, "(a session's items are those of the catalogue)")
        if len({len(history) for history in self.histories}) > 1 or len({len(some) for some in self.targets}) > 1:
            raise CallError("all sessions have as many items in their history, and as many ahead")
        if odd := sorted(set(self.parts) - set(PARTS)):
            raise CallError(f"parts are {', '.join(PARTS)}, got {odd[0]!r}")
        of: dict[str, str] = {}
        for user, part in zip(self.users, self.parts, strict=True):
            if of.setdefault(user, part) != part:
                raise CallError(f"a user belongs to one part, and {user!r} has sessions in {of[user]} and {part}")

    def __len__(self) -> int:
        return len(self.users)

    def rows(self, part: str) -> list[int]:
        """The numbers of a part's sessions; `CallError` where it has none."""
        found = [number for number, name in enumerate(self.parts) if name == part]
        if not found:
            raise CallError(f"there is no session of the part {part!r}: take more users, or fewer items a session")
        return found

    def some(self, rows: Sequence[int]) -> Sessions:
        """Those of these numbers, in this order."""
        picked = {
            name: [getattr(self, name)[row] for row in rows]
            for name in ("users", "histories", "ratings", "targets", "parts")
        }
        return replace(self, **picked)

    def at_most(self, part: str, count: int, seed: int = 0) -> Sessions:
        """The same with `count` sessions of a part, drawn by `seed`; all of the other parts."""
        drawn = set(np.random.default_rng(seed).permutation(self.rows(part))[:count].tolist())
        return self.some([row for row, name in enumerate(self.parts) if name != part or row in drawn])

    def history_rows(self) -> pd.DataFrame:
        """What is known of each session, a rating per row: user (the session's number as text), item, rating."""
        rows = [
            (str(number), item, rating)
            for number, (history, ratings) in enumerate(zip(self.histories, self.ratings, strict=True))
            for item, rating in zip(history, ratings, strict=True)
        ]
        return pd.DataFrame(rows, columns=["user", "item", "rating"])

    def columns(self) -> tuple[np.ndarray, np.ndarray]:
        """The places in the catalogue of histories (n, items of a history) and of targets (n, f)."""
        place = {item: column for column, item in enumerate(self.items)}
        return (
            np.array([[place[item] for item in history] for history in self.histories]),
            np.array([[place[item] for item in targets] for targets in self.targets]),
        )


def sessions_by_time(
    dataset: Dataset,
    *,
    history: int = 4,
    ahead: int = 1,
    per_user: int = 1,
    least_rating: float | None = None,
    test_users: Collection[str] | None = None,
    shares: tuple[float, float] = (0.1, 0.1),
    seed: int = 0,
) -> Sessions:
    """A user's newest ratings, cut into sessions of `history` items and the `ahead` next ones, none of them shared.

    Args:
        per_user: at most so many sessions a user, the newest ones. least_rating: only ratings from this one on count.
        test_users: who is held out, half of them for validation, by user id; by default shares of all users (of
            validation and test) are drawn by `seed`.

    A user with too few ratings has no session. Raises `CallError` for a data set without times, or where no user has
    enough ratings.
    """
    if not dataset.has_times:
        raise CallError(f"sessions are in the order of time, and {dataset.name} has no times")
    if min(history, ahead, per_user) < 1:
        raise CallError(f"history, ahead and per_user are at least 1, got {history}, {ahead} and {per_user}")
    frame = dataset.interactions
    if least_rating is not None:
        frame = frame[frame["rating"] >= least_rating]
    frame = frame.sort_values(["user", "time", "item"], kind="stable")
    size = history + ahead
    found: dict[str, list[list[tuple[str, float]]]] = {}
    for user, rows in frame.groupby("user", sort=False, observed=True):
        pairs = list(zip(rows["item"].astype(str), rows["rating"].astype(float), strict=True))
        cut = [pairs[len(pairs) - size * (k + 1) : len(pairs) - size * k] for k in range(len(pairs) // size)]
        if cut:
            found[str(user)] = cut[:per_user]
    if not found:
        raise CallError(f"no user of {dataset.name} has {size} ratings that count: take a shorter history")
    parts = _parts(list(found), test_users, shares, seed)
    users, windows = zip(*((user, window) for user, cut in found.items() for window in cut), strict=True)
    return Sessions(
        list(users),
        [tuple(item for item, _ in window[:history]) for window in windows],
        [tuple(rating for _, rating in window[:history]) for window in windows],
        [tuple(item for item, _ in window[history:]) for window in windows],
        [parts[user] for user in users],
        [str(item) for item in dataset.items.index],
    )


def _parts(users: list[str], held: Collection[str] | None, shares: tuple[float, float], seed: int) -> dict[str, str]:
    order = np.random.default_rng(seed).permutation(len(users))
    if held is None:
        validation, test = (int(len(users) * share) for share in shares)
        names = ["validation"] * validation + ["test"] * test + ["train"] * (len(users) - validation - test)
        return {users[row]: name for row, name in zip(order, names, strict=True)}
    chosen = set(held)
    mine = [users[row] for row in order if users[row] in chosen]
    half = {user: "validation" if number < len(mine) // 2 else "test" for number, user in enumerate(mine)}
    return {user: half.get(user, "train") for user in users}
