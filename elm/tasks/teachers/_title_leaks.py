"""Does a text give away the name of what it is about? Then it would teach a model to name what no vector says."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from elm.data import title_keys
from elm.tasks.teachers._common_words import is_common

_PARTS = re.compile(r"[:;]\s+|\s+[-–—]\s+|\s*\((?:a\.?k\.?a\.?:?\s+)?|\)\s*")
_WORD = re.compile(r"&|[^\W_]+(?:['’`´][^\W_]+)*")
_YEAR = re.compile(r"\s*\(\d{4}\)\s*$")
_NUMBERED = re.compile(r"(?:part|episode|chapter|volume|vol|season|book|no)?(?:\d+|[ivx]+)")
_OPENS, _CLOSES = "\"“”‘'«»*_<[", "\"“”’'«»*_>]"


@dataclass(frozen=True)
class _Name:
    key: str  # letters and digits alone, folded
    alone: bool  # its letters give the title away, in whatever way they are written
    words: int


@dataclass(frozen=True)
class _Word:
    key: str
    start: int
    end: int


def names_in(text: str, title: str, year: int | None = None, told: str = "") -> list[str]:
    """The pieces of `text`, as they stand there, that give `title` away; none where it keeps the secret.

    Looked for are the title, other titles in brackets, its parts around a colon or a dash, and its uncommon words.
    Case, accents, punctuation, spaces and articles do not count. What is frequent English (up to two words, or a part)
    counts only where it is written as a name: in quotation marks, before the year, with capital letters inside a
    sentence, or several words as one. So does a single word of a longer title, unless `told`, what a teacher was given,
    says it too.

    >>> names_in("A cop hunts a thief in the heat of the day.", "Heat", 1995)
    []
    >>> names_in("The film Heat is long.", "Heat", 1995), names_in("Of SPIDER MAN, of course.", "Spider-Man")
    (['Heat'], ['SPIDER MAN'])
    """
    words = list(_words(text))
    found: list[tuple[int, int]] = []
    for name in _names(title, told):
        for first, last in _matches(name.key, words):
            coined = first == last and name.words > 1 and not is_common(words[first].key)
            if name.alone or coined or _written_as_a_name(text, words, first, last, year):
                found.append((first, last))
    longest = [(a, b) for a, b in found if not any(c <= a and b <= d and (a, b) != (c, d) for c, d in found)]
    return list(dict.fromkeys(text[words[a].start : words[b].end] for a, b in longest))


def _names(title: str, told: str) -> list[_Name]:
    """What to look for; whole titles first."""
    title = _YEAR.sub("", title)
    whole = title_keys(title)
    parts = [key for part in _PARTS.split(title) if part.strip() for key in title_keys(part)[:1]]
    names: dict[str, _Name] = {}
    for key in dict.fromkeys([*whole, *parts]):
        found = [word.key for word in _words(key)]
        joined = "".join(found)
        if not joined or (_NUMBERED.fullmatch(joined) and key not in whole):
            continue
        usual = len(joined) <= 2 or all(is_common(w) or w.isdigit() for w in found)
        names.setdefault(joined, _Name(joined, not usual or (key in whole and len(found) > 2), len(found)))
    said = {word.key for word in _words(told)}
    for word in _words(title):
        if len(word.key) > 3 and not is_common(word.key) and not word.key.isdigit() and word.key not in said:
            names.setdefault(word.key, _Name(word.key, False, 1))
    return list(names.values())


def _words(text: str) -> Iterator[_Word]:
    for found in _WORD.finditer(text):
        yield _Word(_fold(found.group()), found.start(), found.end())


def _fold(word: str) -> str:
    decomposed = unicodedata.normalize("NFKD", word.replace("&", "and"))
    return "".join(c for c in decomposed if c.isalnum()).casefold()


def _matches(key: str, words: list[_Word]) -> Iterator[tuple[int, int]]:
    """(first, last) of the runs of words whose letters are `key`, the last perhaps as a possessive.

    A script without spaces has no words to compare, so there the key may also stand inside one.
    """
    unspaced = any(c.isalpha() and c.lower() == c.upper() for c in key)
    for first, word in enumerate(words):
        if unspaced and key in word.key:
            yield first, first
            continue
        joined = ""
        for last in range(first, len(words)):
            joined += words[last].key
            if joined in (key, f"{key}s"):
                yield first, last
            if len(joined) > len(key) or not key.startswith(joined):
                break


def _written_as_a_name(text: str, words: list[_Word], first: int, last: int, year: int | None) -> bool:
    start = words[first].start
    before, after = text[:start].rstrip(), text[words[last].end :].lstrip()
    if start > 0 and text[start - 1] in _OPENS and after.lstrip(".,!?")[:1] in _CLOSES and after:
        return True
    if year is not None and re.match(rf"\(?\s*{year}\b", after):
        return True
    capital = [text[word.start].isupper() or text[word.start].isdigit() for word in words[first : last + 1]]
    if len(capital) > 1 and capital[-1] and capital[0]:
        return True
    if first == 0 or not all(capital) or before[-1] in ".!?:;-*•" or "\n" in text[len(before) : start]:
        return False
    return text[words[first - 1].start].islower() or is_common(words[first - 1].key)
