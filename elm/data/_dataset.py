"""A data set in memory: items, users, who rated what, and the texts about the items."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import sparse

from elm._errors import CallError, DataFileError, UnknownNameError
from elm.data._checks import clean_interactions, clean_items, clean_texts, clean_users, positions
from elm.data._ids import ids_of, whole
from elm.data._store import Stored, read_tables, write_tables


def _no_texts() -> pd.DataFrame:
    return pd.DataFrame({"item": [], "source": [], "text": []}, dtype=str)


@dataclass(frozen=True, eq=False)
class Facts:
    """What is true of a generated world, which no real data set can say: for scoring, never for training on users.

    items: one row per item, indexed as `Dataset.items`; users: the hidden tastes, indexed as `Dataset.users`.
    """

    items: pd.DataFrame
    users: pd.DataFrame


@dataclass(frozen=True, eq=False)
class Dataset:
    """Items, users, interactions and texts that belong together; checked when made.

    items: index "item" (str ids); columns title (str), year (Int64, may be NA), genres (list of str: the kinds of an
        item, such as the categories of a product), others allowed; year and genres may be left out.
    users: index "user" (str ids); any columns.
    interactions: columns user, item (str; categoricals of str in the very large sets), rating (float32) and, only
        where known, time (int64, seconds). A user rates an item at most once.
    texts: columns item, source, text; an item may have several texts of one source.
    facts: the ground truth of a generated world, else None.
    notes: remarks of the loader, such as a text source that was not found.

    Whole numbers as ids are turned into strings, genres such as "Action|Comedy" into lists, dates into years or
    seconds. Raises `CallError`, which names row and column, for what cannot be read so; also for ids that repeat or are
    not known, ratings that are not finite, missing columns, empty texts, and an item named as a pair of others ("a,b").

    >>> films = pd.DataFrame({"title": ["A", "B"], "year": [1990, None], "genres": [["Drama"], []]}, index=[1, 2])
    >>> seen = pd.DataFrame({"user": [7, 8, 8], "item": [1, 1, 2], "rating": [4, 5, 1]})
    >>> data = Dataset("tiny", films, pd.DataFrame(index=[7, 8]), seen)
    >>> data
    Dataset('tiny', 2 items, 2 users, 3 interactions, 0 texts)
    >>> data.ratings_matrix(users=["8"], items=["2", "1"]).toarray().tolist()
    [[1.0, 5.0]]
    """

    name: str
    items: pd.DataFrame
    users: pd.DataFrame
    interactions: pd.DataFrame
    texts: pd.DataFrame = field(default_factory=_no_texts)
    facts: Facts | None = None
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        items, users = clean_items(self.items), clean_users(self.users)
        set_field = object.__setattr__  # the dataclass is frozen; this is its own set-up
        set_field(self, "items", items)
        set_field(self, "users", users)
        set_field(self, "interactions", clean_interactions(self.interactions, users.index, items.index))
        set_field(self, "texts", clean_texts(self.texts, items.index))
        set_field(self, "notes", tuple(self.notes))
        for said in (self.name, *self.notes):
            if not isinstance(said, str) or not whole(said):
                raise CallError(f"name and notes of a data set are whole texts, got {said!r}")
        if self.facts is not None:
            same = self.facts.items.index.equals(items.index) and self.facts.users.index.equals(users.index)
            if not same:
                raise CallError("facts must be indexed exactly as items and users are; reindex them first")

    def __repr__(self) -> str:
        return (
            f"Dataset({self.name!r}, {self.n_items:,} items, {self.n_users:,} users, "
            f"{len(self.interactions):,} interactions, {len(self.texts):,} texts)"
        )

    @property
    def n_items(self) -> int:
        return len(self.items)

    @property
    def n_users(self) -> int:
        return len(self.users)

    @property
    def density(self) -> float:
        """Share of the user-item pairs that are rated."""
        return len(self.interactions) / max(1, self.n_items * self.n_users)

    @property
    def has_times(self) -> bool:
        """Whether the interactions say when they happened."""
        return "time" in self.interactions.columns

    @property
    def sources(self) -> list[str]:
        """Names of the text sources, sorted."""
        return sorted(self.texts["source"].unique())

    def ratings_matrix(
        self, users: Sequence[str] | None = None, items: Sequence[str] | None = None
    ) -> sparse.csr_matrix:
        """Ratings as a sparse matrix (n_users, n_items), float32, rows and columns in the order asked (default: all).

        Pairs that were not rated are not stored. Raises `UnknownNameError` for an id that the data set does not have,
        `CallError` for one asked twice.
        """
        row_ids = self.users.index if users is None else self._known(users, self.users.index, "user")
        column_ids = self.items.index if items is None else self._known(items, self.items.index, "item")
        rows = positions(self.interactions["user"], row_ids)
        columns = positions(self.interactions["item"], column_ids)
        kept = (rows >= 0) & (columns >= 0)
        ratings = self.interactions["rating"].to_numpy()[kept]
        shape = (len(row_ids), len(column_ids))
        return sparse.csr_matrix((ratings, (rows[kept], columns[kept])), shape=shape, dtype=np.float32)

    def restrict(self, users: Iterable[str] | None = None, items: Iterable[str] | None = None) -> Dataset:
        """The part of the data set about these users and items, in the order given (default: all of them)."""
        user_ids = self.users.index if users is None else self._known(users, self.users.index, "user")
        item_ids = self.items.index if items is None else self._known(items, self.items.index, "item")
        inside = (positions(self.interactions["user"], user_ids) >= 0) & (
            positions(self.interactions["item"], item_ids) >= 0
        )
        facts = None
        if self.facts is not None:
            facts = Facts(self.facts.items.loc[item_ids], self.facts.users.loc[user_ids])
        return replace(
            self,
            items=self.items.loc[item_ids],
            users=self.users.loc[user_ids],
            interactions=self.interactions[inside].reset_index(drop=True),
            texts=self.texts[positions(self.texts["item"], item_ids) >= 0].reset_index(drop=True),
            facts=facts,
        )

    def texts_of(self, source: str) -> dict[str, list[str]]:
        """Item id -> its texts of one source, in their order; items without one are absent."""
        if source not in self.sources:
            raise UnknownNameError("text source", source, self.sources)
        rows = self.texts[self.texts["source"] == source]
        found: dict[str, list[str]] = {}
        for item, text in zip(rows["item"], rows["text"], strict=True):
            found.setdefault(item, []).append(text)
        return found

    def with_texts(self, frame: pd.DataFrame, notes: Iterable[str] = ()) -> Dataset:
        """The same data set with more texts: `frame` has the columns item, source, text."""
        more = clean_texts(frame, self.items.index)
        texts = pd.concat([self.texts, more], ignore_index=True) if len(self.texts) else more
        return replace(self, texts=texts, notes=(*self.notes, *notes))

    def save(self, folder: str | Path) -> Path:
        """Write the data set as parquet and JSON files into `folder` (made if absent); returns the folder."""
        tables = {
            "items": self.items,
            "users": self.users,
            "interactions": self.interactions,
            "texts": self.texts,
        }
        if self.facts is not None:
            tables |= {"facts_items": self.facts.items, "facts_users": self.facts.users}
        write_tables(Stored(self.name, tables, self.notes), folder)
        return Path(folder)

    @staticmethod
    def load(folder: str | Path) -> Dataset:
        """Read what `save` wrote; raises `DataFileError` where a file is missing, cut off or of another size."""
        stored = read_tables(folder)
        tables = dict(stored.tables)
        facts = Facts(tables.pop("facts_items"), tables.pop("facts_users")) if "facts_items" in tables else None
        try:
            return Dataset(name=stored.name, **tables, facts=facts, notes=stored.notes)
        except (CallError, ValueError, TypeError) as error:
            raise DataFileError(f"{folder} does not hold a data set: {error}; save or fetch it again") from error

    @staticmethod
    def _known(asked: Iterable[str], known: pd.Index, what: str) -> pd.Index:
        ids = pd.Index(ids_of(asked, what), dtype=str, name=what)
        if not ids.is_unique:
            raise CallError(f"each {what} may be asked once, but {ids[ids.duplicated()][0]!r} came twice")
        unknown = ids[~ids.isin(known)]
        if len(unknown):
            raise UnknownNameError(what, unknown[0], known)
        return ids
