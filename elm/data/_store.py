"""Data sets on disk: one parquet file a table, and a small JSON file that says which and how long they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from elm._errors import DataFileError
from elm._storage.fields import Check, is_hash, is_object, is_one_of, is_size, is_text, is_texts, optional, strictly
from elm._storage.files import read_json, require_hash, sha256, write_json
from elm._storage.folders import folder_written_aside, read_whole
from elm._storage.parquet import read_parquet
from elm.data._columns import as_lists, check_comes_back, refusing

HEADER = "dataset.json"
SCHEMA = 1
_FACTS = ("facts_items", "facts_users")
_INDEX = {"items": "item", "users": "user", "facts_items": "item", "facts_users": "user"}


@dataclass(frozen=True)
class Stored:
    """What a folder holds. tables: "items", "users", "interactions", "texts", and of a generated world "facts_items"
    and "facts_users"; those of items and users by id.
    """

    name: str
    tables: Mapping[str, pd.DataFrame]
    notes: tuple[str, ...] = ()


def write_tables(stored: Stored, folder: str | Path) -> None:
    """Save the tables; `CallError` for a column that would not come back as it was."""
    tables = {}
    for name, table in stored.tables.items():
        with refusing(name):
            tables[name] = table.reset_index(names=_INDEX[name]) if name in _INDEX else table
    rows = {name: len(table) for name, table in tables.items()}
    header = {"schema": SCHEMA, "name": stored.name, "rows": rows, "notes": list(stored.notes)}
    with folder_written_aside(folder, retired=[f"{name}.parquet" for name in _FACTS]) as aside:
        for name, table in tables.items():
            with refusing(name):
                table.to_parquet(aside / f"{name}.parquet", index=False)
            if name in _INDEX:  # with columns of any kind
                check_comes_back(table, _table(aside / f"{name}.parquet", name, len(table)), name)
        write_json(aside / HEADER, {**header, "sha256": {name: sha256(aside / f"{name}.parquet") for name in tables}})


def read_tables(folder: str | Path) -> Stored:
    """Read what `write_tables` wrote; `DataFileError` where a file is missing, changed or not of its form."""
    return read_whole(folder, lambda: _read(Path(folder)))


def _read(folder: Path) -> Stored:
    header = _header(folder)
    tables = {}
    for name, rows in header["rows"].items():
        path = folder / f"{name}.parquet"
        table = _table(path, name, rows)
        if header["sha256"] is not None:
            require_hash(path, header["sha256"][name])
        tables[name] = table.set_index(_INDEX[name]) if name in _INDEX else table
    return Stored(header["name"], tables, tuple(header["notes"]))


def _header(folder: Path) -> dict[str, Any]:
    header = read_json(folder / HEADER)
    if not isinstance(header, dict) or not {"schema", "name", "rows", "notes"} <= header.keys():
        raise DataFileError(f"{folder / HEADER} is not a data set's header; save the data set again")
    if header["schema"] != SCHEMA:
        raise DataFileError(
            f"{folder / HEADER} has schema {header['schema']}, this version reads {SCHEMA}; save the data set again"
        )
    try:
        header = strictly({"sha256": None, **header}, _FIELDS)  # the first version wrote no checksums
        strictly(header["rows"], dict.fromkeys(_tables(header["rows"]), is_size))
        if header["sha256"] is not None:
            strictly(header["sha256"], dict.fromkeys(header["rows"], is_hash))
    except ValueError as error:
        raise DataFileError(
            f"{folder / HEADER} is not a data set's header: {error}; save the data set again"
        ) from error
    return header


_FIELDS: Mapping[str, Check] = {
    "schema": is_one_of(SCHEMA),
    "name": is_text,
    "rows": is_object,
    "notes": is_texts,
    "sha256": optional(is_object),
}


def _tables(rows: Mapping[str, object]) -> list[str]:
    """The tables that a data set has: four, and two of facts or none."""
    return [name for name in _COLUMNS if name not in _FACTS or any(fact in rows for fact in _FACTS)]


def _table(path: Path, name: str, rows: int) -> pd.DataFrame:
    table = read_parquet(path, rows, _COLUMNS[name], optional=("time",))
    return table.apply(as_lists) if len(table) else table


_COLUMNS: Mapping[str, Mapping[str, str]] = {
    "items": {"item": "text", "title": "text?", "year": "whole?", "genres": "texts"},
    "users": {"user": "text"},
    "interactions": {"user": "text", "item": "text", "rating": "float", "time": "whole"},
    "texts": {"item": "text", "source": "text", "text": "text"},
    "facts_items": {"item": "text"},
    "facts_users": {"user": "text"},
}
"""What the columns of each table must be."""
