"""Vectors with ids, of any number: what is asked for is read, and nothing else."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from elm._errors import CallError, DataFileError
from elm._storage.files import file_hash, read_json, require_hash
from elm._storage.folders import read_whole
from elm._typing import Array
from elm.data import ids_of
from elm.embeddings._space import EmbeddingSpace
from elm.embeddings._table import BESIDE, FILES, VectorTable
from elm.embeddings.sources._vector_table import vector_table
from elm.embeddings.streams._chunks import ENDINGS, Chunks, Cursor
from elm.embeddings.streams._numbers import Numbers, Rows, of_columns, of_safetensors

_BLOCK = 65_536  # ids that are looked at together


@dataclass(frozen=True)
class StreamRows:
    """Rows `start` and following of a stream: ids (n), None where there is none; vectors (n, dim) float32; problems:
    the place of a row in here -> why it cannot be read.
    """

    start: int
    ids: list[str | None]
    vectors: Array
    problems: dict[int, str]

    def __len__(self) -> int:
        return len(self.ids)


class VectorStream:
    """n vectors and their ids. space: that of a saved table; None where the numbers do not say.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "a.npy"
    >>> np.save(path, np.eye(3))
    >>> stream = open_stream(path)
    >>> len(stream), stream.dim, stream.read(1, 3).ids
    (3, 3, ['1', '2'])
    """

    def __init__(
        self, numbers: Numbers, names: Cursor | list[str] | None, space: EmbeddingSpace | None, files: list[Path]
    ) -> None:
        self.numbers, self.space, self._names, self._files = numbers, space, names, files
        self.dim = numbers.dim

    def __len__(self) -> int:
        return len(self.numbers)

    def read(self, start: int, stop: int) -> StreamRows:
        """Rows `start` to `stop`, what cannot be read among them; `DataFileError` for a file that is damaged there."""
        stop = min(stop, len(self))
        vectors, problems = self.numbers.read(start, stop)
        odd = np.flatnonzero(~np.isfinite(vectors).all(axis=1)).tolist()
        problems |= dict.fromkeys(odd, "its vector holds NaN, infinity or a number too large for float32")
        ids = self.ids(start, stop)
        problems |= {row: "it has no id" for row, name in enumerate(ids) if name is None}
        return StreamRows(start, ids, vectors, problems)

    def ids(self, start: int, stop: int) -> list[str | None]:
        """The ids of rows `start` to `stop`, None where one is missing; row numbers where the source has none."""
        if self._names is None:
            return [str(row) for row in range(start, stop)]
        if isinstance(self._names, list):
            return list(self._names[start:stop])
        values = self._names.read(start, stop).column(0).to_pylist()
        try:
            return list(ids_of(values))
        except CallError:
            return [_id_or_none(value) for value in values]

    def repeats(self, at_once: int = 4_000_000) -> list[int]:
        """The rows whose id an earlier row has, too, in order; ids are read again for each `at_once` rows.

        Hashes of ids find them, and the ids themselves decide, so that memory holds `at_once` hashes.
        """
        if self._names is None or isinstance(self._names, list):
            return []
        passes = -(-len(self) // at_once)
        suspect = np.concatenate([self._twice(number, passes) for number in range(passes)] or [np.empty(0, np.uint64)])
        seen: set[str] = set()
        found: list[int] = []
        for start, ids, hashes in self._hashes() if len(suspect) else ():
            for place in np.flatnonzero(np.isin(hashes, suspect)).tolist():
                name = ids[place]
                if name is not None:
                    found += [start + place] if name in seen else []
                    seen.add(name)
        return found

    def fingerprint(self) -> str:
        """sha256 of what is read: the bytes of the files, or the numbers and ids themselves."""
        digest = hashlib.sha256(json.dumps([len(self), self.dim]).encode())
        for path in self._files:
            digest.update(f"{file_hash(path)}  {path.name}\n".encode())
        for start in range(0, 0 if self._files else len(self), _BLOCK):
            rows = self.read(start, start + _BLOCK)
            digest.update(json.dumps(rows.ids).encode())
            digest.update(rows.vectors.tobytes())
        return digest.hexdigest()

    def _twice(self, number: int, passes: int) -> np.ndarray:
        """The hashes that come more than once, of those that leave `number` when divided by `passes`."""
        kept = [hashes[hashes % np.uint64(passes) == number] for _, _, hashes in self._hashes()]
        each, counts = np.unique(np.concatenate(kept), return_counts=True)
        return np.asarray(each[counts > 1])

    def _hashes(self) -> Iterator[tuple[int, list[str | None], np.ndarray]]:
        from pandas.util import hash_array

        for start in range(0, len(self), _BLOCK):
            ids = self.ids(start, min(start + _BLOCK, len(self)))
            yield start, ids, hash_array(np.array([name or "" for name in ids], dtype=object), categorize=False)


def open_stream(source: Any) -> VectorStream:
    """A stream of vectors, read a piece at a time.

    source: the folder of a saved `VectorTable`; a .parquet, .arrow or .feather file with a column of lists or a column
    for each number, or a folder of such files, the shards of one table, in the order of their names; a .npy file, or a
    .safetensors file of one tensor (n, dim). Of these nothing but what is asked for is in memory. Anything else that
    `vector_table` takes is read as a whole.

    Raises `DataFileError` for files that are missing, cut off, damaged, or of other columns than the first; further
    errors are those of `vector_table`.
    """
    if not isinstance(source, str | os.PathLike):
        return _in_memory(source)
    path = Path(source)
    if (path / "space.json").is_file():
        return _of_table(path)
    if path.is_dir() and (shards := _shards(path)):
        return _of_files(shards, str(path))
    ending = path.suffix.lower()
    if path.is_file() and ending in ENDINGS:
        return _of_files([path], str(path))
    if path.is_file() and ending in (".npy", ".safetensors"):
        return VectorStream(Rows(path) if ending == ".npy" else of_safetensors(path), None, None, [path])
    return _in_memory(source)


def _of_files(paths: list[Path], where: str) -> VectorStream:
    chunks = Chunks(paths)
    numbers, id_name = of_columns(chunks, where)
    return VectorStream(numbers, None if id_name is None else chunks.cursor([id_name]), None, paths)


def _of_table(folder: Path) -> VectorStream:
    """A saved table, once its files are those that its description is of."""

    def read() -> VectorStream:
        about = read_json(folder / "space.json")
        hashes = about.get("sha256") if isinstance(about, dict) else None
        for name in FILES:
            require_hash(folder / name, hashes.get(name) if isinstance(hashes, dict) else None)
        space = EmbeddingSpace.from_dict(about, folder / "space.json", BESIDE)
        names, numbers = Chunks([folder / "ids.parquet"]), Rows(folder / "vectors.safetensors", "vectors")
        if not len(names) == len(numbers) == about["n"] or numbers.dim != space.dim:
            raise DataFileError(f"{folder} must hold {about['n']} vectors of {space.dim} numbers and as many ids")
        return VectorStream(numbers, names.cursor(["id"]), space, [folder / "space.json"])

    return read_whole(folder, read)


def _in_memory(source: Any) -> VectorStream:
    table = source if isinstance(source, VectorTable) else vector_table(source)
    return VectorStream(Rows(table.vectors), table.ids, table.space if table is source else None, [])


def _shards(folder: Path) -> list[Path]:
    """The files of one table; those that begin with "." or "_" are of whoever wrote them."""
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in ENDINGS and path.name[0] not in "._")


def _id_or_none(value: Any) -> str | None:
    try:
        return ids_of([value])[0]
    except CallError:
        return None
