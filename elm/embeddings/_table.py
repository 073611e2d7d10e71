"""A table of vectors with ids, and its folder on disk."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
from safetensors.numpy import save_file

from elm._errors import CallError, CheckpointError, DataFileError, UnknownNameError, VectorError
from elm._storage.fields import is_object, is_one_of, is_size
from elm._storage.files import read_json, require_hash, sha256, write_json
from elm._storage.folders import folder_written_aside, read_whole
from elm._storage.parquet import read_texts
from elm._storage.weights import read_exactly
from elm._typing import Matrix, Vector
from elm.data import ids_of
from elm.embeddings._space import EmbeddingSpace, Metric
from elm.embeddings._vectors import real_array
from elm.embeddings.sources._files import read_frame, read_ids, read_npy
from elm.embeddings.sources._frames import of_columns

_OWN: Any = None
"""In the place of a space: the vectors' own."""


@dataclass(frozen=True, eq=False)
class VectorTable:
    """ids (n strings, unique), vectors (n, dim) float32, and the space that the vectors live in.

    Without a space the vectors are taken for those of one of their own (`EmbeddingSpace.of_name`): tables of one name
    and one size are then one space, so give tables of different origin different names.

    >>> space = EmbeddingSpace.fit("toy", [[0.0, 1.0], [2.0, 3.0]], "dot", {}, "f")
    >>> table = VectorTable(["a", "b"], [[0.0, 1.0], [2.0, 3.0]], space)
    >>> table["b"].tolist(), "c" in table, len(table.subset(["a"]))
    ([2.0, 3.0], False, 1)
    >>> VectorTable(["a", "b"], [[0.0, 1.0], [2.0, 3.0]])
    VectorTable(2 vectors, EmbeddingSpace('vectors', dim 2, cosine))
    """

    ids: list[str]
    vectors: Matrix
    space: EmbeddingSpace = _OWN
    _row: dict[str, int] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        ids = ids_of(self.ids)
        vectors = np.ascontiguousarray(real_array(self.vectors, "vectors of a table"), dtype=np.float32)
        if self.space is None:
            object.__setattr__(self, "space", _own_space(ids, vectors))
        if vectors.shape != (len(ids), self.space.dim):
            raise VectorError(
                f"a table of space {self.space.name!r} with {len(ids)} ids needs vectors of shape "
                f"({len(ids)}, {self.space.dim}), got {vectors.shape}"
            )
        if not np.isfinite(vectors).all():
            bad = ids[int(np.flatnonzero(~np.isfinite(vectors).all(1))[0])]
            raise VectorError(f"vectors of a table must be finite, but the one of {bad!r} holds NaN or infinity")
        rows = {name: row for row, name in enumerate(ids)}
        if len(rows) != len(ids):
            twice = next(name for row, name in enumerate(ids) if rows[name] != row)
            raise CallError(f"ids of a table must be unique, but {twice!r} comes more than once")
        for name, value in (("ids", ids), ("vectors", vectors), ("_row", rows)):
            object.__setattr__(self, name, value)

    def __repr__(self) -> str:
        return f"VectorTable({len(self.ids):,} vectors, {self.space!r})"

    @classmethod
    def from_frame(
        cls,
        frame: pd.DataFrame,
        id: str = "id",
        vectors: str | Sequence[str] | None = None,
        name: str = "vectors",
        metric: Metric = "cosine",
    ) -> VectorTable:
        """A table of a frame's rows, in a space of its own of this name and metric.

        id: the column of ids; without such a column the frame's index. vectors: the column whose cells are vectors, or
        the columns of numbers, one for each dimension; by default all others. Raises `CallError` or `VectorError`.
        """
        found = of_columns(frame, id, vectors)
        rows = real_array(found.vectors, "vectors of a frame")
        return cls(found.ids or [], rows, EmbeddingSpace.of_name(name, rows, metric))

    @classmethod
    def from_parquet(cls, path: str | Path, **options: Any) -> VectorTable:
        """A table of a Parquet or CSV file; options and errors are those of `from_frame`, and `DataFileError`."""
        frame = read_frame(Path(path))
        if frame is None:
            raise DataFileError(f"{path} is not a table file, such as .parquet or .csv")
        return cls.from_frame(frame, **options)

    @classmethod
    def from_npy(
        cls,
        path: str | Path,
        ids: str | Path | Iterable[Any] | None = None,
        name: str = "vectors",
        metric: Metric = "cosine",
    ) -> VectorTable:
        """A table of a .npy file (n, dim), in a space of its own of this name and metric.

        ids: n of them, or a file that holds them, one per line or in a column of CSV or Parquet; by default the row
        numbers. Raises `DataFileError` for a file of another kind, `CallError` for more or fewer ids.
        """
        rows = read_npy(path)
        if rows.ndim != 2:
            raise VectorError(f"a table's vectors have shape (n, dim), and those of {path} have {rows.shape}")
        return cls(read_ids(ids, len(rows)), rows, EmbeddingSpace.of_name(name, rows, metric))

    def __len__(self) -> int:
        return len(self.ids)

    def __contains__(self, name: object) -> bool:
        try:
            return ids_of([name])[0] in self._row
        except CallError:
            return False

    def __iter__(self) -> Iterator[str]:
        return iter(self.ids)

    def __getitem__(self, name: str) -> Vector:
        """The vector (dim,) of one id; `UnknownNameError` suggests the nearest id."""
        result: Vector = self.vectors[self.row_numbers([name])[0]]
        return result

    def rows(self, ids: Iterable[str]) -> Matrix:
        """The vectors (n, dim) of `ids`, in the order asked."""
        result: Matrix = self.vectors[self.row_numbers(ids)]
        return result

    def row_numbers(self, ids: Iterable[str]) -> np.ndarray:
        """Where `ids` stand in the table, (n,) int64; a number is the id that it prints as."""
        wanted = [ids] if isinstance(ids, str) else ids_of(ids)
        try:
            return np.array([self._row[name] for name in wanted], dtype=np.int64)
        except KeyError as error:
            raise UnknownNameError("id", error.args[0], self.ids, f"(in space {self.space.name!r})") from error

    def subset(self, ids: Sequence[str]) -> VectorTable:
        """A table of these ids only, in the order asked, in the same space."""
        return VectorTable(list(ids), self.rows(ids), self.space)

    def joined(self, *others: VectorTable) -> VectorTable:
        """This table and others behind it as one, in the space of this one; an id that comes twice is a `CallError`."""
        tables = (self, *others)
        ids = [id for table in tables for id in table.ids]
        return VectorTable(ids, np.concatenate([table.vectors for table in tables]), self.space)

    def with_statistics_of(self, ids: Sequence[str]) -> VectorTable:
        """The table in the same space, with mean, scale and reach of these entities alone, by which adapters normalise:
        those of training entities, where others are held out.
        """
        space = self.space
        known = EmbeddingSpace.fit(space.name, self.rows(ids), space.metric, space.made, space.fingerprint)
        return VectorTable(self.ids, self.vectors, known)

    def by_direction(self) -> VectorTable:
        """The table with cosine as its metric: by dot product a long vector is everybody's nearest neighbour."""
        space = EmbeddingSpace.fit(self.space.name, self.vectors, "cosine", {}, self.space.fingerprint)
        return VectorTable(self.ids, self.vectors, space)

    def save(self, folder: str | Path, dtype: Literal["float32", "float16"] = "float32") -> Path:
        """Write `vectors.safetensors`, `ids.parquet`, and `space.json` with the checksums of both.

        A kill at any moment leaves the table that was there or the new one. Raises `FolderBusyError` while another
        process saves there.
        """
        if dtype not in ("float32", "float16"):
            raise CallError(f"dtype must be 'float32' or 'float16', got {dtype!r}")
        stored = self.vectors.astype(dtype)
        if not np.isfinite(stored).all():
            raise VectorError("some vectors are too large for float16; save the table with dtype='float32'")
        with folder_written_aside(folder) as aside:
            save_file({"vectors": stored}, aside / "vectors.safetensors")
            pd.DataFrame({"id": pd.Series(self.ids, dtype="str")}).to_parquet(aside / "ids.parquet", index=False)
            files = {name: sha256(aside / name) for name in FILES}
            write_json(aside / "space.json", {**self.space.to_dict(), "n": len(self), "dtype": dtype, "sha256": files})
        return Path(folder)

    @classmethod
    def load(cls, folder: str | Path) -> VectorTable:
        """Read a saved table. `DataFileError` says which file is missing, cut off or of another save."""
        folder = Path(folder)
        if not folder.is_dir():
            raise DataFileError(f"{folder} is not a folder; a vector table is a folder that `save` wrote")
        return read_whole(folder, lambda: cls._read(folder))

    @classmethod
    def _read(cls, folder: Path) -> VectorTable:
        about = read_json(folder / "space.json")
        expected = about.get("sha256") if isinstance(about, dict) else None
        if not isinstance(expected, dict):
            raise DataFileError(f"{folder / 'space.json'} does not describe a vector table: it has no checksums")
        for name in FILES:
            require_hash(folder / name, expected.get(name))
        space = EmbeddingSpace.from_dict(about, folder / "space.json", BESIDE)
        try:
            wanted, kind = {"vectors": (about["n"], space.dim)}, _KINDS[about["dtype"]]
            vectors = read_exactly(folder / "vectors.safetensors", wanted, (kind,))["vectors"]
        except CheckpointError as error:
            raise DataFileError(str(error)) from error
        return cls(read_texts(folder / "ids.parquet", ("id",), about["n"])["id"], vectors, space)


def _own_space(ids: list[str], vectors: Matrix) -> EmbeddingSpace:
    if vectors.ndim != 2 or len(vectors) != len(ids):
        raise VectorError(f"a table of {len(ids)} ids needs vectors of shape ({len(ids)}, dim), got {vectors.shape}")
    return EmbeddingSpace.of_name("vectors", vectors)


FILES = ("vectors.safetensors", "ids.parquet")
_KINDS = {"float32": "F32", "float16": "F16"}
BESIDE = {"n": is_size, "dtype": is_one_of(*_KINDS), "sha256": is_object}
"""What `space.json` of a table says beside the space, so that a cut-off or half-replaced table never loads."""
