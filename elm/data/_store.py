"""Data sets on disk: one parquet file a table, and a small JSON file that says which and how long they are."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from elm._errors import DataFileError
from elm._files import read_json, write_json
from elm._folders import folder_written_aside, read_whole

if TYPE_CHECKING:
    from elm.data._dataset import Dataset

HEADER = "dataset.json"
SCHEMA = 1
_OPTIONAL = ("facts_items.parquet", "facts_users.parquet")


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
    with folder_written_aside(folder, retired=_OPTIONAL) as aside:
        for name, table in tables.items():
            table.to_parquet(aside / f"{name}.parquet", index=False)
        write_json(aside / HEADER, header)
    return Path(folder)


def load_dataset(folder: str | Path) -> Dataset:
    return read_whole(folder, lambda: _load(Path(folder)))


def _load(folder: Path) -> Dataset:
    from elm.data._dataset import Dataset, Facts

    header = _header(folder)
    tables = {name: _table(folder / f"{name}.parquet", rows) for name, rows in header["rows"].items()}
    facts = None
    if "facts_items" in tables:
        facts = Facts(tables["facts_items"].set_index("item"), tables["facts_users"].set_index("user"))
    return Dataset(
        name=header["name"],
        items=tables["items"].set_index("item"),
        users=tables["users"].set_index("user"),
        interactions=tables["interactions"],
        texts=tables["texts"],
        facts=facts,
        notes=tuple(header["notes"]),
    )


def _header(folder: Path) -> dict[str, Any]:
    header = read_json(folder / HEADER)
    if not isinstance(header, dict) or not {"schema", "name", "rows", "notes"} <= header.keys():
        raise DataFileError(f"{folder / HEADER} is not a data set's header; save the data set again")
    if header["schema"] != SCHEMA:
        raise DataFileError(
            f"{folder / HEADER} has schema {header['schema']}, this version reads {SCHEMA}; save the data set again"
        )
    return header


def _table(path: Path, rows: int) -> pd.DataFrame:
    try:
        table = pd.read_parquet(path)
    except FileNotFoundError as error:
        raise DataFileError(f"{path} is missing; the folder is not complete, so save the data set again") from error
    except Exception as error:  # pyarrow has its own family of errors for a damaged file
        raise DataFileError(f"{path} is not a readable parquet file ({error}); save the data set again") from error
    if len(table) != rows:
        raise DataFileError(f"{path} should hold {rows} rows but has {len(table)}; save the data set again")
    for column in table.columns:
        if table[column].dtype == object and len(table) and not isinstance(table[column].iloc[0], str):
            table[column] = pd.Series([list(v) for v in table[column]], index=table.index, dtype=object)
    return table
