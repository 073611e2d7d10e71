"""Ids as text, read one way everywhere: 1, "1" and 1.0 are one id, and what is missing is none."""

from __future__ import annotations

import numbers
import uuid
from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from elm._errors import CallError

_EXACT = 2**53  # above this a float stands for several whole numbers


def ids_of(values: Iterable[Any], what: str = "id") -> list[str]:
    """Ids as strings, in their order: text as it is, whole numbers as they print.

    Raises `CallError`, naming the place, for what is missing (None, NaN), for fractions, truth values, halves of
    letters and other things that are no name.

    >>> import numpy as np
    >>> ids_of([1, "1", 1.0, np.int64(1)])
    ['1', '1', '1', '1']
    """
    if isinstance(values, str | bytes):
        raise CallError(f"{what} ids are a list, got one {type(values).__name__} {values!r}; write [{values!r}]")
    if isinstance(values, pd.Series | pd.Index):
        return [str(name) for name in id_index(values, what)]
    return _names(values, what)


def id_column(column: pd.Series, what: str) -> pd.Series:
    """A column of ids as strings (categoricals stay ones, without unused categories); errors as of `ids_of`."""
    if not isinstance(column.dtype, pd.CategoricalDtype):
        return pd.Series(id_index(column, what), index=column.index, name=column.name)
    codes = column.cat.codes.to_numpy()
    if len(codes) and codes.min() < 0:
        raise CallError(_fault(what, int((codes < 0).argmax()), None))
    used = np.zeros(len(column.cat.categories), dtype=bool)
    used[codes] = True
    if not used.all():  # asked first, since removing sorts all the codes
        column = column.cat.remove_unused_categories()
    names = id_index(column.cat.categories, what)
    if names.dtype == column.cat.categories.dtype and names.equals(column.cat.categories):
        return column  # the usual case of very many rows, whose codes are not copied
    return (
        column.cat.rename_categories(list(names))
        if names.is_unique
        else column.map(dict(zip(column.cat.categories, names, strict=True))).astype(str)
    )


def id_index(values: pd.Index | pd.Series, what: str) -> pd.Index:
    """The same as an index; each different value is looked at once."""
    if isinstance(values.dtype, pd.StringDtype) and all(map(_id, values.unique())):
        names: pd.Index = pd.Index(values, dtype=str)
        return names
    if pd.api.types.is_integer_dtype(values.dtype) and not values.isna().any():
        return pd.Index(values.astype(str), dtype=str)
    if isinstance(values, pd.MultiIndex):
        raise CallError(f"{what} ids are one column, but an index of {values.nlevels} levels came; keep one of them")
    return pd.Index(_names(values.astype(object).to_numpy(), what), dtype=str)


def _names(cells: Iterable[Any], what: str) -> list[str]:
    known: dict[Any, str] = {}
    found: list[str] = []
    for place, cell in enumerate(cells):
        try:
            name = known.get((type(cell), cell))
        except TypeError:  # what cannot be hashed is no name either
            raise CallError(_fault(what, place, cell)) from None
        if name is None:
            read = _id(cell)
            if read is None:
                raise CallError(_fault(what, place, cell))
            name = known[type(cell), cell] = read
        found.append(name)
    return found


def _id(cell: Any) -> str | None:
    if isinstance(cell, str):
        return str(cell) if whole(cell) else None
    if isinstance(cell, bool | np.bool_):
        return None
    if isinstance(cell, numbers.Integral):
        return str(int(cell))
    if isinstance(cell, float | np.floating):
        return str(int(cell)) if float(cell).is_integer() and abs(float(cell)) < _EXACT else None
    return str(cell) if isinstance(cell, uuid.UUID) else None


def index_ids(series: pd.Series, what: str) -> list[str]:
    """The ids by which a Series is read: its index. `CallError` where that only counts rows, as of a plain column.

    >>> index_ids(pd.Series({10: 5.0, 12: 4.0}), "item")
    ['10', '12']
    """
    index = series.index
    if isinstance(index, pd.RangeIndex) and len(index) and (index.start, index.step, index.name) == (0, 1, None):
        raise CallError(
            f"a Series is read by its index, the {what} ids, but this one only counts its rows; give a list of ids, or "
            "the numbers with set_axis(ids)"
        )
    return ids_of(index, what)


def whole(text: str) -> bool:
    """Whether a text holds no half of a letter (a lone surrogate), which nothing can write."""
    return text.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in text)


def _fault(what: str, place: int, cell: Any) -> str:
    missing = cell is None or cell is pd.NA or cell is pd.NaT or cell != cell
    came = "it is missing" if missing else f"{cell!r} came"
    return (
        f"every row needs its {what} id, which is text or a whole number, but in row {place} {came}; "
        f"{'fill or drop those rows' if missing else 'turn it into text'}"
    )
