"""Reading delimited data files strictly: a row that is short, cut off or not of its type is an error with a place."""

from __future__ import annotations

import codecs
import csv
import gzip
import zlib
from collections.abc import Mapping, Sequence
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


def decoded(data: bytes, old: str = "cp1252") -> str:
    """Text of a file in UTF-8 (with or without a mark in front) or UTF-16 with its mark, else in `old`.

    Whatever is no UTF-8 was written by an older program, in the Western European code page.
    """
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", errors="replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        undefined = b"\x81\x8d\x8f\x90\x9d"  # letters that cp1252 lacks
        return data.decode("latin-1" if any(byte in undefined for byte in data) else old)


def read_fields(path: Path, separator: str, fields: int) -> list[list[str]]:
    """Rows of a small text file in any encoding of `decoded`; every row must have exactly `fields` fields."""
    rows = []
    for number, line in enumerate(decoded(read_bytes(path)).split("\n"), start=1):  # other ends may stand in a title
        line = line.removesuffix("\r")
        if not line.strip():
            continue
        row = line.split(separator)
        if len(row) != fields:
            raise DataFileError(
                f"{path}, line {number}: expected {fields} fields separated by {separator!r}, but {len(row)} came; the "
                "file is cut off or in another form, so fetch it again"
            )
        rows.append(row)
    if not rows:
        raise DataFileError(f"{path} is empty; fetch it again")
    return rows


def read_columns(
    path: Path, types: dict[str, str], separator: str, header: Mapping[str, str] | None = None
) -> pd.DataFrame:
    """A delimited table with typed columns, read by Arrow in blocks: `types` maps column to int32, float32, str...

    header: what each column is called in the first line, in any order and beside others; None for a file without such
    a line, whose columns stand in the order of `types`. A last line without its end of line counts as cut off.
    """
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    names = {"str": "string", "float32": "float"}
    called = dict(zip(types, types, strict=True)) if header is None else {name: header[name] for name in types}
    arrow_types = {called[column]: pa.type_for_alias(names.get(kind, kind)) for column, kind in types.items()}
    source: object = str(path)
    start = _start(path)
    if len(separator) > 1 or path.suffix == ".gz" or not _is_utf8(path, start):
        text = decoded(read_bytes(path))
        ends = text.endswith("\n")
        if len(separator) > 1:
            if "\t" in text:
                raise DataFileError(f"{path} should part its fields by {separator!r} and hold no tab; fetch it again")
            text, separator = text.replace(separator, "\t"), "\t"
        source = pa.BufferReader(text.encode())
        start = text[:_HEADER].encode()
    else:
        ends = _ends_with_newline(path)
    if header is not None:
        _check_header(path, start, called, separator)
    try:
        table = arrow_csv.read_csv(
            source,
            read_options=arrow_csv.ReadOptions(column_names=list(types) if header is None else None, block_size=_BLOCK),
            parse_options=arrow_csv.ParseOptions(delimiter=separator, quote_char='"' if header is not None else False),
            convert_options=arrow_csv.ConvertOptions(
                column_types=arrow_types,
                strings_can_be_null=False,
                null_values=[],
                include_columns=list(called.values()),
            ),
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
    result: pd.DataFrame = table.rename_columns(list(types)).to_pandas(split_blocks=True, self_destruct=True)
    return result


_HEADER = 2**16  # no line of names is longer
_BLOCK = 2**22  # bytes that a thread reads at once: fewer and larger pieces than Arrow's own are quicker to join


def _start(path: Path) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read(_HEADER)
    except FileNotFoundError as error:
        raise DataFileError(f"{path} is missing; give the folder that holds it") from error


def _is_utf8(path: Path, start: bytes) -> bool:
    """Whether Arrow can read the bytes as they are; asked in blocks, since files of ratings are large."""
    if start[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return False
    reader = codecs.getincrementaldecoder("utf-8")()
    try:
        with open(path, "rb") as file:
            while block := file.read(2**24):
                if not block.isascii() or reader.getstate()[0]:
                    reader.decode(block)
            reader.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _check_header(path: Path, start: bytes, called: Mapping[str, str], separator: str) -> None:
    line = start.decode("utf-8-sig", errors="replace").split("\n", 1)[0].strip()
    came = next(csv.reader([line], delimiter=separator), [])
    absent = [name for name in called.values() if came.count(name) != 1]
    if absent:
        raise DataFileError(
            f"{path} should begin with a line that names the columns {', '.join(called.values())}, each once, got "
            f"{line[:100]!r}; write such a line, or fetch the file again"
        )


def _ends_with_newline(path: Path) -> bool:
    with open(path, "rb") as file:
        file.seek(0, 2)
        if file.tell() == 0:
            raise DataFileError(f"{path} is empty; fetch it again")
        file.seek(-1, 2)
        return file.read(1) == b"\n"
