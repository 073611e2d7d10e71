"""The facts that a text states, found by their wordings."""

from __future__ import annotations

import functools
import re

from elm._text.sentences import sentences
from elm.tasks._domain import domain_named


@functools.lru_cache(maxsize=50_000)
def found_facts(text: str, domain: str = "films", own: tuple[str, ...] = ()) -> dict[str, frozenset[str]]:
    """Kind -> the facts that a text states, by their first wording; genres by their name.

    own: kinds of a data set beyond those of the domain, in the order of their names.
    """
    plain, words = _plain(text), domain_named(domain)
    stated = {kind: frozenset(_search(plain, *_matcher(kind, domain))) for kind in words.aspects}
    for kind in words.aspects:
        plain = _matcher(kind, domain)[0].sub("|", plain)
    stated[words.kinds] = frozenset(_search(plain, *_matcher(words.kinds, domain, own)))
    return stated


def found_qualities(text: str, domain: str = "films") -> dict[str, str]:
    """Quality -> how the text words it, for those that it names in the first wording.

    >>> found_qualities("A war film. It is rather dark.")
    {'dark': 'rather dark'}
    """
    plain, qualities = _plain(text), domain_named(domain).vocabulary.qualities
    return {name: said for name, (levels, _) in qualities.items() for said in levels if said in plain}


def opening(text: str) -> str:
    """The first sentence or line of a text."""
    return next(iter(sentences(text)), "")


def _plain(text: str) -> str:
    return " ".join(text.lower().replace("’", "'").split())


def _search(plain: str, pattern: re.Pattern[str], names: dict[str, str]) -> list[str]:
    return [names[match] for match in pattern.findall(plain)]


@functools.cache
def _matcher(kind: str, domain: str, own: tuple[str, ...] = ()) -> tuple[re.Pattern[str], dict[str, str]]:
    """One alternation over every wording of a kind, longest first, and wording -> the fact's name."""
    words = domain_named(domain)
    if kind == words.kinds:
        names = {word: name for name, word in words.vocabulary.kind_words.items()}
        names |= {" ".join(words.kind_word(name).split()): name for name in own if name.strip()}
    else:
        pairs = words.vocabulary.aspects[kind].items()
        names = {_bare(wording): first for first, second in pairs for wording in (first, second)}
    forms = sorted(names, key=len, reverse=True)
    known = "|".join(map(re.escape, forms)) or r"(?!)"  # which is found nowhere
    return re.compile(rf"(?<!\w)(?:{known})(?!\w)"), names


def _bare(wording: str) -> str:
    """Without its article: "the night train" names "a night train" as well."""
    return re.sub(r"^(?:an?|the) ", "", _plain(wording))
