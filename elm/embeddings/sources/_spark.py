"""Factors in Parquet shards: those that Spark's ALS writes, or any folder of shards with columns id and features."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from elm._errors import DataFileError
from elm.data import ids_of
from elm.embeddings.sources._factors import factors_name
from elm.embeddings.sources._found import Found
from elm.embeddings.sources._shards import Shard, shards_of

_COLUMNS = ("id", "features")


def find(source: Any, of: str) -> Found | None:
    """The factors of a saved `ALSModel` (folders itemFactors and userFactors) or of a folder of shards, sorted by id.

    None for anything else. Sorted, so that one model has one fingerprint in however many parts it was written.
    Raises `DataFileError` for a shard that is cut off, has other columns or another length of vectors, and for an id
    that comes twice.
    """
    if not isinstance(source, str | os.PathLike) or not Path(source).is_dir():
        return None
    folder, by = Path(source), f"the shards in {source}"
    if any((folder / name).is_dir() for name in ("itemFactors", "userFactors")):
        folder, by = folder / factors_name(of, ("itemFactors", "userFactors")), f"Spark's ALS, {of}"
        if not folder.is_dir():
            raise DataFileError(f"{source} holds no factors of {of}: {folder.name} is missing; save the model again")
    elif not any(folder.glob("*.parquet")):
        return None
    where: dict[str, str] = {}  # id -> its shard, in the order of the rows
    parts: list[np.ndarray] = []
    for shard in shards_of(folder, _COLUMNS, "factors"):
        for names, rows in _read(shard):
            for name in names:
                if name in where:
                    raise DataFileError(
                        f"each id has one vector, and {name!r} comes again in {shard.path} (first in {where[name]}): "
                        "the folder holds two runs, or a part twice"
                    )
                where[name] = shard.path.name
            parts.append(rows)
            if rows.shape[1] != parts[0].shape[1]:
                raise DataFileError(
                    f"all vectors are of one length, and those of {shard.path} have {rows.shape[1]} numbers, the first "
                    f"{parts[0].shape[1]}"
                )
    if not where:
        raise DataFileError(f"{folder} holds no vectors: its shards have no rows")
    ids = list(where)
    order = sorted(
        range(len(ids)), key=lambda row: (len(ids[row]), ids[row]) if ids[row].isdigit() else (2**31, ids[row])
    )
    return Found([ids[row] for row in order], np.concatenate(parts)[order], by, "dot")


def _read(shard: Shard) -> Any:
    """Ids and vectors (n, dim) of each batch of rows."""
    import pyarrow.types as types

    for batch in shard.batches():
        column = batch.column("features")
        kinds = (types.is_list, types.is_large_list, types.is_fixed_size_list)
        if not any(kind(column.type) for kind in kinds) or column.null_count or batch.column("id").null_count:
            raise DataFileError(f"{shard.path} must have an id and a list of numbers, features, in each row")
        if not len(column):
            continue
        flat = np.asarray(column.flatten().to_numpy(zero_copy_only=False), dtype=np.float32)
        lengths = {len(row) for row in column}
        if len(lengths) != 1 or not np.isfinite(flat).all():
            raise DataFileError(f"{shard.path} must have as many finite numbers in each row of features")
        yield ids_of(batch.column("id").to_pylist()), flat.reshape(len(column), -1)
