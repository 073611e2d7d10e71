"""Splits that keep what is scored apart from what is trained on, and the guard that refuses an overlap."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd

from elm._errors import CallError, DataFileError, LeakageError
from elm._storage.files import read_json, write_json
from elm.data._ids import id_column, ids_of

PARTS = ("train", "validation", "test")


@dataclass(frozen=True)
class EntitySplit:
    """Ids of items or users in three parts that share none; raises `LeakageError` where they do."""

    train: list[str]
    validation: list[str]
    test: list[str]

    def __post_init__(self) -> None:
        for part in PARTS:
            object.__setattr__(self, part, ids_of(getattr(self, part)))
        guard_disjoint(self.train, self.validation, "split (train and validation)")
        guard_disjoint(self.train, self.test, "split (train and test)")
        guard_disjoint(self.validation, self.test, "split (validation and test)")

    def save(self, path: str | Path) -> Path:
        """Write the ids of each part as JSON."""
        write_json(path, {part: getattr(self, part) for part in PARTS})
        return Path(path)

    @staticmethod
    def load(path: str | Path) -> EntitySplit:
        """Read what `save` wrote; `DataFileError` where it is missing or not a split."""
        parts = read_json(path)
        if not isinstance(parts, dict) or set(parts) != set(PARTS):
            raise DataFileError(f"{path} should hold the parts {', '.join(PARTS)} of a split; make the split again")
        if not all(isinstance(ids, list) and all(isinstance(i, str) for i in ids) for ids in parts.values()):
            raise DataFileError(f"{path} should hold lists of ids as strings; make the split again")
        return EntitySplit(**parts)


def split_entities(ids: Iterable[str], validation: float = 0.1, test: float = 0.1, seed: int = 0) -> EntitySplit:
    """Split ids (of items or of users) at random into train, validation and test.

    The split depends on the set of ids and the seed, never on the order they come in. A share above 0 gets at least
    one id where there are three or more. Raises `CallError` for repeated ids or shares that leave no training part.

    >>> split = split_entities(["a", "b", "c", "d", "e"], validation=0.2, test=0.2)
    >>> [len(split.train), len(split.validation), len(split.test)]
    [3, 1, 1]
    """
    unique = sorted(ids_of(ids))
    if any(a == b for a, b in pairwise(unique)):
        raise CallError("each id may come once in a split, but some repeat; pass them through set() first")
    if validation < 0 or test < 0 or validation + test >= 1:
        raise CallError(f"shares must be 0 or more and leave a training part, but {validation} and {test} came")
    shuffled = [unique[k] for k in np.random.default_rng(seed).permutation(len(unique))]
    n_validation, n_test = (_count(share, len(unique)) for share in (validation, test))
    held = n_validation + n_test
    return EntitySplit(shuffled[held:], shuffled[:n_validation], shuffled[n_validation:held])


def guard_disjoint(train: Iterable[str], held_out: Iterable[str], what: str = "entities") -> None:
    """Raise `LeakageError`, naming how many and which, where anything held out was also trained on.

    Ids are compared as `ids_of` reads them: 1 and "1" are one.

    >>> guard_disjoint(["a", "b"], ["c"], "films")
    """
    both = sorted(set(ids_of(train)) & set(ids_of(held_out)))
    if both:
        examples = ", ".join(repr(i) for i in both[:3])
        raise LeakageError(
            f"{what}: {len(both)} held out are also trained on ({examples}{', ...' if len(both) > 3 else ''}); "
            "split by entity, with split_entities, before training"
        )


def split_ratings(
    interactions: pd.DataFrame, fraction: float = 0.8, seed: int = 0
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Split each user's interactions at random into (input, held): about `fraction` of them are input.

    A user with two or more interactions keeps at least one on each side; a single one is input. Depends on the
    pairs of user and item and the seed, not on the order of the rows; both parts keep that order.
    """
    if not 0 < fraction < 1:
        raise CallError(f"fraction must lie between 0 and 1, but {fraction} came")
    if not len(interactions):
        return interactions.copy(), interactions.copy()
    user, item = (_codes(id_column(interactions[what], what)) for what in ("user", "item"))
    by_id = np.lexsort((item, user))
    draw = np.empty(len(interactions))
    draw[by_id] = np.random.default_rng(seed).random(len(interactions))
    order = np.lexsort((draw, user))
    counts = np.bincount(user)
    first = np.cumsum(counts) - counts
    place = np.empty(len(interactions), dtype=np.int64)  # rank of each row in its user's random order
    place[order] = np.arange(len(interactions)) - first[user[order]]
    quota = np.where(counts < 2, counts, np.clip(np.rint(fraction * counts), 1, np.maximum(1, counts - 1)))
    kept = place < quota[user]
    return interactions[kept].reset_index(drop=True), interactions[~kept].reset_index(drop=True)


def _count(share: float, n: int) -> int:
    return max(round(share * n), 1 if share > 0 and n >= 3 else 0)


def _codes(column: pd.Series) -> np.ndarray:
    """Each id's place among the sorted ids."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        ranks = np.argsort(np.argsort(column.cat.categories.to_numpy().astype(str)))
        return ranks[column.cat.codes.to_numpy()]
    return pd.factorize(column, sort=True)[0]
