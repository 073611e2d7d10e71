"""From what a caller knows about a concept to positives, negatives and grades over a table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from elm._errors import CallError
from elm._typing import Array, Flags, Integers
from elm.data import index_ids
from elm.embeddings import VectorTable

Bools = Flags


@dataclass(frozen=True)
class Labels:
    """One concept over the n rows of a table, (n,), or C of them, (C, n).

    label: int8, 1 positive, 0 negative, -1 neither. grade: on any scale, NaN where nothing is known; None where the
    labels are all there is.
    """

    label: npt.NDArray[np.int8]
    grade: Array | None = None

    def __len__(self) -> int:
        return len(self.label)

    @property
    def known(self) -> Bools:
        """Which rows take part when grades count."""
        return self.label >= 0 if self.grade is None else np.isfinite(self.grade)

    @property
    def values(self) -> Array:
        """The grades, or the labels as numbers; 0 for rows that take no part."""
        return np.maximum(self.label, 0).astype(np.float32) if self.grade is None else np.nan_to_num(self.grade)

    def only(self, rows: Bools) -> Labels:
        """The same concepts where nothing is known outside `rows`, a mask of the shape of the labels."""
        grade = None if self.grade is None else np.where(rows, self.grade, np.float32(np.nan))
        return Labels(np.where(rows, self.label, np.int8(-1)), grade)

    def __getitem__(self, concepts: slice | int | Sequence[int]) -> Labels:
        """Some of C concepts, or one of them."""
        return Labels(self.label[concepts], None if self.grade is None else self.grade[concepts])


def stacked(concepts: Sequence[Labels]) -> Labels:
    """C concepts over the same rows as one (C, n)."""
    label = np.stack([one.label for one in concepts])
    if all(one.grade is None for one in concepts):
        return Labels(label)
    return Labels(label, np.stack([np.where(one.known, one.values, np.float32(np.nan)) for one in concepts]))


def labels_of(
    table: VectorTable,
    name: str,
    concept: Iterable[str] | Mapping[str, float] | pd.Series,
    least: int,
    first: Bools | None = None,
) -> Labels:
    """Ids: those are the positives, all other entities of the table the negatives. Series or dict of grades by id:
    the upper third against the lower third (with two values: the one against the other); ids it lacks take no part.

    first: (n,) rows that are not copies of an earlier vector, see `first_copies`; only they count as entities.
    Raises `UnknownNameError` for ids that are not in the table, `CallError` for too few positives or negatives.
    """
    if isinstance(concept, Mapping):
        concept = pd.Series(list(concept.values()), index=pd.Index(list(concept), dtype=object))
    if isinstance(concept, pd.Series):
        found = _from_grades(table, name, concept)
    else:
        if isinstance(concept, str | pd.DataFrame):
            came = "string" if isinstance(concept, str) else "DataFrame"
            raise CallError(f"concept {name!r} must be ids or a Series of scores, got one {came}")
        label = np.zeros(len(table), dtype=np.int8)
        label[table.row_numbers(concept)] = 1
        found = Labels(label)
    n_positive, n_negative = (int((found.label == side).sum()) for side in (1, 0))
    if n_positive < least or n_negative < least:
        raise CallError(
            f"concept {name!r} needs at least {least} entities with it and {least} without it in the table, "
            f"got {n_positive} and {n_negative}"
        )
    if first is not None:
        n_positive, n_negative = (int(((found.label == side) & first).sum()) for side in (1, 0))
        if n_positive < least or n_negative < least:
            raise CallError(
                f"concept {name!r} needs at least {least} different vectors with it and {least} without it, but beside "
                f"copies there are {n_positive} and {n_negative}; drop the duplicated rows or bring more data"
            )
    return found


def graded(grade: npt.NDArray[np.floating[Any]]) -> Labels:
    """Upper third against lower third of the grades (n,); NaN takes no part. Two values: the one against the other."""
    known = grade[np.isfinite(grade)]
    label = np.full(len(grade), -1, dtype=np.int8)
    if len(known):
        low, high = np.quantile(known, [1 / 3, 2 / 3], method="inverted_cdf")
        if low == high:  # one value fills the middle: it goes to the side that would else be empty
            high = known[known > low].min() if (known > low).any() else high
            low = low if high > low else (known[known < high].max() if (known < high).any() else -np.inf)
        label[grade <= low] = 0
        label[grade >= high] = 1
    return Labels(label, grade.astype(np.float32))


def first_copies(vectors: Array) -> tuple[Bools, Integers]:
    """Which rows are the first of their kind (n,), and for each row the first row that equals it (n,)."""
    rows = np.ascontiguousarray(vectors + np.float32(0))  # so that -0 equals 0, byte for byte
    # each row as one key of its bytes, (n,): equal rows are found by sorting once
    keys = rows.view(np.dtype((np.void, rows.dtype.itemsize * rows.shape[1]))).ravel()
    _, first, group = np.unique(keys, return_index=True, return_inverse=True)
    leader = first[group].astype(np.int64)
    return leader == np.arange(len(rows)), leader


def _from_grades(table: VectorTable, name: str, scores: pd.Series) -> Labels:
    try:
        given = scores.to_numpy(dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise CallError(f"the scores of concept {name!r} must be numbers") from error
    if not np.isfinite(given).all():
        raise CallError(f"the scores of concept {name!r} must be finite; drop the entities without one")
    ids = index_ids(scores, f"concept {name!r}:")
    if len(set(ids)) != len(ids):
        raise CallError(f"the scores of concept {name!r} name an id more than once")
    grade = np.full(len(table), np.nan)
    grade[table.row_numbers(ids)] = given
    return graded(grade)
