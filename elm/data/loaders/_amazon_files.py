"""The files of the Amazon review releases of 2014, 2018 and 2023: which they are, and what a line of them says."""

from __future__ import annotations

import ast
import json
import math
import re
import warnings
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from elm._errors import CallError, DataFileError
from elm.data.loaders._json_lines import Damage, lines_of, records_of
from elm.data.loaders._markup import plain_text

# what is asked for -> its official names, those of 2014 and 2018 and those of 2023
_USER, _ITEM, _RATING = ("reviewerID", "user_id"), ("parent_asin", "asin"), ("overall", "rating")
_TEXT, _HEADLINE = ("reviewText", "text"), ("summary", "title")
_DESCRIPTION, _FEATURES, _CATEGORIES = ("description",), ("features", "feature"), ("categories", "category")

_LONGEST_CATEGORY = 60  # characters; in 2018 whole sentences stand among the categories
_SCRIPT = "var aPageStart"  # some titles of 2018 are the shop page's script
_FILE = re.compile(r"(meta_|reviews_)?(.+?)(?:_5)?\.jsonl?(?:\.gz)?", re.IGNORECASE)
_ANY_ITEM = re.compile(rb"""['"](?:parent_)?asin['"]\s*:\s*['"]([^'"]+)['"]""")


def category_of(path: Path) -> str:
    """The category in a file's name: `reviews_Baby_5.json.gz`, `Baby.jsonl` and `meta_Baby.json` all say "Baby"."""
    found = _FILE.fullmatch(path.name)
    return found[2] if found else path.stem


def find_amazon(folder: Path) -> tuple[Path, Path | None] | None:
    """Reviews and metadata of one category in a folder or one level below; None where no file holds reviews.

    Raises `CallError` where several files do.
    """
    files = sorted(p for p in (*folder.glob("*"), *folder.glob("*/*")) if p.is_file() and _FILE.fullmatch(p.name))
    reviews = [path for path in files if not path.name.startswith("meta_") and _holds_reviews(path)]
    if not reviews:
        return None
    if len(reviews) > 1:
        names = ", ".join(path.name for path in reviews)
        raise CallError(f"{folder} holds several files of reviews ({names}); name one: elm.data.amazon(reviews=...)")
    category = category_of(reviews[0])
    metadata = [p for p in files if p.name.startswith("meta_") and category_of(p) == category]
    if not metadata and category == "reviews":  # the bare names, reviews.jsonl and meta.jsonl
        metadata = [p for p in files if category_of(p) == "meta" and p.parent == reviews[0].parent]
    return reviews[0], metadata[0] if metadata else None


def _holds_reviews(path: Path) -> bool:
    try:
        record = json.loads(next(iter(lines_of(path)))[1])
    except (StopIteration, ValueError, RecursionError, DataFileError):
        return False
    return isinstance(record, dict) and all(_first(record, names) is not None for names in (_USER, _ITEM, _RATING))


_COLUMNS = ("user", "item", "rating", "time", "file", "line")


@dataclass
class Ratings:
    """Who rated what: positions in `users` and `items`, ratings, times in seconds (-1 unknown), and file and line."""

    users: dict[str, int] = field(default_factory=dict)
    items: dict[str, int] = field(default_factory=dict)
    columns: dict[str, array[Any]] = field(
        default_factory=lambda: {name: array(kind) for name, kind in zip(_COLUMNS, "iifqiq", strict=True)}
    )

    def column(self, name: str) -> NDArray[Any]:
        return np.asarray(self.columns[name])


def scan_ratings(paths: Sequence[Path], damage: Damage) -> Ratings:
    """All ratings of the files; texts are left where they are: memory holds some 30 bytes per rating, and ids."""
    ratings = Ratings()
    add = [ratings.columns[name].append for name in _COLUMNS]
    for number, path in enumerate(paths):
        for line, record in records_of(path, damage):
            user, item = _id(record, _USER), _id(record, _ITEM)
            rating, time = _first(record, _RATING), _time(record)
            if user is None or item is None:
                damage.meet(path, line, f"no {' or '.join(_USER if user is None else _ITEM)} in this review")
            elif isinstance(rating, bool) or not isinstance(rating, int | float) or not 1 <= rating <= 5:
                damage.meet(path, line, f"a rating lies between 1 and 5, but {str(rating)[:40]!r} came")
            elif time is None:
                damage.meet(path, line, "the time of this review is not a number of seconds")
            else:
                user_at = ratings.users.setdefault(user, len(ratings.users))
                item_at = ratings.items.setdefault(item, len(ratings.items))
                values = (user_at, item_at, rating, time, number, line)
                for append, value in zip(add, values, strict=True):
                    append(value)
    return ratings


def review_texts(path: Path, lines: Iterable[int], damage: Damage) -> dict[int, str]:
    """Line number -> what the review says (its headline where it says no more), for these lines of a file."""
    chosen = set(lines)
    texts = {}
    for line, record in records_of(path, damage, wanted=lambda number, _: number in chosen):
        text = _words(record, _TEXT) or _words(record, _HEADLINE)
        if text:
            texts[line] = text
    return texts


@dataclass(frozen=True)
class Product:
    """What a shop says of a product; empty where it says nothing."""

    title: str
    description: str
    features: str
    categories: tuple[str, ...]


def read_products(paths: Sequence[Path], wanted: set[str], damage: Damage) -> dict[str, Product]:
    """Item id -> its metadata, for the wanted items; a second line about an item is not looked at, nor are others."""
    products: dict[str, Product] = {}

    def about_wanted(number: int, line: bytes) -> bool:
        ids = _ANY_ITEM.findall(line)
        return not ids or any(i.decode("utf-8", "replace") in wanted for i in ids)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SyntaxWarning)  # unknown escapes in the literals of 2014
        warnings.simplefilter("ignore", DeprecationWarning)
        for path in paths:
            for line, record in records_of(path, damage, _object, about_wanted):
                item = _id(record, _ITEM)
                if item is None:
                    damage.meet(path, line, f"no {' or '.join(_ITEM)} in this product")
                elif item in wanted and item not in products:
                    products[item] = _product(record)
    return products


def _object(line: bytes) -> Any:
    """A line of metadata: JSON, or a literal of Python as the release of 2014 has it, which is read and never run."""
    if line.lstrip().startswith(b"{'"):
        return ast.literal_eval(line.decode("utf-8").strip())
    return json.loads(line)


def _product(record: dict[str, Any]) -> Product:
    title = _words(record, ("title",))
    names = dict.fromkeys(plain_text(name) for name in _strings(_first(record, _CATEGORIES)))
    return Product(
        title="" if _SCRIPT in title else title,
        description=_words(record, _DESCRIPTION),
        features=_words(record, _FEATURES),
        categories=tuple(name for name in names if 0 < len(name) <= _LONGEST_CATEGORY),
    )


def _first(record: dict[str, Any], names: Sequence[str]) -> Any:
    return next((record[name] for name in names if record.get(name) is not None), None)


def _id(record: dict[str, Any], names: Sequence[str]) -> str | None:
    value = _first(record, names)
    known = isinstance(value, str | int) and not isinstance(value, bool)
    return str(value).strip() or None if known else None


def _time(record: dict[str, Any]) -> int | None:
    """Seconds: `unixReviewTime` is in seconds, `timestamp` in thousandths; -1 where neither is there."""
    for name, scale in (("unixReviewTime", 1), ("timestamp", 1000)):
        value = record.get(name)
        if value is not None:
            whole = isinstance(value, int | float) and math.isfinite(value) and abs(value) < 2**53
            return int(value // scale) if whole and not isinstance(value, bool) else None
    return -1


def _strings(value: Any) -> list[str]:
    """All strings in a value: one, a list, or the lists of 2014 in a list."""
    if isinstance(value, str):
        return [value]
    return [text for part in value for text in _strings(part)] if isinstance(value, list) else []


def _words(record: dict[str, Any], names: Sequence[str]) -> str:
    return " ".join(filter(None, map(plain_text, _strings(_first(record, names)))))
