"""Reading delimited data files strictly: a row that is short, cut off or not of its type is an error with a place."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from elm._errors import DataFileError


def find_file(folder: Path, names: Sequence[str]) -> Path | None:
    """The first of these files that lies in the folder, as it is or gzipped."""
    for name in names:
        for path in (folder / name, folder / f"{name}.gz"):
            if path.is_file():
                return path
    return None


def read_bytes(path: Path) -> bytes:
    """All of a file, unpacked where its name ends in .gz."""
    try:
        data = path.read_bytes()
        return gzip.decompress(data) if path.suffix == ".gz" else data
    except FileNotFoundError as error:
        raise DataFileError(f"{path} is missing; give the folder that holds it") from error
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise DataFileError(f"{path} is cut off or damaged ({error}); fetch it again") from error


def read_fields(path: Path, separator: str, fields: int, encoding: str = "latin-1") -> list[list[str]]:
    """Rows of a small text file; every row must have exactly `fields` fields."""
    rows = []
    for number, line in enumerate(read_bytes(path).decode(encoding).splitlines(), start=1):
        if not line.strip():
            continue
        row = line.split(separator)
        if len(row) != fields:
            raise DataFileError(
                f"{path}, line {number}: expected {fields} fields parted by {separator!r}, but {len(row)} came; the "
                "file is cut off or in another form, so fetch it again"
            )
        rows.append(row)
    if not rows:
        raise DataFileError(f"{path} is empty; fetch it again")
    return rows


def read_columns(path: Path, types: dict[str, str], separator: str, header: bool = False) -> pd.DataFrame:
    """A delimited table with typed columns, read by Arrow in blocks: `types` maps column to int32, float32, str...

    A last line without its end of line counts as cut off.
    """
    import pyarrow as pa
    from pyarrow import csv

    names = {"str": "string", "float32": "float"}
    arrow_types = {column: pa.type_for_alias(names.get(kind, kind)) for column, kind in types.items()}
    source: object = str(path)
    if len(separator) > 1 or path.suffix == ".gz":
        data = read_bytes(path)
        ends = data[-1:] == b"\n"
        if len(separator) > 1:
            data, separator = data.replace(separator.encode(), b"\t"), "\t"
        source = pa.BufferReader(data)
    else:
        ends = _ends_with_newline(path)
    try:
        table = csv.read_csv(
            source,
            read_options=csv.ReadOptions(column_names=list(types), skip_rows=int(header)),
            parse_options=csv.ParseOptions(delimiter=separator, quote_char='"' if header else False),
            convert_options=csv.ConvertOptions(column_types=arrow_types, strings_can_be_null=False, null_values=[]),
        )
    except (pa.ArrowInvalid, pa.ArrowKeyError) as error:
        expected = ", ".join(f"{column} ({kind})" for column, kind in types.items())
        raise DataFileError(
            f"{path}: expected the columns {expected}, but: {' '.join(str(error).split())[:200]}; the file is cut off "
            "or in another form, so fetch it again"
        ) from error
    if not ends:
        raise DataFileError(
            f"{path} is cut off: its last line has no end (after {table.num_rows:,} rows); fetch it again"
        )
    return table.to_pandas(split_blocks=True, self_destruct=True)


def _ends_with_newline(path: Path) -> bool:
    with open(path, "rb") as file:
        file.seek(0, 2)
        if file.tell() == 0:
            raise DataFileError(f"{path} is empty; fetch it again")
        file.seek(-1, 2)
        return file.read(1) == b"\n"
