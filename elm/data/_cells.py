"""The cells of a person's tables: the right value, or an error that names row and column."""

from __future__ import annotations

import ast
import datetime
import math
import numbers
import re
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

from elm._errors import CallError
from elm.data._ids import whole

_LATEST = 10**11  # seconds until the year 5138: what is later was counted in smaller units
_NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*", re.ASCII)


class _OddCell(Exception):
    """What must hold of a cell that does not."""


def converted(column: pd.Series, what: str, one: Callable[[Any], Any]) -> list[Any]:
    """`one` of every cell; `CallError` names the first that it does not take."""
    found = []
    for place, cell in enumerate(column.astype(object).to_numpy()):
        try:
            found.append(one(cell))
        except _OddCell as error:
            label = column.index[place]
            row = f"row {place}" if label == place else f"row {place} ({label!r})"
            told = "nothing" if missing(cell) else f"{str(cell)[:80]!r} ({type(cell).__name__})"
            raise CallError(f"{what}: {error}, but {row} holds {told}; fix or drop it") from None
    return found


def ratings(column: pd.Series) -> pd.Series:
    """Finite float32."""
    if column.dtype == np.float32 and np.isfinite(column.to_numpy()).all():
        return column  # as a reader gives very many of them: not copied
    if _plain_numbers(column):
        values = column.to_numpy(dtype=np.float64, na_value=np.nan)
    else:
        values = np.array(converted(column, "column 'rating'", _number), dtype=np.float64)
    bad = ~(np.abs(values) <= np.finfo(np.float32).max)
    if bad.any():
        row = int(bad.argmax())
        raise CallError(
            f"ratings must be finite numbers, but {int(bad.sum())} of {len(column)} are not (first: row {row}, "
            f"{column.iloc[row]!r}); drop or fill them first"
        )
    return pd.Series(values.astype(np.float32), index=column.index)


def years(column: pd.Series, strict: bool = True) -> pd.Series:
    """Int64, NA where a year is missing; a date counts as its year. Not `strict`: NA for "N/A" and the like, too."""
    one = _year if strict else _year_or_none
    return pd.Series(converted(column, "column 'year'", one), index=column.index, dtype="Int64")


def times(column: pd.Series) -> pd.Series:
    """int64 seconds since 1970 (UTC); dates of any unit are counted so, and parts of a second left out."""
    if column.isna().any():
        raise CallError("time must be known for every interaction or left out; drop the column or the rows")
    if pd.api.types.is_integer_dtype(column.dtype):
        late = (column.abs() > _LATEST).to_numpy(dtype=bool)
        values: Any = converted(column[late], "column 'time'", _seconds) if late.any() else column
    else:
        values = converted(column, "column 'time'", _seconds)
    return pd.Series(np.asarray(values, dtype=np.int64), index=column.index)


def texts(column: pd.Series, what: str) -> pd.Series:
    """str; numbers as they print."""
    return pd.Series(converted(column, what, _text), index=column.index, dtype=str)


def genres(column: pd.Series) -> pd.Series:
    """Lists of str: of lists, of "Action|Comedy", of "['Action', 'Comedy']"; empty where they are missing."""
    return pd.Series(converted(column, "column 'genres'", _names), index=column.index, dtype=object)


def missing(cell: Any) -> bool:
    """Whether a cell holds nothing: None, NaN, NA or NaT."""
    if cell is None or cell is pd.NA or cell is pd.NaT:
        return True
    return isinstance(cell, float | np.generic | Decimal) and bool(cell != cell)


def blank(column: pd.Series) -> pd.Series:
    """Which cells hold nothing, or only spaces."""
    return column.isna() | column.map(lambda cell: isinstance(cell, str) and not cell.strip()).astype(bool)


def _plain_numbers(column: pd.Series) -> bool:
    dtype = column.dtype
    return pd.api.types.is_numeric_dtype(dtype) and not (
        pd.api.types.is_bool_dtype(dtype) or pd.api.types.is_complex_dtype(dtype)
    )


def _number(cell: Any) -> float:
    if isinstance(cell, str) and _NUMBER.fullmatch(cell):
        return float(cell)
    if missing(cell):
        return math.nan
    if isinstance(cell, Decimal | numbers.Real) and not isinstance(cell, bool | np.bool_):
        try:
            return float(cell)
        except (OverflowError, ValueError):
            return math.nan
    raise _OddCell("a rating is a number, with a point and not a comma")


def _year(cell: Any) -> Any:
    if missing(cell) or (isinstance(cell, str) and not cell.strip()):
        return pd.NA
    if isinstance(cell, np.datetime64):
        cell = pd.Timestamp(cell)
    if isinstance(cell, datetime.date | pd.Period):
        return int(cell.year)
    year = _whole_number(cell)
    if year is None or abs(year) > 9999:
        raise _OddCell("a year is a whole number or a date, or missing")
    return year


def _year_or_none(cell: Any) -> Any:
    try:
        return _year(cell)
    except _OddCell:
        return pd.NA


def _seconds(cell: Any) -> int:
    if isinstance(cell, datetime.datetime | np.datetime64):
        moment = pd.Timestamp(cell)
        moment = moment.tz_convert(None) if moment.tzinfo is not None else moment
        return int((moment.floor("s") - pd.Timestamp(0)) // pd.Timedelta(seconds=1))
    if isinstance(cell, datetime.date):
        return (cell - datetime.date(1970, 1, 1)).days * 86400
    number = math.nan if isinstance(cell, bool | np.bool_) else _or_nan(cell)
    if not abs(number) <= _LATEST:
        raise _OddCell("a time is a date or a number of seconds since 1970 (milliseconds are divided by 1000 first)")
    return math.floor(number)


def _or_nan(cell: Any) -> float:
    try:
        return _number(cell)
    except _OddCell:
        return math.nan


def _whole_number(cell: Any) -> int | None:
    number = math.nan if isinstance(cell, bool | np.bool_) else _or_nan(cell)
    return int(number) if number.is_integer() else None


def _text(cell: Any) -> str:
    if isinstance(cell, str):
        if not whole(cell):
            raise _OddCell("a text is whole, without half a character (a lone surrogate)")
        return str(cell)
    if missing(cell) or isinstance(cell, bool | np.bool_) or not isinstance(cell, numbers.Real):
        raise _OddCell("a text is needed in every row")
    number = float(cell)
    if isinstance(cell, numbers.Integral):
        return str(int(cell))
    return str(int(number)) if number.is_integer() else repr(number)


def _names(cell: Any) -> list[str]:
    if missing(cell):
        return []
    if isinstance(cell, str):
        cell = _listed(cell.strip())
    if isinstance(cell, np.ndarray):
        cell = cell.tolist()
    if not isinstance(cell, Iterable) or isinstance(cell, str | dict | bytes | bytearray):
        raise _OddCell("genres are a list of names, or names separated by |")
    names = sorted(cell) if isinstance(cell, set | frozenset) and all(isinstance(n, str) for n in cell) else list(cell)
    if not all(isinstance(name, str) and whole(name) for name in names):
        raise _OddCell("genres are a list of names, each a whole text")
    return [str(name).strip() for name in names if name.strip()]


def _listed(text: str) -> Any:
    """The names of a text, which may be a list as Python or JSON prints it, as CSV files of lists hold them."""
    if text == "(no genres listed)":  # MovieLens's words for none
        return []
    if not (text.startswith("[") and text.endswith("]")):
        return text.split("|")
    try:
        found = ast.literal_eval(text)
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        found = None
    return found if isinstance(found, list) else None
