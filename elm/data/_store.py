"""Data sets on disk: one parquet file a table, and a small JSON file that says which and how long they are."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from elm._errors import DataFileError
from elm._files import read_json, write_json
from elm._folders import folder_written_aside, read_whole
from elm.data._columns import as_lists, check_comes_back, refusing

if TYPE_CHECKING:
    from elm.data._dataset import Dataset

HEADER = "dataset.json"
SCHEMA = 1
_OPTIONAL = ("facts_items.parquet", "facts_users.parquet")


def save_dataset(dataset: Dataset, folder: str | Path) -> Path:
    own = {"items": (dataset.items, "item"), "users": (dataset.users, "user")}  # with columns of any kind
    if dataset.facts is not None:
        own |= {"facts_items": (dataset.facts.items, "item"), "facts_users": (dataset.facts.users, "user")}
    tables = {"interactions": dataset.interactions, "texts": dataset.texts}
    for name, (table, index) in own.items():
        with refusing(name):
            tables[name] = table.reset_index(names=index)
    rows = {name: len(table) for name, table in tables.items()}
    header = {"schema": SCHEMA, "name": dataset.name, "rows": rows, "notes": list(dataset.notes)}
    with folder_written_aside(folder, retired=_OPTIONAL) as aside:
        for name, table in tables.items():
            with refusing(name):
                table.to_parquet(aside / f"{name}.parquet", index=False)
            if name in own:
                check_comes_back(table, _table(aside / f"{name}.parquet", len(table)), name)
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
    return table.apply(as_lists) if len(table) else table
