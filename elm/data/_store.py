"""Data sets on disk: one parquet file a table, and a small JSON file that says which and how long they are."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from elm._errors import CallError, DataFileError
from elm._fields import Check, is_hash, is_object, is_one_of, is_size, is_text, is_texts, optional, strictly
from elm._files import read_json, require_hash, sha256, write_json
from elm._folders import folder_written_aside, read_whole
from elm._parquet import read_parquet

if TYPE_CHECKING:
    from elm.data._dataset import Dataset

HEADER = "dataset.json"
SCHEMA = 1
_FACTS = ("facts_items", "facts_users")


def save_dataset(dataset: Dataset, folder: str | Path) -> Path:
    tables = {
        "items": dataset.items.reset_index(),
        "users": dataset.users.reset_index(),
        "interactions": dataset.interactions,
        "texts": dataset.texts,
    }
    if dataset.facts is not None:
        tables["facts_items"] = dataset.facts.items.reset_index(names="item")
        tables["facts_users"] = dataset.facts.users.reset_index(names="user")
    rows = {name: len(table) for name, table in tables.items()}
    header = {"schema": SCHEMA, "name": dataset.name, "rows": rows, "notes": list(dataset.notes)}
    with folder_written_aside(folder, retired=[f"{name}.parquet" for name in _FACTS]) as aside:
        for name, table in tables.items():
            table.to_parquet(aside / f"{name}.parquet", index=False)
        write_json(aside / HEADER, {**header, "sha256": {name: sha256(aside / f"{name}.parquet") for name in tables}})
    return Path(folder)


def load_dataset(folder: str | Path) -> Dataset:
    return read_whole(folder, lambda: _load(Path(folder)))


def _load(folder: Path) -> Dataset:
    from elm.data._dataset import Dataset, Facts

    header = _header(folder)
    tables = {name: _table(folder / f"{name}.parquet", name, header) for name in header["rows"]}
    facts = None
    if "facts_items" in tables:
        facts = Facts(tables["facts_items"].set_index("item"), tables["facts_users"].set_index("user"))
    try:
        return Dataset(
            name=header["name"],
            items=tables["items"].set_index("item"),
            users=tables["users"].set_index("user"),
            interactions=tables["interactions"],
            texts=tables["texts"],
            facts=facts,
            notes=tuple(header["notes"]),
        )
    except (CallError, ValueError, TypeError) as error:
        raise DataFileError(f"{folder} does not hold a data set: {error}; save or fetch it again") from error


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


def _table(path: Path, name: str, header: dict[str, Any]) -> pd.DataFrame:
    table = read_parquet(path, header["rows"][name], _COLUMNS[name], optional=("time",))
    if header["sha256"] is not None:
        require_hash(path, header["sha256"][name])
    for column in [name for name in table.columns if table[name].dtype == object]:
        plain = [list(v) if isinstance(v, np.ndarray) else v for v in table[column]]
        table[column] = pd.Series(plain, index=table.index, dtype=object)
    return table


_COLUMNS: Mapping[str, Mapping[str, str]] = {
    "items": {"item": "text", "title": "text?", "year": "whole?", "genres": "texts"},
    "users": {"user": "text"},
    "interactions": {"user": "text", "item": "text", "rating": "float", "time": "whole"},
    "texts": {"item": "text", "source": "text", "text": "text"},
    "facts_items": {"item": "text"},
    "facts_users": {"user": "text"},
}
"""What the columns of each table must be."""
