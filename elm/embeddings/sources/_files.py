"""Files of numbers and tables: .npy, .npz, .csv, .tsv, .jsonl, .parquet, .arrow and .feather."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from elm._errors import DataFileError
from elm._storage.csv import read_csv_texts
from elm._storage.parquet import read_parquet
from elm.embeddings.sources import _frames
from elm.embeddings.sources._found import Found

KNOWN = "a .npy, .npz, .csv, .tsv, .jsonl, .parquet, .arrow or .feather file"


def find(source: Any, of: str) -> Found | None:
    """The vectors of a file whose name ends like one of these; None for anything else."""
    if not isinstance(source, str | os.PathLike) or not Path(source).is_file():
        return None
    path = Path(source)
    if path.suffix.lower() in (".npy", ".npz"):
        return _arrays(path)
    frame = read_frame(path)
    return None if frame is None else _frames.of_frame(frame, str(path))


def read_frame(path: Path) -> pd.DataFrame | None:
    """The table in a file; None where its name does not say that it holds one. Raises `DataFileError`."""
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


def _arrays(path: Path) -> Found:
    try:
        found = np.load(path, allow_pickle=False)
        if isinstance(found, np.ndarray):
            return Found(None, found, str(path))
        arrays = {name: found[name] for name in found.files}
    except (ValueError, EOFError, OSError) as error:
        raise DataFileError(
            f"{path} must be a whole file of numbers that numpy.save or numpy.savez wrote, without Python objects "
            f"({' '.join(str(error).split())[:120]})"
        ) from error
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
