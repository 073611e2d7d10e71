"""Tables: pandas, Arrow, and `datasets`, with a column of lists, or a column for each number."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from elm._errors import CallError, VectorError
from elm.data import ids_of
from elm.embeddings._vectors import real_array
from elm.embeddings.sources._found import Found

IDS = ("id", "ids", "item", "item_id", "user", "user_id", "key", "word", "name", "title")
"""Names of columns that hold ids, in the order that they are looked for in."""

_VECTORS = ("vector", "vectors", "embedding", "embeddings", "emb", "features", "values")


def find(source: Any, of: str) -> Found | None:
    """The vectors of a table; None for anything else."""
    if isinstance(source, pd.DataFrame):
        return of_frame(source, "a pandas table")
    if hasattr(source, "to_pandas") and (hasattr(source, "column_names") or hasattr(source, "columns")):
        return of_frame(source.to_pandas(), f"a {type(source).__module__.split('.')[0]} table")
    return None


def of_frame(frame: pd.DataFrame, where: str) -> Found:
    """Vectors and ids of a table.

    Ids are the column named like one (`IDS`), else an index that was set, else none. Vectors are the one column whose
    cells are lists of numbers (the one named "vector" or "embedding" of several), else all columns of numbers together.

    Raises `CallError` where it is not clear which columns are meant, `VectorError` for cells that are no numbers.
    """
    if not len(frame):
        raise CallError(f"{where} holds no rows, and so no vectors")
    names = {str(column).strip().lower(): column for column in frame.columns}
    id_name = next((names[name] for name in IDS if name in names), None)
    own = not isinstance(frame.index, pd.RangeIndex)
    ids = ids_of(frame[id_name]) if id_name is not None else ids_of(frame.index) if own else None
    rest = frame.drop(columns=[] if id_name is None else [id_name])
    lists = [column for column in rest.columns if _is_list(rest[column].iloc[0])]
    named = [column for column in lists if str(column).strip().lower() in _VECTORS]
    if len(named) == 1 or len(lists) == 1:
        return Found(ids, list(map(_numbers, rest[(named or lists)[0]])), where)
    if lists:
        raise CallError(f"{where} has several columns of lists ({', '.join(map(str, lists))}): keep the vectors' alone")
    return Found(ids, _columns(rest, where), where)


def ids_or_none(column: pd.Series) -> list[str] | None:
    """The ids of a column, each of them once; None where it holds others."""
    try:
        ids = ids_of(column)
    except CallError:
        return None
    return ids if len(set(ids)) == len(ids) else None


def _columns(frame: pd.DataFrame, where: str) -> np.ndarray:
    """(n, dim): the columns of numbers; those of a text file are read from their digits."""
    read = {column: _as_numbers(frame[column]) for column in frame.columns}
    kept = [numbers for numbers in read.values() if numbers is not None]
    odd = [str(column) for column, numbers in read.items() if numbers is None]
    if len(kept) < 2:
        raise CallError(
            f"{where} needs a column of lists, or two columns of numbers at least, for vectors; it has {len(kept)} of "
            f"numbers{f' beside {chr(44).join(odd[:5])}' if odd else ''}"
        )
    table = np.stack(kept, axis=1)
    if not np.isfinite(table).all():
        row, place = np.argwhere(~np.isfinite(table))[0]
        column = [column for column, numbers in read.items() if numbers is not None][place]
        raise VectorError(f"vectors are finite numbers, and {where} has none in row {row} of column {column!r}")
    return table


def _as_numbers(column: pd.Series) -> np.ndarray | None:
    if pd.api.types.is_bool_dtype(column.dtype):
        return None
    if pd.api.types.is_numeric_dtype(column.dtype):
        return np.asarray(column.to_numpy(dtype=np.float64, na_value=np.nan))
    read = pd.to_numeric(column, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    empty = column.astype(str).str.strip().isin(("", "nan", "NaN", "NA", "None")).to_numpy()
    return read if (np.isfinite(read) | empty).all() and np.isfinite(read).any() else None


def _is_list(cell: Any) -> bool:
    return isinstance(cell, list | tuple | np.ndarray) or (isinstance(cell, str) and cell.strip().startswith("["))


def _numbers(cell: Any) -> np.ndarray:
    """A cell's vector; a text file writes it as "[0.1, 0.2]", and numpy without commas."""
    if isinstance(cell, str):
        try:
            cell = [float(part) for part in cell.strip().strip("[]").replace(",", " ").split()]
        except ValueError as error:
            raise VectorError(f"a vector is a list of numbers, got the text {cell[:60]!r}") from error
    return real_array(cell, "a vector in a column")
