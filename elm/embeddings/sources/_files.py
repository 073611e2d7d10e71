"""Files of numbers, tables and ids: .npy, .npz, .csv, .tsv, .jsonl, .parquet, .arrow and .feather."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import pandas as pd

from elm._errors import CallError, DataFileError
from elm._storage.csv import read_csv_texts
from elm._storage.parquet import read_parquet
from elm.data import ids_of
from elm.embeddings.sources import _frames
from elm.embeddings.sources._factors import factors_name
from elm.embeddings.sources._found import Found

KNOWN = "a .npy, .npz, .csv, .tsv, .jsonl, .parquet, .arrow or .feather file"


def find(source: Any, of: str) -> Found | None:
    """The vectors of a file whose name ends like one of these; None for anything else."""
    if not isinstance(source, str | os.PathLike) or not Path(source).is_file():
        return None
    path = Path(source)
    if path.suffix.lower() == ".npy":
        return Found(None, read_npy(path), str(path))
    if path.suffix.lower() == ".npz":
        return _arrays(path, of)
    frame = read_frame(path)
    return None if frame is None else _frames.of_frame(frame, str(path))


def read_frame(path: Path) -> pd.DataFrame | None:
    """The table in a file; None where its name does not say that it holds one. Raises `DataFileError`."""
    if not path.is_file():
        raise DataFileError(f"{path} does not exist")
    ending = path.name.lower().removesuffix(".gz").rpartition(".")[2]
    try:
        if ending in ("csv", "tsv"):
            return read_csv_texts(path, "\t" if ending == "tsv" else ",")
        if ending in ("jsonl", "ndjson"):
            return pd.read_json(path, lines=True, dtype=False)
        if ending == "parquet":
            return read_parquet(path)
        if ending in ("arrow", "feather"):
            return _arrow(path)
    except DataFileError:
        raise
    except Exception as error:  # each reader has errors of its own for a file that is cut off or of another kind
        raise DataFileError(f"{path} cannot be read as a table ({' '.join(str(error).split())[:160]})") from error
    return None


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
    """Ids of `count` vectors: given ones; those of a file, which is a text with one id per line, or a table with a
    column id or one column alone; for None the row numbers.

    Raises `DataFileError` for a file of another kind, `CallError` where the number of ids is not `count`.
    """
    if ids is None:
        return [str(row) for row in range(count)]
    found = ids_of(_ids_in(Path(ids)) if isinstance(ids, str | Path) else ids)
    if len(found) != count:
        raise CallError(f"each vector has one id, and there are {count} vectors and {len(found)} ids")
    return found


def _ids_in(path: Path) -> list[Any]:
    frame = read_frame(path)
    if frame is not None:
        name = "id" if "id" in frame else frame.columns[0]
        if name != "id" and frame.shape[1] > 1:
            raise DataFileError(f"{path} holds ids in a column id, or in its only column, and it has no such column")
        return list(frame[name])
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataFileError(f"{path} must be a text file with one id per line: {str(error).splitlines()[0]}") from error


def _is_npy(path: Path) -> bool:
    with contextlib.suppress(OSError), open(path, "rb") as file:
        return file.read(6) == b"\x93NUMPY"
    return False


def _arrow(path: Path) -> pd.DataFrame:
    """An Arrow file (also of Feather's second version), or a stream, which `datasets` writes."""
    import pyarrow as pa

    with pa.memory_map(str(path)) as file:
        try:
            table = pa.ipc.open_file(file).read_all()
        except pa.ArrowInvalid:
            file.seek(0)
            table = pa.ipc.open_stream(file).read_all()
        result: pd.DataFrame = table.to_pandas()
    return result


def _arrays(path: Path, of: str) -> Found:
    try:
        with np.load(path, allow_pickle=False) as found:
            arrays = {name: found[name] for name in found.files}
    except (ValueError, TypeError, AttributeError, EOFError, OSError, BadZipFile) as error:
        raise DataFileError(
            f"{path} must be a whole file of numbers that numpy.savez wrote, without Python objects "
            f"({' '.join(str(error).split())[:120]})"
        ) from error
    if {"user_factors", "item_factors"} <= arrays.keys():  # a model that implicit saved
        wanted = factors_name(of, ("item_factors", "user_factors"))
        return Found(None, arrays[wanted], f"{path}, {of} of implicit", "dot")
    tables = [name for name, array in arrays.items() if array.ndim == 2 and array.dtype.kind in "iuf"]
    if len(tables) != 1:
        raise DataFileError(
            f"{path} must hold one table of numbers (n, dim), and for its ids one list; it holds "
            f"{', '.join(f'{name} {array.shape}' for name, array in arrays.items())[:200] or 'nothing'}"
        )
    rows = arrays[tables[0]].shape[:1]
    names = [array for name, array in arrays.items() if name != tables[0] and array.shape == rows]
    ids = _frames.ids_or_none(pd.Series(names[0].tolist())) if len(names) == 1 else None
    return Found(ids, arrays[tables[0]], str(path))
