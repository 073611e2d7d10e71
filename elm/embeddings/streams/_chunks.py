"""Parquet and Arrow files as one long table, of which any run of rows is read without the rest.

A file is made of chunks: row groups of Parquet, record batches of Arrow. Rows that follow those read before are taken
from where reading stopped, so that a large chunk is decoded once by whoever reads in order.
"""

from __future__ import annotations

import contextlib
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any

from elm._errors import DataFileError

ENDINGS = (".parquet", ".arrow", ".feather")
_BATCH = 1024  # rows that are decoded at a time
_WIDEST = 65_536  # numbers in a row, on average, of a file whose header can be believed


@dataclass(frozen=True)
class Chunk:
    """The chunk of this number in a file, of so many rows."""

    path: Path
    number: int
    rows: int


class Chunks:
    """The files of one table, in the order of their names.

    Raises `DataFileError` for a file that is cut off or damaged, or whose columns are not those of the first.
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        self.paths = list(paths)
        opened = [_opened(path) for path in self.paths]
        self.schema = opened[0][0]
        for path, (schema, _) in zip(self.paths, opened, strict=True):
            if not schema.equals(self.schema):
                raise DataFileError(
                    f"the files of a table have the same columns, and {path} has {_told(schema)} where "
                    f"{self.paths[0].name} has {_told(self.schema)}: make it again, or take it out of the folder"
                )
        self._chunks = [chunk for _, chunks in opened for chunk in chunks]
        self._ends = list(accumulate(chunk.rows for chunk in self._chunks))

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    def cursor(self, columns: Sequence[str]) -> Cursor:
        """What reads these columns."""
        return Cursor(self, list(columns))

    def batches(self, start: int, columns: list[str]) -> Iterator[Any]:
        """Record batches of the columns, the first of which begins at row `start`."""
        first = bisect_right(self._ends, start)
        skipped = start - (self._ends[first - 1] if first else 0)
        for batch in self._from(first, columns):
            if skipped < batch.num_rows:
                yield batch.slice(skipped)
            skipped = max(skipped - batch.num_rows, 0)

    def _from(self, first: int, columns: list[str]) -> Iterator[Any]:
        by_file: dict[Path, list[int]] = {}
        for chunk in self._chunks[first:]:
            by_file.setdefault(chunk.path, []).append(chunk.number)
        for path, numbers in by_file.items():
            with _readable(path):
                yield from _decoded(path, numbers, columns)


class Cursor:
    """Reads runs of rows of some columns."""

    def __init__(self, chunks: Chunks, columns: list[str]) -> None:
        self._chunks, self._columns = chunks, columns
        self._at, self._rest, self._coming = 0, None, iter(())  # type: int, Any, Iterator[Any]

    def read(self, start: int, stop: int) -> Any:
        """Rows `start` to `stop` as an Arrow table."""
        import pyarrow as pa

        if start != self._at or not start:
            self._at, self._rest = start, None
            self._coming = self._chunks.batches(start, self._columns)
        parts: list[Any] = []
        while self._at < stop:
            batch = self._rest if self._rest is not None else next(self._coming, None)
            if batch is None:
                raise DataFileError(f"{self._chunks.paths[-1]} ends before row {stop}, which its header promises")
            taken = min(stop - self._at, batch.num_rows)
            parts.append(batch.slice(0, taken))
            self._rest = batch.slice(taken) if taken < batch.num_rows else None
            self._at += taken
        return pa.Table.from_batches(parts, pa.schema([self._chunks.schema.field(name) for name in self._columns]))


def _opened(path: Path) -> tuple[Any, list[Chunk]]:
    """The columns of a file, and its chunks."""
    import pyarrow.parquet as pq

    with _readable(path):
        if path.suffix.lower() == ".parquet":
            with pq.ParquetFile(path) as file:
                groups = [file.metadata.row_group(number) for number in range(file.metadata.num_row_groups)]
                _believable(path, groups)
                return file.schema_arrow.remove_metadata(), [Chunk(path, i, g.num_rows) for i, g in enumerate(groups)]
        with _record_batches(path) as (schema, batches):
            return schema.remove_metadata(), [Chunk(path, i, batch.num_rows) for i, batch in enumerate(batches)]


def _believable(path: Path, groups: Sequence[Any]) -> None:
    """A few packed bytes may say that they are billions of numbers, which one batch would then take in memory."""
    for group in groups:
        most = max((group.column(i).num_values for i in range(group.num_columns)), default=0)
        if group.num_rows < 0 or most > _WIDEST * max(group.num_rows, 1):
            raise DataFileError(
                f"{path} says that it holds more than {_WIDEST} numbers in a row: make or fetch it again"
            )


def _decoded(path: Path, numbers: list[int], columns: list[str]) -> Iterator[Any]:
    """The record batches of some chunks of a file; of Parquet in pieces."""
    import pyarrow.parquet as pq

    if path.suffix.lower() == ".parquet":
        with pq.ParquetFile(path, pre_buffer=False) as file:
            yield from file.iter_batches(_BATCH, row_groups=numbers, columns=columns, use_threads=False)
        return
    with _record_batches(path, numbers[0]) as (_, batches):
        for batch in batches:
            yield batch.select(columns)


@contextlib.contextmanager
def _record_batches(path: Path, first: int = 0) -> Iterator[tuple[Any, Iterator[Any]]]:
    """Columns and record batches of an Arrow file (also of Feather's second version), or of a stream, which `datasets`
    writes; from chunk `first` on.
    """
    import pyarrow as pa

    with pa.OSFile(str(path)) as file:
        try:
            reader = pa.ipc.open_file(file)
        except pa.ArrowInvalid:
            file.seek(0)
            stream = pa.ipc.open_stream(file)
            yield stream.schema, (batch for number, batch in enumerate(stream) if number >= first)
        else:
            yield reader.schema, map(reader.get_batch, range(first, reader.num_record_batches))


@contextlib.contextmanager
def _readable(path: Path) -> Iterator[None]:
    import pyarrow as pa

    try:
        yield
    except (pa.ArrowException, OSError, ValueError, MemoryError, OverflowError) as error:
        reason = " ".join(str(error).split())[:200]
        raise DataFileError(
            f"{path} is cut off or damaged ({reason}): make or fetch it again, or take it out of its folder"
        ) from error


def _told(schema: Any) -> str:
    return ", ".join(f"{field.name} ({field.type})" for field in schema)[:160]
