"""Amazon reviews by local path: the releases of 2014, 2018 and 2023 as a `Dataset`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from elm._errors import CallError, DataFileError
from elm._typing import Floats, Integers
from elm.data._dataset import Dataset
from elm.data._k_core import core_rows
from elm.data.loaders._amazon_files import (
    Product,
    Ratings,
    category_of,
    find_amazon,
    read_products,
    review_texts,
    scan_ratings,
)
from elm.data.loaders._json_lines import Damage
from elm.data.loaders._large_tables import CATEGORICAL_FROM

POLARITIES = ("negative", "neutral", "positive")
Paths = str | Path | Sequence[str | Path]


def review_polarity(ratings: npt.ArrayLike) -> npt.NDArray[np.str_]:
    """What a rating from 1 to 5 says of its review (ELM, Appendix A): up to 3 negative, 5 positive, between neutral.

    Raises `CallError` for ratings that are not between 1 and 5.

    >>> review_polarity([1, 3, 4, 5]).tolist()
    ['negative', 'negative', 'neutral', 'positive']
    """
    return np.array(POLARITIES)[_polarity(np.asarray(ratings, dtype=float))]


def _polarity(ratings: Floats) -> Integers:
    if not ((ratings >= 1) & (ratings <= 5)).all():
        raise CallError("reviews are divided by ratings from 1 to 5; other values, or none, are among these")
    return (ratings > 3).astype(np.int64) + (ratings >= 5)


def amazon(
    reviews: Paths,
    metadata: Paths | None = None,
    core: int = 1,
    reviews_each: int = 5,
    damaged: str = "raise",
    seed: int = 0,
) -> Dataset:
    """Load Amazon reviews and product metadata from files of the releases of 2014, 2018 or 2023, gzipped or not.

    reviews: a file of one JSON object a line, several such files, or the folder of one category, whose metadata is
    then found by its name. core: keep users and products that have at least so many ratings among each other. damaged:
    "raise" `DataFileError` at the first damaged line, or "skip" and count them in the notes.

    Products have their categories in the column `genres` and no year; only those that are rated are kept. Of a user's
    ratings of one product the latest counts. Text sources: "title", "description", "categories", "features" and all
    four after one another as "listing" (what ELM, Appendix A, makes the semantic vector from); "positive_review",
    "neutral_review" and "negative_review", at most `reviews_each` per product and kind, drawn with `seed`. Entities and
    tags are cleaned away. The files are streamed: memory grows with the ratings (some 30 bytes each), the ids, and the
    texts that are kept.

    Raises `CallError` for a wrong call or where nothing is left, `DataFileError` for files that are missing, damaged or
    of another kind.
    """
    if core < 1 or reviews_each < 0 or seed < 0:
        raise CallError(f"core is 1 or more, reviews_each and seed 0 or more; got {core}, {reviews_each} and {seed}")
    damage = Damage(damaged)
    files, about = _files(reviews, metadata)
    ratings = scan_ratings(files, damage)
    rows = _rows(ratings, core, files)
    item_ids, user_ids = np.array(list(ratings.items), dtype=object), np.array(list(ratings.users), dtype=object)
    kept_items = item_ids[np.unique(ratings.column("item")[rows])].tolist()
    products = read_products(about, set(kept_items), damage)
    notes = _notes(ratings, kept_items, products, about)
    items = _items(kept_items, products)
    texts = [*_listings(products), *_reviews(ratings, rows, item_ids, files, reviews_each, seed, damage)]
    interactions = {"user": _ids(ratings, "user", rows, user_ids), "item": _ids(ratings, "item", rows, item_ids)}
    interactions["rating"] = pd.Series(ratings.column("rating")[rows])
    times = ratings.column("time")[rows]
    if (times >= 0).all():
        interactions["time"] = pd.Series(times)
    return Dataset(
        name="amazon-" + category_of(files[0]).lower().replace("_", "-").removeprefix("amazon-"),
        items=items,
        users=pd.DataFrame(index=pd.Index(user_ids[np.unique(ratings.column("user")[rows])], name="user")),
        interactions=pd.DataFrame(interactions),
        texts=pd.DataFrame(texts, columns=["item", "source", "text"], dtype=str),
        notes=(*damage.notes(), *notes),
    )


def _files(reviews: Paths, metadata: Paths | None) -> tuple[list[Path], list[Path]]:
    if isinstance(reviews, str | Path) and Path(reviews).is_dir():
        found = find_amazon(Path(reviews))
        if found is None:
            raise DataFileError(f"{reviews} holds no file of Amazon reviews, one JSON object per line; name the file")
        return [found[0]], _listed(metadata) or [path for path in found[1:] if path is not None]
    files = _listed(reviews)
    if not files:
        raise CallError("give at least one file of reviews")
    return files, _listed(metadata)


def _listed(paths: Paths | None) -> list[Path]:
    if paths is None:
        return []
    return [Path(paths)] if isinstance(paths, str | Path) else [Path(path) for path in paths]


def _rows(ratings: Ratings, core: int, files: Sequence[Path]) -> Integers:
    """Which ratings stay, by user and time: the latest of each user and product, and of these the core."""
    user, item = ratings.column("user"), ratings.column("item")
    if not len(user):
        raise DataFileError(f"{', '.join(map(str, files))}: no reviews in there; give the file of a release")
    order = np.lexsort((np.arange(len(user)), ratings.column("time"), item, user))
    last = np.append((np.diff(user[order]) != 0) | (np.diff(item[order]) != 0), True)
    rows = order[last]
    rows = rows[core_rows(user[rows], item[rows], core)]
    if not len(rows):
        raise CallError(
            f"no users and products have {core} ratings among each other; choose a smaller core than {core}"
        )
    result: Integers = rows[np.lexsort((ratings.column("time")[rows], user[rows]))]
    return result


def _ids(ratings: Ratings, what: str, rows: Integers, ids: npt.NDArray[np.object_]) -> pd.Series:
    codes = ratings.column(what)[rows]
    if len(rows) < CATEGORICAL_FROM:
        return pd.Series(ids[codes])
    return pd.Series(pd.Categorical.from_codes(codes, categories=pd.Index(ids)))


def _items(ids: list[str], products: dict[str, Product]) -> pd.DataFrame:
    known = [products.get(item) for item in ids]
    return pd.DataFrame(
        {
            "title": [(product and product.title) or item for item, product in zip(ids, known, strict=True)],
            "year": pd.NA,
            "genres": pd.Series([list(p.categories) if p else [] for p in known], dtype=object).to_numpy(),
        },
        index=pd.Index(ids, name="item"),
    )


def _listings(products: dict[str, Product]) -> Iterator[tuple[str, str, str]]:
    """The shop's own texts: item, source, text."""
    for item, product in products.items():
        parts = {
            "title": product.title,
            "description": product.description,
            "categories": ", ".join(product.categories),
            "features": product.features,
        }
        parts = {source: text for source, text in parts.items() if text}
        if parts:
            sentences = (text if text[-1] in ".!?" else f"{text}." for text in parts.values())
            parts["listing"] = " ".join(sentences)
        yield from ((item, source, text) for source, text in parts.items())


def _reviews(
    ratings: Ratings,
    rows: Integers,
    ids: npt.NDArray[np.object_],
    files: Sequence[Path],
    most: int,
    seed: int,
    damage: Damage,
) -> Iterator[tuple[str, str, str]]:
    """Reviews of each product and polarity, drawn with the seed: item, source, text."""
    item, polarity = ratings.column("item")[rows], _polarity(ratings.column("rating")[rows].astype(float))
    group = item.astype(np.int64) * len(POLARITIES) + polarity
    order = np.lexsort((np.random.default_rng(seed).random(len(rows)), group))
    first = np.flatnonzero(np.append(True, np.diff(group[order]) != 0))
    rank = np.arange(len(order)) - np.repeat(first, np.diff(np.append(first, len(order))))
    chosen = order[rank < most]
    for number, path in enumerate(files):
        inside = chosen[ratings.column("file")[rows[chosen]] == number]
        lines = ratings.column("line")[rows[inside]].tolist()
        texts = review_texts(path, lines, damage)
        for row, line in zip(inside, lines, strict=True):
            if line in texts:
                yield str(ids[item[row]]), f"{POLARITIES[polarity[row]]}_review", texts[line]


def _notes(ratings: Ratings, items: list[str], products: dict[str, Product], about: Sequence[Path]) -> list[str]:
    notes = []
    if not about:
        notes.append("no metadata was given: products have no titles, categories or texts of the shop")
    elif missing := len(items) - len(products):
        notes.append(f"{missing:,} of {len(items):,} products are not in the metadata")
    if (ratings.column("time") < 0).any():
        notes.append("some reviews have no time, so all times are left out")
    return notes
