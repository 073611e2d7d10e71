"""Parquet files of others, read within bounds: a file of a few bytes may say that it holds billions of rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from elm._errors import DataFileError

if TYPE_CHECKING:
    import pandas as pd

FREE = 2**30
"""Bytes that any table may take in memory."""

SHARE = 100
"""Above that, bytes in memory for each byte on disk: packed tables of ids and ratings take 3 to 30."""


def read_parquet(
    path: str | Path, rows: int | None = None, kinds: Mapping[str, str] | None = None, optional: Sequence[str] = ()
) -> pd.DataFrame:
    """The table in a parquet file, once its header says that it fits.

    rows: how many it must hold, by the description beside it. kinds: what the file itself must hold in some columns,
    "text", "texts" (a list), "float", "whole" or "id" (text or whole); a "?" at the end lets cells be missing.
    optional: those of them that may be missing as a whole.

    Raises `DataFileError` for a file that is missing, damaged, or of another kind, and, before its rows are read, for
    one of another length or one that takes more than `FREE` bytes and `SHARE` times its own size.
    """
    path = Path(path)
    table = _read(path, rows)
    _check_kinds(path, table, kinds or {}, optional)
    result: pd.DataFrame = table.to_pandas()
    return result


def read_texts(path: str | Path, columns: Sequence[str], rows: int) -> dict[str, list[str]]:
    """Column -> its texts, of a parquet file that holds these columns and no others, `rows` long, with no cell missing.

    The first column holds ids, each of them once. Raises `DataFileError` otherwise.
    """
    path = Path(path)
    table = _read(path, rows)
    came = ", ".join(table.column_names)[:80]
    _require(path, table.column_names == list(columns), f"must hold {', '.join(columns)} and no others, got {came}")
    _check_kinds(path, table, dict.fromkeys(columns, "text"))
    found = {name: table[name].to_pylist() for name in columns}
    _require(path, len(set(found[columns[0]])) == rows, f"must hold each {columns[0]} once, but some repeat")
    return found


def _check_kinds(path: Path, table: Any, kinds: Mapping[str, str], optional: Sequence[str] = ()) -> None:
    """What the columns are in the file: pandas would make the texts "nan" and "1.0" of a missing id and a number."""
    for name, told in kinds.items():
        if name not in table.column_names and name in optional:
            continue
        _require(path, table.column_names.count(name) == 1, f"must have one column {name}")
        kind, column = told.removesuffix("?"), table[name]
        right = _is_kind(column.type, kind) and (told.endswith("?") or not column.null_count)
        if right and kind == "texts":
            right = not any(None in texts for texts in column.to_pylist() if texts)
        _require(path, right, f"must hold {kind} in each row of {name}, but some are missing or {column.type}")


def _is_kind(kind: Any, told: str) -> bool:
    import pyarrow.types as types

    kind = kind.value_type if types.is_dictionary(kind) else kind
    text = types.is_string(kind) or types.is_large_string(kind)
    if told == "texts":
        listed = types.is_list(kind) or types.is_large_list(kind)
        return listed and (types.is_null(kind.value_type) or _is_kind(kind.value_type, "text"))
    whole, number = types.is_integer(kind), types.is_floating(kind)
    return bool({"text": text, "float": number, "whole": whole, "id": text or whole}[told])


def _read(path: Path, rows: int | None) -> Any:
    import pyarrow as pa
    import pyarrow.parquet as pq

    if not path.is_file():
        raise DataFileError(f"{path} is missing; the folder is not complete, so make or fetch it again")
    limit = max(FREE, SHARE * path.stat().st_size)
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
    return int(max(cells, rows, sum(chunk.total_uncompressed_size for chunk in chunks)))


def _spelled_out(array: Any) -> int:
    """The bytes of an Arrow array once each of its texts stands where it belongs."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.types as types

    if types.is_dictionary(array.type):
        lengths = pc.binary_length(array.dictionary).cast(pa.int64())
        return int((pc.sum(lengths.take(array.indices)).as_py() or 0) + array.indices.nbytes)
    if types.is_list(array.type) or types.is_large_list(array.type):
        return _spelled_out(array.flatten()) + 8 * len(array)
    if types.is_struct(array.type):
        return sum(map(_spelled_out, array.flatten()))
    return int(array.nbytes)
