"""A table in Parquet shards: one file, or a folder of part files as Spark and its like write them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from elm._errors import DataFileError

ROWS = 2**17  # in memory at once


@dataclass(frozen=True)
class Shard:
    """One whole Parquet file and the columns of it that are read."""

    path: Path
    columns: tuple[str, ...]

    def batches(self) -> Iterator[Any]:
        """Arrow record batches of the columns, `ROWS` rows at most; `DataFileError` for pages that are damaged."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            with pq.ParquetFile(self.path) as file:
                yield from file.iter_batches(ROWS, columns=list(self.columns))
        except (pa.ArrowException, OSError) as error:
            raise _cut_off(self.path, error) from error


def shards_of(place: Path, columns: Sequence[str], what: str) -> list[Shard]:
    """The shards of a file or folder in the order of their names, each checked by its footer before any is read.

    Hidden files and those that begin with "_" are no shards. columns: that every shard must hold, in the same types;
    others may stand beside them. Raises `DataFileError` where there are none, where a job that wrote them did not end,
    for a shard that is cut off, and for one of other columns or types.
    """
    if place.is_dir():
        if (place / "_temporary").exists():
            raise DataFileError(f"{place} was not written to its end: the job's folder _temporary is still there")
        paths = sorted(path for path in place.glob("*.parquet") if path.is_file() and path.name[0] not in "._")
    else:
        paths = [place]
    if not paths or not paths[0].is_file():
        raise DataFileError(f"{what} are read from a .parquet file or a folder of them, and {place} is neither")
    kinds: dict[str, Any] = {}
    for path in paths:
        schema = _schema(path)
        absent = [name for name in columns if schema.names.count(name) != 1]
        if absent:
            raise DataFileError(
                f"every shard of {what} has the columns {', '.join(columns)}, each once, and {path} has "
                f"{', '.join(schema.names)[:120]}: {absent[0]!r} is missing"
            )
        for name in columns:
            kind = schema.field(name).type
            if kinds.setdefault(name, kind) != kind:
                raise DataFileError(
                    f"all shards hold the same types, and column {name!r} is {kind} in {path} and {kinds[name]} in "
                    f"{paths[0].name}: write them with one schema"
                )
    return [Shard(path, tuple(columns)) for path in paths]


def _schema(path: Path) -> Any:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return pq.read_schema(path)
    except (pa.ArrowException, OSError) as error:
        raise _cut_off(path, error) from error


def _cut_off(path: Path, error: Exception) -> DataFileError:
    reason = " ".join(str(error).split())[:120]
    return DataFileError(f"{path} is cut off or no Parquet file ({reason}): write or fetch this shard again")
