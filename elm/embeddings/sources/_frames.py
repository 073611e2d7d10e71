"""Tables: pandas, Arrow, and `datasets`, with a column of lists, or a column for each number."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from elm._errors import CallError, VectorError
from elm.data import ids_of
from elm.embeddings._vectors import real_array
from elm.embeddings.sources._found import Found

IDS = ("id", "ids", "item", "item_id", "user", "user_id", "key", "word", "name", "title")
"""Names of columns that hold ids, in the order that they are looked for in."""

VECTORS = ("vector", "vectors", "embedding", "embeddings", "emb", "features", "values")


def find(source: Any, of: str) -> Found | None:
    """The vectors of a table; None for anything else."""
    if isinstance(source, pd.DataFrame):
        return of_frame(source, "a pandas table")
    if hasattr(source, "to_pandas") and (hasattr(source, "column_names") or hasattr(source, "columns")):
        return of_frame(source.to_pandas(), f"a {type(source).__module__.split('.')[0]} table")
    return None


def of_frame(frame: pd.DataFrame, where: str) -> Found:
    """Vectors and ids of a table, found by the names and kinds of its columns.

    Ids are the column named like one (`IDS`), else an index that was set, else none. Vectors are the one column whose
    cells are lists of numbers (the one named "vector" or "embedding" of several), else all columns of numbers together.

    Raises `CallError` where it is not clear which columns are meant, `VectorError` for cells that are no numbers.
    """
    if not len(frame):
        raise CallError(f"{where} holds no rows, and so no vectors")
    names = {str(column).strip().lower(): column for column in frame.columns}
    id_name = next((names[name] for name in IDS if name in names), None)
    rest = frame.drop(columns=[] if id_name is None else [id_name])
    lists = [column for column in rest.columns if _is_list(rest[column].iloc[0])]
    named = [column for column in lists if str(column).strip().lower() in VECTORS]
    if len(named) == 1 or len(lists) == 1:
        return Found(_ids(frame, id_name), _lists(rest[(named or lists)[0]]), where)
    if lists:
        raise CallError(f"{where} has several columns of lists ({', '.join(map(str, lists))}): keep the vectors' alone")
    numbers, odd = _columns(rest)
    if len(numbers) < 2:
        raise CallError(
            f"{where} needs a column of lists, or two columns of numbers at least, for vectors; it has {len(numbers)} "
            f"of numbers{f' beside {chr(44).join(odd[:5])}' if odd else ''}"
        )
    return Found(_ids(frame, id_name), _stacked(numbers, where), where)


def of_columns(frame: pd.DataFrame, id: str, vectors: str | Sequence[str] | None, where: str = "the frame") -> Found:
    """Vectors and ids of a table whose columns are named.

    id: the column of ids; without such a column the frame's index, where one was set. vectors: the column of lists, or
    the columns of numbers, one for each dimension; by default all columns but that of ids.

    Raises `CallError` for columns that are missing or not named, `VectorError` for columns that hold no vectors.
    """
    names = {str(column): column for column in frame.columns}
    has = f"it has {', '.join(list(names)[:8])}"
    if id not in names and isinstance(frame.index, pd.RangeIndex):
        raise CallError(f"each vector has an id, and {where} has no column {id!r}: name the column; {has}")
    wanted = [name for name in names if name != id] if vectors is None else vectors
    wanted = [wanted] if isinstance(wanted, str) else list(wanted)
    if missing := [name for name in wanted if name not in names]:
        raise CallError(f"{where} has no column {missing[0]!r}; {has}")
    if not wanted or not len(frame):
        raise CallError(
            f"a table needs vectors beside its ids, and {where} has no other {'row' if wanted else 'column'}"
        )
    ids, part = _ids(frame, names.get(id)), frame[[names[name] for name in wanted]]
    if len(wanted) == 1 and _is_list(part.iloc[0, 0]):
        return Found(ids, _lists(part.iloc[:, 0]), where)
    numbers, odd = _columns(part)
    if odd:
        raise VectorError(
            f"vectors are one column of lists, or one column of numbers for each dimension, and {odd[0]!r} of {where} "
            "is neither: name the columns of the vectors"
        )
    return Found(ids, _stacked(numbers, where), where)


def ids_or_none(column: pd.Series) -> list[str] | None:
    """The ids of a column, each of them once; None where it holds others."""
    try:
        ids = ids_of(column)
    except CallError:
        return None
    return ids if len(set(ids)) == len(ids) else None


def _ids(frame: pd.DataFrame, column: Any) -> list[str] | None:
    """The ids in a column; without one those of the index, where one was set."""
    if column is not None:
        return ids_of(frame[column])
    return None if isinstance(frame.index, pd.RangeIndex) else ids_of(frame.index)


def _columns(frame: pd.DataFrame) -> tuple[dict[str, np.ndarray], list[str]]:
    """Name -> its numbers (n,), where a column holds numbers (those of a text file are read from their digits); the
    names of the other columns.
    """
    read = {str(column): _as_numbers(frame[column]) for column in frame.columns}
    return {name: found for name, found in read.items() if found is not None}, [n for n in read if read[n] is None]


def _stacked(numbers: dict[str, np.ndarray], where: str) -> np.ndarray:
    """(n, dim), a dimension for each column."""
    table = np.stack(list(numbers.values()), axis=1)
    if not np.isfinite(table).all():
        row, place = np.argwhere(~np.isfinite(table))[0]
        raise VectorError(
            f"vectors are finite numbers, and {where} has none in row {row} of column {list(numbers)[place]!r}"
        )
    return table


def _as_numbers(column: pd.Series) -> np.ndarray | None:
    if pd.api.types.is_bool_dtype(column.dtype) or pd.api.types.is_complex_dtype(column.dtype):
        return None
    if pd.api.types.is_numeric_dtype(column.dtype):
        return np.asarray(column.to_numpy(dtype=np.float64, na_value=np.nan))
    read = pd.to_numeric(column, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    empty = column.astype(str).str.strip().isin(("", "nan", "NaN", "NA", "None")).to_numpy()
    return read if (np.isfinite(read) | empty).all() and np.isfinite(read).any() else None


def _is_list(cell: Any) -> bool:
    return isinstance(cell, list | tuple | np.ndarray) or (isinstance(cell, str) and cell.strip().startswith("["))


def _lists(column: pd.Series) -> list[np.ndarray]:
    return list(map(_numbers, column))


def _numbers(cell: Any) -> np.ndarray:
    """A cell's vector; a text file writes it as "[0.1, 0.2]", and numpy without commas."""
    if isinstance(cell, str):
        try:
            cell = [float(part) for part in cell.strip().strip("[]").replace(",", " ").split()]
        except ValueError as error:
            raise VectorError(f"a vector is a list of numbers, got the text {cell[:60]!r}") from error
    return real_array(cell, "a vector in a column")
