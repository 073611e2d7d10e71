"""Parquet files of others, read within bounds: a file of a few bytes may say that it holds billions of rows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from elm._errors import DataFileError

if TYPE_CHECKING:
    import pandas as pd

FREE = 2**30
"""Bytes that any table may take in memory."""

SHARE = 100
"""Above that, bytes in memory for each byte on disk: packed tables of ids and ratings take 3 to 30."""


def read_parquet(path: str | Path, rows: int | None = None, limit: int | None = None) -> pd.DataFrame:
    """The table in a parquet file, once its header says that it fits.

    rows: how many it must hold, by the description beside it. limit: bytes in memory that it may take; by default
    `FREE`, or `SHARE` times the file's own size where that is more. Raises `DataFileError` for a file that is missing
    or damaged, and for one of another length or too large, before its rows are read.
    """
    return _read(Path(path), rows, limit).to_pandas()


def read_texts(path: str | Path, columns: Sequence[str], rows: int) -> dict[str, list[str]]:
    """Column -> its texts, of a parquet file that holds these columns and no others, `rows` long, with no cell missing.

    The first column holds ids, each of them once. Raises `DataFileError` otherwise.
    """
    table = _read(Path(path), rows, None)
    if table.column_names != list(columns):
        came = ", ".join(table.column_names)[:80]
        raise DataFileError(f"{path} must hold the columns {', '.join(columns)} and no others, got {came}")
    found = {}
    for name in columns:
        if not is_text(table.schema.field(name).type) or table[name].null_count:
            raise DataFileError(f"{path}: every {name} must be a text, but some are missing or of another kind")
        found[name] = [str(text) for text in table[name].to_pylist()]
    if len(set(found[columns[0]])) != rows:
        raise DataFileError(f"{path}: each {columns[0]} must stand there once, but some repeat")
    return found


def is_text(kind: Any) -> bool:
    """Whether an Arrow type is text, as it is or as the categories of a column."""
    import pyarrow.types as types

    kind = kind.value_type if types.is_dictionary(kind) else kind
    return bool(types.is_string(kind) or types.is_large_string(kind))


def _read(path: Path, rows: int | None, limit: int | None) -> Any:
    import pyarrow as pa
    import pyarrow.parquet as pq

    if not path.is_file():
        raise DataFileError(f"{path} is missing; the folder is not complete, so make or fetch it again")
    limit = limit or max(FREE, SHARE * path.stat().st_size)
    try:
        with pq.ParquetFile(path) as file:
            schema, header = file.schema_arrow, file.metadata
            _require(path, rows in (None, header.num_rows), f"should hold {rows} rows but has {header.num_rows}")
            _require(path, _stated(header) <= limit, f"says that it holds more than {limit:,} bytes")
            leaves = [header.schema.column(i) for i in range(header.num_columns)]
        texts = [leaf.path for leaf in leaves if leaf.physical_type == "BYTE_ARRAY"]
        with pq.ParquetFile(path, read_dictionary=texts) as file:  # so that a text that repeats is held once
            table = file.read()
        taken = sum(_spelled_out(chunk) for column in table.columns for chunk in column.chunks)
        _require(path, taken <= limit, f"holds more than {limit:,} bytes")
        return table.cast(schema)
    except (pa.ArrowException, OSError, ValueError, MemoryError, OverflowError) as error:
        reason = " ".join(str(error).split())[:200]
        raise DataFileError(f"{path} is not a readable parquet file ({reason}); make or fetch it again") from error


def _require(path: Path, holds: bool, otherwise: str) -> None:
    if not holds:
        raise DataFileError(f"{path} {otherwise}; make or fetch it again")


_WIDTHS = {"BOOLEAN": 1, "INT32": 4, "FLOAT": 4, "INT64": 8, "DOUBLE": 8, "INT96": 12, "BYTE_ARRAY": 4}


def _stated(header: Any) -> int:
    """The bytes that a table takes at least, by the header of its file: packed as it is, and a cell a row."""
    groups = [header.row_group(i) for i in range(header.num_row_groups)]
    chunks = [group.column(i) for group in groups for i in range(group.num_columns)]
    cells = sum(max(chunk.num_values, 0) * _WIDTHS.get(chunk.physical_type, 1) for chunk in chunks)
    rows = header.num_rows * max(header.num_columns, 1)
    return max(cells, rows, sum(chunk.total_uncompressed_size for chunk in chunks))


def _spelled_out(array: Any) -> int:
    """The bytes of an Arrow array once each of its texts stands where it belongs."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.types as types

    if types.is_dictionary(array.type):
        lengths = pc.binary_length(array.dictionary).cast(pa.int64())
        return int(pc.sum(lengths.take(array.indices)).as_py() or 0) + array.indices.nbytes
    if types.is_list(array.type) or types.is_large_list(array.type):
        return _spelled_out(array.flatten()) + 8 * len(array)
    if types.is_struct(array.type):
        return sum(map(_spelled_out, array.flatten()))
    return int(array.nbytes)
