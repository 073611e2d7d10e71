"""Columns of a person's own: what is saved comes back as it was, or is refused before anything is written."""

from __future__ import annotations

import numbers
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pandas as pd

from elm._errors import CallError
from elm.data._cells import missing


@contextmanager
def refusing(table: str) -> Iterator[None]:
    """Whatever the writer of parquet files cannot take is a `CallError`; a failing disk stays what it is."""
    try:
        yield
    except (CallError, OSError):
        raise
    except Exception as error:  # pyarrow and pandas have errors of their own for each odd column
        raise CallError(
            f"the table of {table} holds a column that cannot be saved ({' '.join(str(error).split())[:200]}); "
            "turn it into text or numbers, or drop it"
        ) from error


def check_comes_back(was: pd.DataFrame, now: pd.DataFrame, table: str) -> None:
    """Raise `CallError` naming the first cell that is another one when read."""
    for place, name in enumerate(was.columns):
        if now.columns[place] != name:
            raise CallError(f"the columns of {table} must be named by texts, got {name!r}; rename it")
        pairs = zip(was.iloc[:, place].tolist(), now.iloc[:, place].tolist(), strict=True)
        odd = next((row for row, (one, other) in enumerate(pairs) if not _same(one, other)), None)
        if odd is not None:
            cell = was.iloc[odd, place]
            raise CallError(
                f"the table of {table} holds {str(cell)[:80]!r} ({type(cell).__name__}) in column {name!r}, row {odd}, "
                "which would not come back the same; turn that column into text, numbers, dates or lists of one kind"
            )


def as_lists(column: pd.Series) -> pd.Series:
    """A column as parquet gives it, with lists where it has arrays."""
    if column.dtype != object or not any(isinstance(cell, np.ndarray) for cell in column):
        return column
    return pd.Series([_plain(cell) for cell in column], index=column.index, name=column.name, dtype=object)


def _plain(cell: Any) -> Any:
    return [_plain(one) for one in cell.tolist()] if isinstance(cell, np.ndarray) else cell


def _same(one: Any, other: Any, inside: bool = False) -> bool:
    """Whether two cells are one value; inside of lists also of one kind, since a gap there turns whole numbers over."""
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(_same(*pair, True) for pair in zip(one, other, strict=True))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[key], other[key], True) for key in one)
    if missing(one) or missing(other):
        return missing(one) and missing(other) and (not inside or (one is None) == (other is None))
    if inside and isinstance(one, numbers.Integral) != isinstance(other, numbers.Integral):
        return False
    numeric = isinstance(one, numbers.Number) and isinstance(other, numbers.Number)
    if isinstance(one, bool | np.bool_) != isinstance(other, bool | np.bool_):
        return False
    if type(one) is not type(other) and not numeric:
        return False
    try:
        return bool(one == other)
    except (ValueError, TypeError):  # arrays and other things without one answer
        return False
