"""What a data set promises about its tables: brings them into one form, or says what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from elm._errors import CallError


def clean_items(frame: pd.DataFrame) -> pd.DataFrame:
    """Items with str ids and the columns title (str), year (Int64) and genres (list of str)."""
    _need_columns(frame, ("title", "year", "genres"), "items")
    items = frame.copy()
    items.index = _ids(frame.index, "item")
    items["title"] = items["title"].astype(str)
    items["year"] = pd.to_numeric(items["year"]).astype("Int64")
    items["genres"] = pd.Series([list(g) for g in items["genres"]], index=items.index, dtype=object)
    return items


def clean_users(frame: pd.DataFrame) -> pd.DataFrame:
    users = frame.copy()
    users.index = _ids(frame.index, "user")
    users.columns = users.columns.astype(str)
    return users


def clean_interactions(frame: pd.DataFrame, users: pd.Index, items: pd.Index) -> pd.DataFrame:
    """Interactions as str (or categorical) ids, float32 ratings and int64 times; checked against the known ids."""
    _need_columns(frame, ("user", "item", "rating"), "interactions")
    columns = {"user": _id_column(frame["user"], "user"), "item": _id_column(frame["item"], "item")}
    columns["rating"] = pd.to_numeric(frame["rating"]).astype(np.float32)
    bad = ~np.isfinite(columns["rating"].to_numpy())
    if bad.any():
        row = int(bad.argmax())
        raise CallError(
            f"ratings must be finite numbers, but {int(bad.sum())} of {len(frame)} are not (first: row {row}, "
            f"{frame['rating'].iloc[row]!r}); drop or fill them first"
        )
    if "time" in frame.columns:
        if frame["time"].isna().any():
            raise CallError("time must be known for every interaction or left out; drop the column or the rows")
        columns["time"] = frame["time"].astype(np.int64)
    clean = pd.DataFrame(columns).reset_index(drop=True)
    rows = _known_positions(clean["user"], users, "user", "interactions")
    cols = _known_positions(clean["item"], items, "item", "interactions")
    _refuse_repeats(clean, rows * max(1, len(items)) + cols)
    return clean


def clean_texts(frame: pd.DataFrame, items: pd.Index) -> pd.DataFrame:
    """Texts with the columns item, source, text (str, none of them empty) of known items."""
    _need_columns(frame, ("item", "source", "text"), "texts")
    texts = pd.DataFrame(
        {"item": _id_column(frame["item"], "item"), "source": frame["source"].astype(str), "text": frame["text"]}
    ).reset_index(drop=True)
    missing = texts["text"].isna()
    texts["text"] = texts["text"].astype(str)
    empty = missing | (texts["text"].str.strip() == "")
    if empty.any():
        first = texts[empty].iloc[0]
        raise CallError(
            f"every text must hold words, but {int(empty.sum())} of {len(texts)} are empty or missing "
            f"(first: item {first['item']!r}, source {first['source']!r}); drop those rows"
        )
    _known_positions(texts["item"], items, "item", "texts")
    return texts


def _need_columns(frame: pd.DataFrame, needed: Iterable[str], what: str) -> None:
    absent = [c for c in needed if c not in frame.columns]
    if absent:
        raise CallError(f"{what} need the columns {', '.join(needed)}, but {', '.join(absent)} is missing")


def _ids(index: pd.Index, what: str) -> pd.Index:
    if index.hasnans:
        raise CallError(f"{what} ids must all be known, but {int(np.sum(index.isna()))} are missing")
    ids = pd.Index(index.astype(str), name=what)
    if not ids.is_unique:
        repeated = ids[ids.duplicated()].unique()
        raise CallError(f"{what} ids must be unique, but {len(repeated)} repeat (first: {repeated[0]!r}); drop repeats")
    return ids


def _id_column(column: pd.Series, what: str) -> pd.Series:
    if column.isna().any():
        raise CallError(f"every row needs its {what} id, but {int(column.isna().sum())} rows have none")
    if isinstance(column.dtype, pd.CategoricalDtype):
        used = np.bincount(column.cat.codes, minlength=len(column.cat.categories))
        if not used.all():  # asked first, since removing sorts all the codes
            column = column.cat.remove_unused_categories()
        return column.cat.rename_categories(list(column.cat.categories.astype(str)))
    return column.astype(str)


def _known_positions(column: pd.Series, known: pd.Index, what: str, table: str) -> np.ndarray:
    found = positions(column, known)
    unknown = found < 0
    if unknown.any():
        name = column.iloc[int(unknown.argmax())]
        raise CallError(
            f"{table} must be about known {what}s, but {int(unknown.sum())} of {len(column)} rows are not "
            f"(first: {what} {name!r}); add the {what}s or drop the rows"
        )
    return found.astype(np.int64)


def _refuse_repeats(clean: pd.DataFrame, pair: np.ndarray) -> None:
    in_order = np.sort(pair)  # a sort needs far less memory than a hash table of all pairs
    if (in_order[1:] == in_order[:-1]).any():
        repeated = pd.Series(pair).duplicated().to_numpy()
        first = clean.iloc[int(repeated.argmax())]
        raise CallError(
            f"a user rates an item at most once, but {int(repeated.sum())} rows repeat a pair (first: user "
            f"{first['user']!r}, item {first['item']!r}); keep one with "
            "interactions.drop_duplicates(['user', 'item'], keep='last')"
        )


def positions(ids: pd.Series, index: pd.Index) -> NDArray[np.int64]:
    """Position of each id in `index` (-1 where absent); by category codes where there are any, for memory."""
    if isinstance(ids.dtype, pd.CategoricalDtype):
        of_category = index.get_indexer(pd.Index(ids.cat.categories).astype(str))
        return of_category[ids.cat.codes.to_numpy()]
    return index.get_indexer(pd.Index(ids))
