"""Data sets on disk: one parquet file a table and a small JSON file written last, which marks the folder complete."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from elm._errors import DataFileError
from elm._files import read_json, write_json, written_aside

if TYPE_CHECKING:
    from elm.data._dataset import Dataset

HEADER = "dataset.json"
SCHEMA = 1


def save_dataset(dataset: Dataset, folder: str | Path) -> Path:
    folder = Path(folder)
    (folder / HEADER).unlink(missing_ok=True)  # an interrupted save must not look complete
    tables = {
        "items": dataset.items.reset_index(),
        "users": dataset.users.reset_index(),
        "interactions": dataset.interactions,
        "texts": dataset.texts,
    }
    if dataset.facts is not None:
        tables["facts_items"] = dataset.facts.items.reset_index(names="item")
        tables["facts_users"] = dataset.facts.users.reset_index(names="user")
    for name, table in tables.items():
        with written_aside(folder / f"{name}.parquet") as aside:
            table.to_parquet(aside, index=False)
    rows = {name: len(table) for name, table in tables.items()}
    write_json(folder / HEADER, {"schema": SCHEMA, "name": dataset.name, "rows": rows, "notes": list(dataset.notes)})
    return folder


def load_dataset(folder: str | Path) -> Dataset:
    from elm.data._dataset import Dataset, Facts

    folder = Path(folder)
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
