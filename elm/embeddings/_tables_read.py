"""Vectors and ids from what people keep them in: frames, Parquet, CSV, .npy files, lists of ids."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from elm._errors import CallError, DataFileError, VectorError
from elm._storage.csv import read_csv_texts
from elm._storage.parquet import read_parquet
from elm.data import ids_of
from elm.embeddings._vectors import real_array

KINDS = (".npy", ".parquet", ".csv")
"""Files that vectors are read from, by their ends."""


def frame_parts(frame: pd.DataFrame, id: str = "id", vectors: str | Sequence[str] | None = None) -> tuple[Any, Any]:
    """(ids, vectors (n, dim)) of a frame.

    id: the column of ids; without such a column the frame's index, where it is no mere count. vectors: the column whose
    cells are vectors, or the columns of numbers, one a dimension; by default all others.

    Raises `CallError` for columns that are not there or are not named, `VectorError` for cells that are no numbers, or
    vectors of unlike length.
    """
    columns = list(map(str, frame.columns))
    if id in columns:
        ids: Any = frame[id]
    elif isinstance(frame.index, pd.RangeIndex):
        raise CallError(
            f"every vector has an id, and the frame has no column {id!r}: name it, of {', '.join(columns[:8])}"
        )
    else:
        ids = frame.index
    wanted = [name for name in columns if name != id] if vectors is None else vectors
    wanted = [wanted] if isinstance(wanted, str) else list(wanted)
    if lost := [name for name in wanted if name not in columns]:
        raise CallError(
            f"vectors are in columns of the frame, and {lost[0]!r} is none; it has {', '.join(columns[:8])}"
        )
    if not wanted:
        raise CallError("a table needs vectors beside its ids, and the frame has no other column")
    part = frame[wanted]
    texts = [name for name in wanted if not pd.api.types.is_numeric_dtype(part[name])]
    if len(wanted) == 1 and texts:
        return ids, real_array(list(part[wanted[0]]), f"column {wanted[0]!r}")
    if texts:
        raise VectorError(
            f"a frame holds vectors in one column of lists, or one number a column, and {texts[0]!r} holds neither: "
            "name the columns of the vectors"
        )
    return ids, part.to_numpy()


def read_frame(path: str | Path) -> pd.DataFrame:
    """The frame in a Parquet or CSV file; numbers of CSV as numbers, ids as they stand. Raises `DataFileError`."""
    path = Path(path)
    if path.suffix.lower() == ".parquet":
        return read_parquet(path)
    if not path.is_file():
        raise DataFileError(f"{path} does not exist")
    try:
        found = read_csv_texts(path)
    except (ValueError, OSError) as error:
        raise DataFileError(f"{path} is not a CSV file: {str(error).splitlines()[0][:200]}") from error
    numbers = found.apply(pd.to_numeric, errors="coerce")
    whole = [name for name in found if name != "id" and numbers[name].notna().all()]
    for name in whole:
        found[name] = numbers[name]
    return found


def read_npy(path: str | Path) -> np.ndarray:
    """The array of a .npy file of numbers; pickled objects are refused. Raises `DataFileError`."""
    path = Path(path)
    try:
        array = np.load(path, allow_pickle=False)
    except FileNotFoundError as error:
        raise DataFileError(f"{path} does not exist; save vectors with numpy.save") from error
    except (ValueError, EOFError, OSError) as error:
        array, reason = None, "its rows are cut off" if _is_npy(path) else "it begins like another kind of file"
        reason = "it holds Python objects" if "Object arrays" in str(error) else reason
    else:
        reason = f"it holds {getattr(array, 'dtype', 'several arrays')}"
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "fiuc":
        raise DataFileError(
            f"{path} must be a whole .npy file of numbers, or the folder of a table, but {reason}; read the numbers "
            "(a CSV file with pandas.read_csv) and save them with numpy.save"
        )
    return array


def read_ids(ids: str | Path | Iterable[Any] | None, count: int) -> list[str]:
    """Ids of `count` vectors: given ones; those of a file (a text a line, or the column "id", or the only one, of a CSV
    or Parquet file); for None the numbers of the rows. Raises `DataFileError` for a file that is not so, `CallError`
    where there are more or fewer.
    """
    if ids is None:
        return [str(row) for row in range(count)]
    found = ids_of(_ids_in(Path(ids)) if isinstance(ids, str | Path) else ids)
    if len(found) != count:
        raise CallError(f"every vector has an id, and there are {count} vectors and {len(found)} ids")
    return found


def _ids_in(path: Path) -> list[Any]:
    if path.suffix.lower() in (".csv", ".parquet"):
        frame = read_frame(path)
        name = "id" if "id" in frame else str(frame.columns[0])
        if name != "id" and frame.shape[1] > 1:
            raise DataFileError(f"{path} holds ids in a column id, or in its only column, and it has no such column")
        return list(frame[name])
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataFileError(f"{path} must be a text file with an id a line: {str(error).splitlines()[0]}") from error


def _is_npy(path: Path) -> bool:
    with contextlib.suppress(OSError), open(path, "rb") as file:
        return file.read(6) == b"\x93NUMPY"
    return False
