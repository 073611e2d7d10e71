"""Anyone's vectors into a `VectorTable`: each kind of source is one entry, and is asked in this order."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from elm._errors import CallError, DataFileError, VectorError
from elm.data import ids_of
from elm.embeddings._space import EmbeddingSpace, Metric
from elm.embeddings._table import VectorTable
from elm.embeddings._vectors import real_array
from elm.embeddings.sources import _factors, _files, _frames, _spark, _stores, _word_vectors
from elm.embeddings.sources._found import Found

_SOURCES = (_files.find, _word_vectors.find, _frames.find, _stores.find, _spark.find, _factors.find)


def vector_table(
    source: Any,
    ids: Iterable[Any] | None = None,
    *,
    name: str = "vectors",
    metric: Metric | None = None,
    of: str = "items",
) -> VectorTable:
    """The vectors of a source with their ids, in a space of their own.

    source: a `VectorTable` or the folder of one; a .npy, .npz, .csv, .tsv, .jsonl, .parquet, .arrow or .feather file; a
    word2vec file (.vec, .txt, .bin) or gensim's `KeyedVectors`; a pandas or Arrow table or a `datasets` data set, with
    a column of lists or a column for each number; a mapping id -> vector; an array (n, dim); a faiss index or file; a
    LanceDB table or folder; a folder of Parquet shards with columns id and features, or of a model of Spark's ALS; a
    fitted model of `implicit` or LensKit or the former's .npz, of which `of` names the "items" or the "users".

    ids: n of them, where the source has none (rows are counted) or others are wanted. name: of the space. metric:
    "cosine" by default, "dot" for factors of recommenders. The fingerprint is that of ids and numbers.

    Raises `DataFileError` for a file that cannot be read, `VectorError` for numbers that cannot be vectors, `CallError`
    for ids that repeat or are not as many as the vectors, and for a source of another kind.

    >>> table = vector_table({"a": [1.0, 0.0], "b": [0.0, 1.0]}, name="toy")
    >>> table.ids, table.space.dim, table.space.metric
    (['a', 'b'], 2, 'cosine')
    """
    if isinstance(source, str | os.PathLike) and (Path(source) / "space.json").is_file():
        source = VectorTable.load(Path(source))
    if isinstance(source, VectorTable):
        return source if ids is None else _named(source, ids_of(ids))
    found = next((made for find in _SOURCES if (made := find(source, of)) is not None), None)
    if found is None:
        found = _plain(source)
    names = found.ids if ids is None else ids_of(ids)
    vectors = real_array(found.vectors, "vectors")
    if vectors.ndim != 2 or not len(vectors):
        raise VectorError(f"vectors are a table (n, dim) with a row each, got shape {vectors.shape}")
    names = [str(row) for row in range(len(vectors))] if names is None else names
    if len(names) != len(vectors):
        raise CallError(f"each vector has one id: got {len(names)} ids for {len(vectors)} vectors")
    rows = np.ascontiguousarray(vectors, dtype=np.float32)
    about = {"by": found.by}
    space = EmbeddingSpace.fit(name, rows, metric or found.metric, about, _fingerprint(names, rows))
    return VectorTable(names, rows, space)


def _plain(source: Any) -> Found:
    if isinstance(source, Mapping):
        return Found(ids_of(source), list(source.values()), "a mapping")
    if isinstance(source, str | os.PathLike):
        if not Path(source).exists():
            raise DataFileError(f"there are no vectors at {source}: name a file or folder that is there")
        raise DataFileError(
            f"{source} is not a source of vectors, which is {_files.KNOWN}, a word2vec file (.vec, .txt, .bin), "
            "a faiss file (.faiss, .index), or the folder of a table"
        )
    return Found(None, source, "an array")


def _named(table: VectorTable, ids: list[str]) -> VectorTable:
    if len(ids) != len(table):
        raise CallError(f"each vector has one id: got {len(ids)} ids for {len(table)} vectors")
    return VectorTable(ids, table.vectors, table.space)


def _fingerprint(ids: list[str], vectors: np.ndarray) -> str:
    digest = hashlib.sha256(json.dumps(ids).encode("ascii"))
    digest.update(vectors.astype("<f4").tobytes())
    return digest.hexdigest()[:16]
