"""Judged orders of films on soft attributes, in the CSV form of Balog, Radlinski and Karatzoglou (SIGIR 2021)."""

from __future__ import annotations

import json
from collections.abc import Hashable
from pathlib import Path
from typing import Any

import pandas as pd

from elm._errors import CallError, DataFileError
from elm.data._titles import match_titles, parse_title

_LISTS = {"less_than": -1, "about_as": 0, "more_than": 1}
_COLUMNS = ("rater_id", "reference_title", "soft_attribute", *_LISTS)


def load_soft_attributes(path: str | Path, items: pd.DataFrame) -> pd.DataFrame:
    """Judgements as pairs: columns attribute, rater, lower, higher (item ids), a row for each pair with an order.

    path: a CSV with the columns rater_id, reference_title, soft_attribute, less_than, about_as, more_than; the last
    three hold JSON lists of titles that a rater judged less, about as and more of the attribute than the reference.
    Each such set orders its less < reference and about < more, reference and about being equal. items: titles and
    years by item id (`Dataset.items`); titles are matched as in `Dataset` joins, and sets lose the titles not found:
    `frame.attrs["missing"]` lists them.

    Raises `DataFileError` for a missing file or column, or a list that is no list (with its line); `CallError` where
    no title is found.
    """
    rows = _read(Path(path))
    groups = (group for row in rows for group in ([row["reference_title"]], *row["lists"].values()))
    titles = sorted({title for group in groups for title in group})
    found = _matched(titles, items)
    if not found:
        raise CallError(f"none of the {len(titles)} titles in {path} is among the {len(items)} items; wrong catalogue?")
    pairs = []
    for row in rows:
        lists = row["lists"]
        middle = [row["reference_title"], *lists["about_as"]]
        ordered = [(a, b) for a in lists["less_than"] for b in (*middle, *lists["more_than"])]
        ordered += [(a, b) for a in middle for b in lists["more_than"]]
        pairs += [
            (row["soft_attribute"], row["rater_id"], found[low], found[high])
            for low, high in ordered
            if low in found and high in found and found[low] != found[high]
        ]
    frame = pd.DataFrame(pairs, columns=["attribute", "rater", "lower", "higher"])
    frame.attrs["missing"] = [title for title in titles if title not in found]
    return frame


def _read(path: Path) -> list[dict[Hashable, Any]]:
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8")
    except FileNotFoundError as error:
        raise DataFileError(f"{path} does not exist; give the path of the judgements as CSV") from error
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise DataFileError(f"{path} is not a CSV of judgements: {error}") from error
    if absent := [name for name in _COLUMNS if name not in table]:
        raise DataFileError(f"{path} needs the columns {', '.join(_COLUMNS)}; it lacks {', '.join(absent)}")
    rows = table.to_dict("records")
    for line, row in enumerate(rows, start=2):
        row["lists"] = {name: _titles(row[name], f"{path}, row {line}, {name}") for name in _LISTS}
    return rows


def _titles(cell: str, where: str) -> list[str]:
    """An empty cell is an empty list."""
    try:
        value = json.loads(cell) if cell.strip() else []
    except ValueError as error:
        raise DataFileError(f"{where} must be a JSON list of titles, got {cell[:60]!r}") from error
    if not isinstance(value, list) or not all(isinstance(title, str) for title in value):
        raise DataFileError(f"{where} must be a JSON list of titles, got {cell[:60]!r}")
    return value


def _matched(titles: list[str], items: pd.DataFrame) -> dict[str, str]:
    """title -> item id, for those that the catalogue has."""
    parsed = [parse_title(title) for title in titles]
    theirs = pd.DataFrame({"title": [t for t, _ in parsed], "year": [y for _, y in parsed]}, index=titles)
    return {str(title): str(item) for title, item in match_titles(theirs.astype({"year": "Int64"}), items).items()}
