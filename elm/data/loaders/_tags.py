"""Tags that users gave to items, and the tag genome, from the files that MovieLens publishes (csv or parquet)."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from elm._errors import DataFileError
from elm._storage.parquet import read_parquet
from elm.data.loaders._files import find_file, read_bytes, read_columns

_TAGS = {"userId": "int64", "movieId": "int64", "tag": "str", "timestamp": "int64"}
_SCORES = {"movieId": "int64", "tagId": "int64", "relevance": "float64"}
_NAMES = {"tagId": "int64", "tag": "str"}
_FORM = {
    "int64": re.compile(r"-?\d+"),
    "float64": re.compile(r"-?\d*\.?\d+(e-?\d+)?", re.IGNORECASE),
    "str": re.compile(".*", re.DOTALL),
}


def load_tags(path: str | Path) -> pd.DataFrame:
    """Who tagged what with which words: columns user, item, tag (str) and time (int64, seconds), a row a use.

    path: a tags.csv (gzipped or not) or tags.parquet with userId, movieId, tag, timestamp, or a folder that holds
    one. Tags stay as they were written; blank ones are left out.

    Raises `DataFileError`, with the number of the row, for a file that is missing, cut off or not in this form.
    """
    table = _read(_file(Path(path), "tags"), _TAGS)
    words = table["tag"].str.strip()
    frame = pd.DataFrame(
        {
            "user": table["userId"].astype(str),
            "item": table["movieId"].astype(str),
            "tag": words,
            "time": table["timestamp"],
        }
    )
    return frame[words != ""].reset_index(drop=True)


def load_genome(scores: str | Path, tags: str | Path | None = None) -> pd.DataFrame:
    """The tag genome (Vig et al. 2012): relevance in [0, 1] of each tag (columns) to each item (index "item"), float32.

    scores, tags: genome-scores and genome-tags as csv or parquet, or one folder that holds both. Pairs that are not
    given are NaN, rows without a relevance are left out. Raises `DataFileError`, with the number of the row, as
    `load_tags`, and for a relevance outside [0, 1], a tagId without a name, or a pair that comes twice.
    """
    scores_file = _file(Path(scores), "genome-scores")
    names_file = _file(Path(scores if tags is None else tags), "genome-tags")
    table, names = _read(scores_file, _SCORES), _read(names_file, _NAMES)
    table = table[table["relevance"].notna()]
    for path, twice in ((names_file, names.duplicated("tagId")), (scores_file, table.duplicated(["movieId", "tagId"]))):
        _refuse(path, twice, "comes a second time")
    relevance = table["relevance"]
    _refuse(scores_file, (relevance < 0) | (relevance > 1), "has a relevance outside [0, 1]")
    _refuse(scores_file, ~table["tagId"].isin(names["tagId"]), f"has a tagId without a name in {names_file.name}")
    wide = table.assign(relevance=relevance.astype(np.float32)).pivot(
        index="movieId", columns="tagId", values="relevance"
    )
    wide.index = pd.Index([str(item) for item in wide.index], dtype=str, name="item")
    wide.columns = pd.Index(names.set_index("tagId")["tag"].loc[wide.columns], name="tag")
    return wide


def _file(path: Path, stem: str) -> Path:
    """The file itself, or the one with this stem in a folder."""
    if not path.is_dir():
        if not path.is_file():
            raise DataFileError(f"{path} is missing; give {stem}.csv, {stem}.parquet or the folder that holds it")
        return path
    found = find_file(path, (f"{stem}.csv", f"{stem}.parquet"))
    if found is None:
        raise DataFileError(f"{path} holds no {stem}.csv or {stem}.parquet; give the file, or another folder")
    return found


def _read(path: Path, types: dict[str, str]) -> pd.DataFrame:
    if ".parquet" in path.suffixes:
        return _checked(path, read_parquet(path), types)
    try:
        return read_columns(path, types, ",", {name: name for name in types})
    except DataFileError as error:  # Arrow reads in blocks and does not say where it stopped
        raise DataFileError(_first_fault(path, types) or str(error)) from error


def _first_fault(path: Path, types: dict[str, str]) -> str | None:
    """What is wrong with the first bad row of a csv file, read slowly."""
    rows = csv.reader(io.StringIO(read_bytes(path).decode("utf-8-sig", errors="replace")))
    for number, row in enumerate(rows):
        if number and len(row) != len(types):
            return f"{path}: row {number} has {len(row)} fields instead of {len(types)}; fetch the file again"
        for value, (column, kind) in zip(row, types.items(), strict=False):
            if number and not _FORM[kind].fullmatch(value.strip()):
                what = f"no {'whole ' if kind == 'int64' else ''}number"
                return f"{path}: row {number} has {what} in {column}, but {value!r}; fetch the file again or repair it"
    return None


def _checked(path: Path, table: pd.DataFrame, types: dict[str, str]) -> pd.DataFrame:
    absent = [column for column in types if column not in table.columns]
    if absent:
        raise DataFileError(f"{path} should have the columns {', '.join(types)}, but {', '.join(absent)} is missing")
    out: dict[str, Any] = {}
    for column, kind in types.items():
        values = table[column].reset_index(drop=True)
        if kind == "str":
            _refuse(path, values.isna(), f"has nothing in {column}")
            out[column] = values.astype(str)
            continue
        numbers = pd.to_numeric(values, errors="coerce").astype(np.float64)
        if kind == "int64":
            _refuse(path, numbers.mod(1) != 0, f"has no whole number in {column}")
        else:
            _refuse(path, numbers.isna() & values.notna(), f"has no number in {column}")
        out[column] = numbers.astype(np.int64 if kind == "int64" else np.float64)
    return pd.DataFrame(out)


def _refuse(path: Path, bad: pd.Series, problem: str) -> None:
    """Raise where a row is bad; rows count from 1, after the header."""
    if bad.any():
        rows = bad.index[bad.to_numpy()]
        more = f" (and {len(rows) - 1:,} more)" if len(rows) > 1 else ""
        raise DataFileError(f"{path}: row {rows[0] + 1} {problem}{more}; fetch the file again or repair it")
