"""Names and years that texts about real items state: right where the item's own text says them, too."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from elm._errors import CallError
from elm._text.sentences import sentences
from elm.evaluation.consistency._facts import FactScores

_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_YEAR = re.compile(r"(?<!\d)(?:18|19|20)\d\d(?!\d)")
_BEFORE = re.compile(r"[\w,;)]\s*[\"“'‘]?$")
"""What stands before a word inside a sentence: not at its head, nor in a list of points."""


def named(text: str) -> dict[str, frozenset[str]]:
    """{"names": words written as names, "years": numbers from 1800 to 2099} that a text states, in lower case.

    A name is a word with a capital letter inside a sentence; at its head every word has one.

    >>> {kind: sorted(found) for kind, found in named("Then Rick meets Ilsa in Paris. I was there in 1942.").items()}
    {'names': ['ilsa', 'paris', 'rick'], 'years': ['1942']}
    """
    names = set()
    for sentence in sentences(text):
        for word in _WORD.finditer(sentence):
            first = word.group()[0]
            if first.isupper() and len(word.group()) > 1 and _BEFORE.search(sentence[: word.start()]):
                names.add(_plain(word.group()))
    return {"names": frozenset(names), "years": frozenset(_YEAR.findall(text))}


def named_scores(texts: Sequence[str], sources: Sequence[str]) -> FactScores:
    """Precision and recall of the names and years in texts (n), against all that is said of their items, sources (n).

    Names are those of `named`; at the head of a sentence, a word of one counts where the other has it as a name.
    Conventions are those of `fact_scores`. Raises `CallError` where texts and sources differ in number.

    >>> scores = named_scores(["So Rick sails to Rome."], ["In 1942, Rick waits for Ilsa."])
    >>> scores.precision["names"], scores.recall["names"], scores.recall["years"]
    (0.5, 0.5, 0.0)
    """
    if len(texts) != len(sources):
        raise CallError(f"one source a text: {len(texts)} texts, {len(sources)} sources")
    kinds = ("names", "years")
    right, found, true = ({kind: np.zeros(len(texts), np.int64) for kind in kinds} for _ in range(3))
    for row, (text, source) in enumerate(zip(texts, sources, strict=True)):
        stated, wanted = named(text), named(source)
        both = {kind: (stated[kind] & wanted[kind]) for kind in kinds}
        both["names"] |= (stated["names"] & _capital(source)) | (wanted["names"] & _capital(text))
        for kind in kinds:
            right[kind][row] = len(both[kind])
            found[kind][row], true[kind][row] = len(stated[kind] | both[kind]), len(wanted[kind] | both[kind])
    return FactScores.of(right, found, true)


def _capital(text: str) -> frozenset[str]:
    """Every word with a capital letter, at the head of a sentence, too."""
    return frozenset(_plain(word) for word in _WORD.findall(text) if word[0].isupper())


def _plain(word: str) -> str:
    """In lower case, without a possessive."""
    return re.sub(r"['’]s$", "", word.lower())
