"""What a data set promises about its tables: brings them into one form, or says what is wrong with them."""

from __future__ import annotations

from collections.abc import Container, Iterable

import numpy as np
import pandas as pd

from elm._errors import CallError
from elm.data._cells import blank, genres, ratings, texts, times, years
from elm.data._ids import id_column, id_index


def clean_items(frame: pd.DataFrame) -> pd.DataFrame:
    """Items with str ids and the columns title (str), year (Int64) and genres (list of str), of which the last two may
    be missing: no item has a year then, or genres.
    """
    _need_columns(frame, ("title",), "items")
    items = frame.copy()
    for name in ("year", "genres"):
        if name not in items:
            _refuse_near(items.columns, name)
            items[name] = None
    items.index = _ids(frame.index, "item")
    _refuse_doubtful_pairs(items.index)
    items["title"] = texts(items["title"], "column 'title'")
    items["year"] = years(items["year"])
    items["genres"] = genres(items["genres"])
    return items


def clean_users(frame: pd.DataFrame) -> pd.DataFrame:
    users = frame.copy()
    users.index = _ids(frame.index, "user")
    users.columns = users.columns.astype(str)
    return users


def clean_interactions(frame: pd.DataFrame, users: pd.Index, items: pd.Index) -> pd.DataFrame:
    """Interactions as str (or categorical) ids, float32 ratings and int64 times; checked against the known ids."""
    _need_columns(frame, ("user", "item", "rating"), "interactions")
    columns = {what: id_column(frame[what], what) for what in ("user", "item")}
    columns["rating"] = ratings(frame["rating"])
    if "time" in frame.columns:
        columns["time"] = times(frame["time"])
    clean = pd.DataFrame(columns).reset_index(drop=True)
    rows = _known_positions(clean["user"], users, "user", "interactions")
    cols = _known_positions(clean["item"], items, "item", "interactions")
    rows = rows.astype(np.int64) * max(1, len(items))
    rows += cols
    _refuse_repeats(clean, rows)
    return clean


def clean_texts(frame: pd.DataFrame, items: pd.Index) -> pd.DataFrame:
    """Texts with the columns item, source, text (str, none of them empty) of known items."""
    _need_columns(frame, ("item", "source", "text"), "texts")
    clean = pd.DataFrame(
        {"item": id_column(frame["item"], "item"), "source": texts(frame["source"], "column 'source'")}
    ).reset_index(drop=True)
    told = frame["text"].reset_index(drop=True)
    empty = blank(told)
    if empty.any():
        first = clean[empty].iloc[0]
        raise CallError(
            f"every text must hold words, but {int(empty.sum())} of {len(clean)} are empty or missing "
            f"(first: item {first['item']!r}, source {first['source']!r}); drop those rows"
        )
    clean["text"] = texts(told, "column 'text'")
    _known_positions(clean["item"], items, "item", "texts")
    return clean


def _need_columns(frame: pd.DataFrame, needed: Iterable[str], what: str) -> None:
    if not isinstance(frame, pd.DataFrame):
        raise CallError(f"{what} are a pandas DataFrame, got {type(frame).__name__}")
    absent = [c for c in needed if c not in frame.columns]
    if absent:
        raise CallError(f"{what} need the columns {', '.join(needed)}, but {', '.join(absent)} is missing")
    twice = frame.columns[frame.columns.duplicated()]
    if len(twice):
        raise CallError(f"{what} name a column once, but {twice[0]!r} comes twice; rename or drop one")


def _refuse_near(columns: pd.Index, name: str) -> None:
    """A column that may be left out is not passed over where it has all but its name."""
    for column in columns.astype(str):
        if column.strip().lower().rstrip("s") == name.rstrip("s"):
            raise CallError(f"items may have a column {name!r}, and one is called {column!r}; rename it")


def _ids(index: pd.Index, what: str) -> pd.Index:
    ids = id_index(index, what).rename(what)
    if not ids.is_unique:
        repeated = ids[ids.duplicated()].unique()
        raise CallError(f"{what} ids must be unique, but {len(repeated)} repeat (first: {repeated[0]!r}); drop repeats")
    return ids


def _refuse_doubtful_pairs(items: pd.Index) -> None:
    """A pair of items is named "a,b": an item of that name is refused where it could be such a pair."""
    known = None
    for name in items[items.str.contains(",", regex=False)]:
        known = known if known is not None else set(items)
        pair = next((split for split in comma_splits(name) if known.issuperset(split)), None)
        if pair is not None:
            raise CallError(
                f'the pair of items {pair[0]!r} and {pair[1]!r} is named "{name}", so no item may be; rename that item'
            )


def items_named(name: str, known: Container[str]) -> list[str]:
    """The items behind the name of an entity: one, or the two of a pair "a,b"; ids may hold commas themselves.

    Where nothing of it is known, the name is taken apart at its commas.

    >>> items_named("a, inc.,b", {"a, inc.", "b"}), items_named("a,b", set())
    (['a, inc.', 'b'], ['a', 'b'])
    """
    if name in known or "," not in name:
        return [name]
    return next((list(pair) for pair in comma_splits(name) if pair[0] in known and pair[1] in known), name.split(","))


def rating_rows(frame: pd.DataFrame) -> pd.DataFrame:
    """The same rows with user and item as strings and finite float32 ratings, what a `Dataset` makes of them.

    Raises `CallError`, which names row and column, for missing columns, ids or ratings.
    """
    _need_columns(frame, ("user", "item", "rating"), "ratings")
    ids = {what: id_column(frame[what], what).astype(str) for what in ("user", "item")}
    return frame.assign(**ids, rating=ratings(frame["rating"]))


def comma_splits(name: str) -> list[tuple[str, str]]:
    """Every way to read a name as that of a pair.

    >>> comma_splits("a,b,c")
    [('a', 'b,c'), ('a,b', 'c')]
    """
    return [(name[:place], name[place + 1 :]) for place, letter in enumerate(name) if letter == ","]


def _known_positions(column: pd.Series, known: pd.Index, what: str, table: str) -> np.ndarray:
    found = positions(column, known)
    unknown = found < 0
    if unknown.any():
        name = column.iloc[int(unknown.argmax())]
        raise CallError(
            f"{table} must be about known {what}s, but {int(unknown.sum())} of {len(column)} rows are not "
            f"(first: {what} {name!r}); add the {what}s or drop the rows"
        )
    return found


def _refuse_repeats(clean: pd.DataFrame, pair: np.ndarray) -> None:
    if (pair[1:] > pair[:-1]).all():  # as the files of the large releases are
        return
    in_order = np.sort(pair)  # a sort needs far less memory than a hash table of all pairs
    if (in_order[1:] == in_order[:-1]).any():
        repeated = pd.Series(pair).duplicated().to_numpy()
        first = clean.iloc[int(repeated.argmax())]
        raise CallError(
            f"a user rates an item at most once, but {int(repeated.sum())} rows repeat a pair (first: user "
            f"{first['user']!r}, item {first['item']!r}); keep one with "
            "interactions.drop_duplicates(['user', 'item'], keep='last')"
        )


def positions(ids: pd.Series, index: pd.Index) -> np.ndarray:
    """Position of each id in `index` (-1 where absent); by category codes where there are any, for memory."""
    if isinstance(ids.dtype, pd.CategoricalDtype):
        of_category = index.get_indexer(pd.Index(ids.cat.categories).astype(str)).astype(np.int32)
        return of_category[ids.cat.codes.to_numpy()]
    return index.get_indexer(pd.Index(ids))
