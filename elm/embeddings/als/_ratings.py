"""Ratings as codes: one string an id and twelve bytes a rating, from a frame or from Parquet shards of any number."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import scipy.sparse as sp

from elm._errors import DataFileError
from elm._typing import Array, Places
from elm.data import ids_of
from elm.embeddings._confidence import confidence, rated, repeated
from elm.embeddings.sources._shards import Shard, shards_of

if TYPE_CHECKING:
    from elm.data import Dataset

COLUMNS = ("user", "item", "rating")


@dataclass(frozen=True)
class Coded:
    """users, items: ids, each once. user, item: (n,) int32 places in them. rating: (n,) float32."""

    users: list[str]
    items: list[str]
    user: Places
    item: Places
    rating: Array

    def matrix(self, alpha: float, items: list[str] | None = None) -> sp.csr_matrix:
        """Signed confidences (n_users, n_items), float32 (see `confidence`).

        items: ids of the columns, by default those rated; ratings of others are left out.
        """
        columns = self.items if items is None else items
        place = (
            np.arange(len(columns)) if items is None else pd.Index(items).get_indexer(pd.Index(self.items, dtype=str))
        )
        kept = place[self.item] >= 0
        values, rows = confidence(self.rating[kept], alpha), self.user[kept]
        shape = (len(self.users), len(columns))
        return sp.csr_matrix((values, (rows, place[self.item[kept]])), shape=shape, dtype=np.float32)

    def of_users(self, places: list[int]) -> Coded:
        """The ratings of these users alone, who come in this order; items keep their places."""
        new = np.full(len(self.users), -1, dtype=np.int32)
        new[places] = np.arange(len(places), dtype=np.int32)
        rows = new[self.user] >= 0
        users = [self.users[place] for place in places]
        return Coded(users, self.items, new[self.user[rows]], self.item[rows], self.rating[rows])

    def keep(self, rows: np.ndarray) -> Coded:
        """The ratings of a mask (n,), and the ids that they name, in their order."""
        users, items = self.user[rows], self.item[rows]
        left = [np.flatnonzero(np.bincount(codes)) for codes in (users, items)]
        new = [np.zeros(len(ids), dtype=np.int32) for ids in (self.users, self.items)]
        for codes, kept in zip(new, left, strict=True):
            codes[kept] = np.arange(len(kept), dtype=np.int32)
        names = [[ids[i] for i in kept.tolist()] for ids, kept in zip((self.users, self.items), left, strict=True)]
        return Coded(names[0], names[1], new[0][users], new[1][items], self.rating[rows])


def coded(data: Dataset | pd.DataFrame | str | Path) -> Coded:
    """Ratings of a data set, of a frame, or of a Parquet file or a folder of Parquet shards.

    Columns user, item and rating. Users come in the order of their first rating, items sorted. Shards are read a group
    of rows at a time. Raises `CallError` for what no ratings are and for a pair that comes twice, `DataFileError` for a
    shard that is cut off or has other columns.
    """
    if isinstance(data, str | Path):
        return _of_shards(shards_of(Path(data), COLUMNS, "ratings"))
    frame = rated(data)
    found = []
    for what in ("user", "item"):
        column = frame[what]
        codes, ids = pd.factorize(column, sort=False)
        found.append((codes.astype(np.int32), [str(name) for name in ids]))
    return _checked(found[0], found[1], frame["rating"].to_numpy(dtype=np.float32))


def _of_shards(shards: list[Shard]) -> Coded:
    known: tuple[dict[Any, int], dict[Any, int]] = ({}, {})
    codes: tuple[list[Places], list[Places]] = ([], [])
    ratings: list[Array] = []
    for shard in shards:
        for batch in shard.batches():
            for what, ids, parts in zip(COLUMNS, known, codes, strict=False):
                parts.append(_codes(shard, batch.column(what), what, ids))
            ratings.append(_ratings(shard, batch.column("rating")))
    if not ratings:
        raise DataFileError(f"{shards[0].path.parent} holds no ratings: its {len(shards)} shards have no rows")
    users, items = ((np.concatenate(parts), ids_of(ids)) for parts, ids in zip(codes, known, strict=True))
    return _checked(users, items, np.concatenate(ratings))


def _codes(shard: Shard, column: Any, what: str, known: dict[Any, int]) -> Places:
    """The places of a column's ids, new ones taken into `known`: each different id is looked at once."""
    if column.null_count:
        raise DataFileError(f"{shard.path}: every rating names its {what}, and {column.null_count} rows do not")
    told = column.dictionary_encode()
    places = np.array([known.setdefault(name, len(known)) for name in told.dictionary.to_pylist()], dtype=np.int32)
    result: Places = places[told.indices.to_numpy()]
    return result


def _ratings(shard: Shard, column: Any) -> Array:
    values = np.asarray(column.to_numpy(zero_copy_only=False), dtype=np.float32)
    if not np.isfinite(values).all():
        raise DataFileError(
            f"{shard.path}: ratings are finite numbers, and {int((~np.isfinite(values)).sum())} are not"
        )
    return values


def _checked(users: tuple[Places, list[str]], items: tuple[Places, list[str]], rating: Array) -> Coded:
    """Items sorted, and no pair twice."""
    order = sorted(range(len(items[1])), key=items[1].__getitem__)
    place = np.empty(len(order), dtype=np.int32)
    place[order] = np.arange(len(order), dtype=np.int32)
    made = Coded(users[1], [items[1][i] for i in order], users[0], place[items[0]], rating)
    pairs = np.sort(made.user.astype(np.int64) * len(order) + made.item)
    twice = pairs[1:][pairs[1:] == pairs[:-1]]
    if len(twice):
        user, item = divmod(int(twice[0]), len(order))
        raise repeated(made.users[user], made.items[item], len(twice))
    return made
