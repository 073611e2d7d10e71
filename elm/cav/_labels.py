"""From what a caller knows about a concept to positives, negatives and grades over a table."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from elm._errors import CallError
from elm.embeddings import VectorTable


@dataclass(frozen=True)
class Labels:
    """rows: (n,) row numbers in the table; grade: (n,) any scale; label: (n,) 1 positive, 0 negative, -1 between."""

    rows: npt.NDArray[np.int64]
    grade: npt.NDArray[np.float64]
    label: npt.NDArray[np.int64]


def labels_of(table: VectorTable, name: str, concept: Iterable[str] | pd.Series, least: int) -> Labels:
    """Ids: those are the positives, all other entities of the table the negatives. Series of grades by id: the upper
    third against the lower third (a Series with two values: the one against the other); ids it lacks take no part.

    Raises `UnknownNameError` for ids that are not in the table, `CallError` for too few positives or negatives.
    """
    if isinstance(concept, pd.Series):
        found = _from_grades(table, name, concept)
    else:
        if isinstance(concept, str):
            raise CallError(f"concept {name!r} must be ids or a Series of scores, got one string")
        positive = np.unique(table.row_numbers(str(item) for item in concept))
        label = np.zeros(len(table), dtype=np.int64)
        label[positive] = 1
        found = Labels(np.arange(len(table)), label.astype(np.float64), label)
    n_positive, n_negative = int((found.label == 1).sum()), int((found.label == 0).sum())
    if n_positive < least or n_negative < least:
        raise CallError(
            f"concept {name!r} needs at least {least} entities with it and {least} without it in the table, "
            f"got {n_positive} and {n_negative}"
        )
    return found


def _from_grades(table: VectorTable, name: str, scores: pd.Series) -> Labels:
    try:
        grade = scores.to_numpy(dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise CallError(f"the scores of concept {name!r} must be numbers") from error
    if not np.isfinite(grade).all():
        raise CallError(f"the scores of concept {name!r} must be finite; drop the entities without one")
    if scores.index.has_duplicates:
        raise CallError(f"the scores of concept {name!r} name an id more than once")
    rows = table.row_numbers(str(item) for item in scores.index)
    label = np.full(len(grade), -1, dtype=np.int64)
    if len(grade):
        low, high = np.quantile(grade, [1 / 3, 2 / 3], method="inverted_cdf")
        if low == high:  # one value fills the middle: it goes to the side that would else be empty
            high = grade[grade > low].min() if (grade > low).any() else high
            low = low if high > low else (grade[grade < high].max() if (grade < high).any() else -np.inf)
        label[grade <= low] = 0
        label[grade >= high] = 1
    return Labels(rows, grade, label)
