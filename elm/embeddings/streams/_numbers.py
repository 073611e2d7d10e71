"""The numbers of a stream: rows of an array in a file, a column of lists, or a column for each number."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from elm._errors import CallError, CheckpointError, DataFileError
from elm._storage.weights import FLOATS, reading_tensors, tensor_kinds
from elm._typing import Array
from elm.embeddings.sources._frames import IDS, VECTORS
from elm.embeddings.streams._chunks import Chunks

Problems = dict[int, str]
"""Row, counted from the first that was read -> why it holds no vector."""


class Numbers(Protocol):
    """n vectors, most of which have `dim` numbers."""

    dim: int

    def __len__(self) -> int: ...

    def read(self, start: int, stop: int) -> tuple[Array, Problems]:
        """Rows `start` to `stop` as (n, dim) float32; those that hold no vector are zeros there, and told of."""
        ...


class Rows:
    """The rows of an array (n, dim): one in memory, a .npy file, or a tensor of a safetensors file.

    A file is opened anew for each piece and closed again, so that its pages do not stay in this process.
    """

    def __init__(self, source: np.ndarray | Path, tensor: str = "") -> None:
        self._source, self._tensor = source, tensor
        shape = self._shape()
        if len(shape) != 2 or not shape[1]:
            raise DataFileError(f"a table's vectors have shape (n, dim), and those of {self._where()} have {shape}")
        self._rows, self.dim = shape

    def __len__(self) -> int:
        return self._rows

    def read(self, start: int, stop: int) -> tuple[Array, Problems]:
        part = self._part(start, stop)
        with np.errstate(over="ignore"):  # what is too large becomes infinite, and is told of
            return np.array(part, dtype=np.float32), {}

    def _where(self) -> str:
        return str(self._source) if isinstance(self._source, Path) else "the array"

    def _shape(self) -> tuple[int, ...]:
        if self._tensor:
            kind, shape = tensor_kinds(self._source)[self._tensor]  # type: ignore[arg-type]
            if kind not in (*FLOATS, "F64"):
                raise DataFileError(f"the vectors in {self._source} must be floating-point numbers, got {kind}")
            return shape
        array = self._part(0, 0)
        if array.dtype.kind not in "iuf":
            raise DataFileError(f"vectors are real numbers, and {self._where()} holds {array.dtype}")
        return self._array().shape

    def _part(self, start: int, stop: int) -> Any:
        if not self._tensor:
            return self._array()[start:stop]
        from safetensors import safe_open

        path = Path(self._source)  # type: ignore[arg-type]
        with reading_tensors(path), safe_open(path, framework="pt") as file:
            return file.get_slice(self._tensor)[start:stop].float().numpy()

    def _array(self) -> np.ndarray:
        if isinstance(self._source, np.ndarray):
            return self._source
        try:
            found = np.load(self._source, mmap_mode="r", allow_pickle=False)
        except (ValueError, TypeError, EOFError, OSError, SyntaxError) as error:
            raise DataFileError(
                f"{self._source} must be a whole .npy file of numbers ({' '.join(str(error).split())[:120]})"
            ) from error
        if not isinstance(found, np.ndarray):
            raise DataFileError(f"{self._source} must be a .npy file of one array")
        return found


class Lists:
    """A column whose cells are lists of numbers; `dim` is the length that most of the first rows have."""

    _FIRST = 100

    def __init__(self, chunks: Chunks, column: str) -> None:
        self._cursor, self._column, self._rows = chunks.cursor([column]), column, len(chunks)
        self.dim = 0
        kind = chunks.schema.field(column).type
        lengths = [kind.list_size] if hasattr(kind, "list_size") else self._lengths()
        self.dim = max(set(lengths), key=lengths.count, default=0)

    def __len__(self) -> int:
        return self._rows

    def read(self, start: int, stop: int) -> tuple[Array, Problems]:
        column, lengths = self._cells(start, stop)
        right = np.array([length == self.dim for length in lengths], dtype=bool)
        found = np.zeros((len(lengths), self.dim), dtype=np.float32)
        flat = (column if right.all() else column.filter(right)).flatten().to_numpy(zero_copy_only=False)
        with np.errstate(over="ignore"):
            found[right] = flat.astype(np.float32).reshape(-1, self.dim)
        problems = {
            row: "it has no vector"
            if lengths[row] is None
            else f"its vector has {lengths[row]} numbers, not {self.dim}"
            for row in np.flatnonzero(~right).tolist()
        }
        return found, problems

    def _lengths(self) -> list[int]:
        return [length for length in self._cells(0, min(self._FIRST, self._rows))[1] if length]

    def _cells(self, start: int, stop: int) -> tuple[Any, list[int | None]]:
        import pyarrow.compute as pc

        column = self._cursor.read(start, stop)[self._column].combine_chunks()
        lengths: list[int | None] = pc.list_value_length(column).to_pylist()
        return column, lengths


class Columns:
    """A column of numbers for each dimension; a cell that is missing counts as NaN."""

    def __init__(self, chunks: Chunks, columns: Sequence[str]) -> None:
        self._cursor, self._columns, self._rows = chunks.cursor(columns), list(columns), len(chunks)
        self.dim = len(self._columns)

    def __len__(self) -> int:
        return self._rows

    def read(self, start: int, stop: int) -> tuple[Array, Problems]:
        table = self._cursor.read(start, stop)
        with np.errstate(over="ignore"):
            parts = [table[name].to_numpy().astype(np.float32) for name in self._columns]
        return np.stack(parts, axis=1), {}


def of_columns(chunks: Chunks, where: str) -> tuple[Numbers, str | None]:
    """The vectors of a table and the column of its ids, by the same names as for tables in memory; None: no ids."""
    import pyarrow.types as types

    fields = list(chunks.schema)
    by_name = {field.name.strip().lower(): field.name for field in fields}
    id_name = next((by_name[name] for name in (*IDS, "__index_level_0__") if name in by_name), None)
    rest = [field for field in fields if field.name != id_name]
    lists = [field.name for field in rest if _is_list(field.type)]
    named = [name for name in lists if name.strip().lower() in VECTORS]
    if len(named) == 1 or len(lists) == 1:
        return Lists(chunks, (named or lists)[0]), id_name
    numbers = [field.name for field in rest if types.is_integer(field.type) or types.is_floating(field.type)]
    if lists or len(numbers) < 2:
        raise CallError(
            f"{where} needs one column of lists of numbers for vectors (named vector or embedding, where there are "
            f"several), or two columns of numbers at least; it has {', '.join(by_name.values())[:160] or 'none'}"
        )
    return Columns(chunks, numbers), id_name


def of_safetensors(path: Path) -> Numbers:
    """The one tensor (n, dim) of a safetensors file."""
    try:
        tables = [name for name, (_, shape) in tensor_kinds(path).items() if len(shape) == 2]
    except CheckpointError as error:
        raise DataFileError(str(error)) from error
    if len(tables) != 1:
        raise DataFileError(f"{path} must hold one tensor (n, dim), and holds {len(tables)}")
    return Rows(path, tables[0])


def _is_list(kind: Any) -> bool:
    import pyarrow.types as types

    listed = types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind)
    return bool(listed and (types.is_floating(kind.value_type) or types.is_integer(kind.value_type)))
