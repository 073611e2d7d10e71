"""Film titles as catalogues write them: the year in brackets, the article at the end, other titles in brackets."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable

import pandas as pd

_YEAR = re.compile(r"\s*\((\d{4})(?:\s*[-–]\s*(?:\d{4})?)?\)\s*(?:\(V\))?\s*$")
_BRACKETS = re.compile(r"\(([^()]*)\)")
_TRAILING_ARTICLE = re.compile(
    r"^(.*),\s*(the|a|an|le|la|les|l'|un|une|il|lo|gli|i|el|los|las|der|die|das|den|det|de|het|o|os|as)$"
)
_PARTS = re.compile(r":\s+|\s+-\s+")
_AKA = re.compile(r"^a\.?k\.?a\.?:?\s+")


def parse_title(text: str) -> tuple[str, int | None]:
    """Split "Matrix, The (1999)" into the title as it stands and the year; None where there is no year.

    >>> parse_title("Matrix, The (1999)")
    ('Matrix, The', 1999)
    >>> parse_title("unknown")
    ('unknown', None)
    """
    text = text.strip()
    found = _YEAR.search(text)
    if found is None:
        return text, None
    return text[: found.start()].strip(), int(found.group(1))


def title_keys(title: str) -> list[str]:
    """What a title is compared by: the plain title first, then each other title given in brackets.

    Case, accents, punctuation and leading English articles do not count, and an article at the end goes to the front.

    >>> title_keys("Postino, Il (a.k.a. The Postman)")
    ['il postino', 'postman']
    """
    plain = _fold(title)
    others = [_AKA.sub("", other.strip()) for other in _BRACKETS.findall(plain)]
    keys = [_key(part) for part in (_BRACKETS.sub(" ", plain), *others)]
    return list(dict.fromkeys([keys[0], *(key for key in keys[1:] if len(key) > 1)]))


def match_titles(ours: pd.DataFrame, theirs: pd.DataFrame) -> pd.Series:
    """Find our films in another catalogue by title and year.

    Both frames are indexed by film and have the columns title and year. Returns their id, indexed by our id, for the
    films found. Tried in turn: the plain titles and the year; any of the titles and the year; a title against a part
    of the other ("Star Wars", "Star Wars: Episode IV"), same year; plain and other titles with the year off by one.
    The first step with a candidate decides, and where it has several, nothing is joined.
    """
    plain, any_title, part = (_lookup(theirs, keys) for keys in (_plain_keys, title_keys, _part_keys))
    found: dict[str, str] = {}
    for item, title, year in zip(ours.index, ours["title"], ours["year"], strict=True):
        if pd.isna(year):
            continue
        keys, same, near = title_keys(title), (int(year),), (int(year) - 1, int(year) + 1)
        steps = (
            ((plain, keys[:1]),),
            ((any_title, keys),),
            ((part, keys), (any_title, _part_keys(title))),
            ((plain, keys[:1]),),
            ((any_title, keys),),
        )
        for number, step in enumerate(steps):
            years = same if number < 3 else near
            candidates = {
                film for table, names in step for key in names for y in years for film in table.get((key, y), ())
            }
            if len(candidates) == 1:
                found[item] = candidates.pop()
            if candidates or item in found:
                break
    return pd.Series(found, dtype=str).rename_axis("item")


def _lookup(films: pd.DataFrame, keys: Callable[[str], list[str]]) -> dict[tuple[str, int], set[str]]:
    table: dict[tuple[str, int], set[str]] = defaultdict(set)
    for film, title, year in zip(films.index, films["title"], films["year"], strict=True):
        if not pd.isna(year):
            for key in keys(title):
                table[key, int(year)].add(str(film))
    return table


def _plain_keys(title: str) -> list[str]:
    return title_keys(title)[:1]


def _part_keys(title: str) -> list[str]:
    """Keys of what stands before and after a colon or a dash; none for a title without."""
    parts = _PARTS.split(_BRACKETS.sub(" ", _fold(title)))
    return [key for key in map(_key, parts) if len(key) > 3] if len(parts) > 1 else []


def _fold(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(c for c in decomposed if not unicodedata.combining(c)).casefold().strip()


def _key(text: str) -> str:
    text = text.strip()
    moved = _TRAILING_ARTICLE.match(text)
    if moved:
        article = moved.group(2)
        text = f"{article}{'' if article.endswith(chr(39)) else ' '}{moved.group(1)}"
    text = re.sub(r"['’`´]", "", text.replace("&", " and "))
    words = re.sub(r"[^\w]+", " ", text).split()
    if len(words) > 1 and words[0] in ("the", "a", "an"):
        words = words[1:]
    return " ".join(words)
