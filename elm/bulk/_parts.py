"""The folder of a job: what was asked, and the texts of each shard that is done, each in a file that is whole.

_job.json              what decides the texts; another model, task, seed or table is refused
part-00000000.parquet  rows of one shard: row, id, text, problem
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from elm._errors import CallError
from elm._storage.fields import differing
from elm._storage.files import disk_errors, read_json, write_json, written_aside

JOB = "_job.json"
_MARK = b"elm_job"
_GROUP = 65_536  # rows of a row group, in the one file


class Parts:
    """A job's folder, begun or gone on with.

    Raises `CallError` where it was begun with other settings and texts are there, or holds other files.
    """

    def __init__(self, folder: Path, record: Mapping[str, Any], rows: list[int]) -> None:
        """record: what decides the texts. rows: how many each shard has."""
        self.folder, self._rows = folder, rows
        self.mark = record_mark(record)
        came = read_json(folder / JOB) if (folder / JOB).is_file() else None
        there = sorted(folder.glob("part-*.parquet"))
        if came is None and any(path.name[0] != "." for path in folder.iterdir()):
            raise CallError(f"a job writes into a folder of its own, and {folder} holds other files: choose another")
        if came is not None and there:
            require_same(folder, came, record)
        write_json(folder / JOB, record)
        self._done = {number for number in range(len(rows)) if self._whole(number)}

    def missing(self) -> list[int]:
        """The shards that are still to be written."""
        return [number for number in range(len(self._rows)) if number not in self._done]

    def done(self) -> int:
        """How many rows are written."""
        return sum(self._rows[number] for number in self._done)

    def bad(self) -> int:
        """How many of the rows that are written hold a problem in place of a text."""
        return sum(_bad_in(self._path(number)) for number in self._done)

    def commit(self, number: int, table: Any) -> None:
        """Write a shard; from the moment it is renamed into place it counts."""
        import pyarrow.parquet as pq

        with disk_errors(self._path(number)), written_aside(self._path(number)) as aside:
            pq.write_table(table.replace_schema_metadata({_MARK: self.mark}), aside, compression="zstd")
        self._done.add(number)

    def join(self, out: Path) -> None:
        """All parts as one file, a part in memory at a time."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        with disk_errors(out), written_aside(out) as aside:
            schema = pq.read_schema(self._path(0))
            with pq.ParquetWriter(aside, schema, compression="zstd") as writer:
                held: list[Any] = []
                for number in range(len(self._rows)):
                    held.append(pq.read_table(self._path(number)))
                    if sum(map(len, held)) >= _GROUP or number == len(self._rows) - 1:
                        writer.write_table(pa.concat_tables(held))
                        held = []

    def _path(self, number: int) -> Path:
        return self.folder / f"part-{number:08d}.parquet"

    def _whole(self, number: int) -> bool:
        """Whether a shard is there, of this very job; one that was damaged since is written again."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            header = pq.read_metadata(self._path(number))
        except (OSError, pa.ArrowException):
            return False
        return header.num_rows == self._rows[number] and (header.metadata or {}).get(_MARK) == self.mark


def record_mark(record: Mapping[str, Any]) -> bytes:
    """What the files of a job carry, so that those of another are not taken for its own."""
    return hashlib.sha256(json.dumps(record, sort_keys=True).encode()).hexdigest().encode()


def finished(out: Path, record: Mapping[str, Any]) -> int | None:
    """How many rows with a problem a finished file of this very job holds; None where there is no file.

    Raises `CallError` for a file of something else.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    if not out.exists():
        return None
    try:
        mark = (pq.read_metadata(out).metadata or {}).get(_MARK)
    except (OSError, pa.ArrowException):
        mark = None
    if mark != record_mark(record):
        raise CallError(
            f"{out} is there already and holds something else (another model, task, seed or table): choose another "
            "name, or remove it"
        )
    return _bad_in(out)


def require_same(where: Path, came: object, wanted: Mapping[str, Any]) -> None:
    """Raise `CallError` where a job was begun with other settings than those that are wanted now."""
    if odd := differing(came if isinstance(came, dict) else {}, json.loads(json.dumps(wanted))):
        raise CallError(
            f"a job keeps what it was begun with, and {where} was begun with other values of {', '.join(odd)}: "
            "give those again, choose another name, or remove that folder"
        )


def _bad_in(path: Path) -> int:
    """Rows with a problem, by the header of a file."""
    import pyarrow.parquet as pq

    header = pq.read_metadata(path)
    place = header.schema.names.index("problem")
    groups = [header.row_group(number) for number in range(header.num_row_groups)]
    return sum(group.num_rows - group.column(place).statistics.null_count for group in groups)
