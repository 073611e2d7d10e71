"""What to know about a profile before trusting its list: contradictions, languages, titles and kinds nobody has."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence
from typing import Any

from elm.data import BOOK_GENRES
from elm.recommend.profiles._genre_words import first_named, genre_words, known_genres
from elm.recommend.profiles._units import units
from elm.recommend.stance._rules import StanceRules
from elm.recommend.tears._known_texts import KnownTexts

_CLEAR = 0.5  # of stance, from which a sentence takes a side
_FOREIGN = 1.5
"""Tokens a word above which an encoder does not know a language. all-MiniLM-L6-v2 has 1.0 at the median and at most
1.5 on the 921 English frames of the grammar; 17 of 22 sentences in ten other languages lie above."""
_FEWEST = 4  # words that a language is judged by
_WORD = re.compile(r"\w+")
_BEFORE_NOUN = re.compile(r"([^\W\d_][\w-]{3,}) (?:films?|movies?|books?|novels?|products?|items?)\b", re.IGNORECASE)
_LIKE = 0.8  # how alike a misspelt kind is to the one that is meant
_QUOTED = re.compile(r"[\"“]([^\"“”]{2,80})[\"”]")
_ARTICLE = re.compile(r"^(.*), (the|a|an)$")
_YEAR = re.compile(r"\s*\(\d{4}\)$")


def remarks(profile: str, text: Any, titles: Sequence[str], known: KnownTexts | None = None) -> list[str]:
    """One line each; empty for a text that raises no question.

    text: the text side, whose stance reader and sentence encoder are asked; rules where it has none. known: the kinds
    of the items, and how far texts lie from the training's; nothing is said of either without.
    """
    foreign = _language(profile, text)
    return [
        *_contradictions(profile, getattr(text, "stance", None) or StanceRules()),
        *foreign,
        *(line for name in _QUOTED.findall(profile) if (line := _title(name, titles))),
        *(_kinds(profile, known.kinds) if known is not None and known.kinds else ()),
        *(_writer(profile, text, known) if known is not None and not foreign else ()),
    ]


def _writer(profile: str, text: Any, known: KnownTexts) -> list[str]:
    """Whether the text is unlike those that the text side has learned from."""
    if not known.far(text, [profile])[0]:
        return []
    return [
        "the text is unlike those that the model was trained on (it lies further from them than 99 % of texts by their "
        "writer); trust the list less, or train with texts of this kind"
    ]


def _kinds(profile: str, kinds: Sequence[str]) -> Iterator[str]:
    """Kinds that the profile names and no item has: known ones by any of their forms, misspelt ones before a noun."""
    own = {form: kind for kind in kinds for form in _forms(kind)}
    foreign = {form: kind for kind in known_genres() if kind not in kinds for form in _forms(kind)}
    named = [genre for genre in first_named(profile, known_genres()) if not set(_forms(genre)) & set(own)]
    for match in _BEFORE_NOUN.finditer(profile):
        word = match[1].lower()
        near = difflib.get_close_matches(word, own, n=1, cutoff=_LIKE)
        if word not in own and word not in foreign and near:
            named.append(match[1])
    for name in dict.fromkeys(named):
        nearest = difflib.get_close_matches(name.lower(), own, n=1, cutoff=0.0)
        yield (
            f"no item is of the kind {name!r}; the nearest is {own[nearest[0]]!r}"
            if nearest
            else (f"no item is of the kind {name!r}; there are {', '.join(kinds)}")
        )


def _forms(kind: str) -> list[str]:
    """How a kind may be called, in small letters."""
    return [form for column in genre_words(kind) for form in column]


def _contradictions(profile: str, stance: Any) -> list[str]:
    """Genres that one sentence speaks for and another against, with both."""
    told = units(profile)
    sides: dict[str, dict[str, str]] = {}
    for sentence, (against, _, pro) in zip(told, stance.read(told), strict=True):
        side = "for" if pro >= _CLEAR else "against" if against >= _CLEAR else None
        for genre in first_named(sentence, [*known_genres(), *BOOK_GENRES]) if side else ():
            sides.setdefault(genre, {}).setdefault(str(side), sentence)
    return [
        f"the profile speaks for and against {genre}: {found['for']!r} and {found['against']!r}; keep one of them"
        for genre, found in sides.items()
        if len(found) == 2
    ]


def _language(profile: str, text: Any) -> list[str]:
    """Whether the words fall into more tokens than those of a language that the encoder knows."""
    encoder: Any = getattr(text, "encoder", None)
    encoder = encoder.found() if hasattr(encoder, "found") else encoder
    count = len(_WORD.findall(profile))
    if not hasattr(encoder, "token_pieces") or count < _FEWEST:
        return []
    _, cut = encoder.token_pieces([" ".join(_WORD.findall(profile))])
    share = sum(map(len, cut)) / count
    if share <= _FOREIGN:
        return []
    return [
        f"the sentence encoder does not seem to know this language ({share:.1f} tokens a word; English has about 1.0, "
        f"and above {_FOREIGN} texts are hardly read); write in English, or train with a multilingual encoder"
    ]


def _title(name: str, titles: Sequence[str]) -> str | None:
    """Whether a quoted name is no title of the catalogue; its nearest is named."""
    plain = {_plain(title): title for title in titles}
    if not plain or _plain(name) in plain:
        return None
    near = difflib.get_close_matches(_plain(name), plain, n=1, cutoff=0.5)
    return f"the catalogue has no {name!r}" + (f"; the nearest title is {plain[near[0]]!r}" if near else "")


def _plain(title: str) -> str:
    """A title without its year, its article in front, in small letters."""
    return _ARTICLE.sub(r"\2 \1", _YEAR.sub("", title).strip().lower())
