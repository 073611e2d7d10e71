"""The common nouns of English texts, told from names, verbs and adjectives by where they stand, not by a list."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

_TOKEN = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?|[^\w\s]|\d+")
_ENDS = frozenset('.!?:"“”')
_DETERMINERS = frozenset(
    "a an the his her their its my our your this that these those some every each another no any".split()
)
_PREPOSITIONS = frozenset("of in with by from between about into for on at against during through under".split())
_BEFORE_VERBS = frozenset("to he she they it who must can will cannot would could not i we you".split())
_LEANING = frozenset("of to that".split())  # what abstract words are followed by: "a lot of", "the chance to"

_NOUN, _HEAD, _VERB, _NAME, _ABSTRACT = 0.45, 0.6, 0.15, 0.5, 0.4
"""Shares of a word's places: at least so many behind a determiner or preposition, and before a small word or sign; at
most so many behind "to", "who" and the like, with a capital inside a sentence, and before "of", "to" or "that"."""
_MODIFIER = 0.3  # the second of these for a word that has a plural: "a police officer"
_PLURAL = 0.12  # of a word's places are in the plural, for such a word


@dataclass
class _Places:
    """Where a word stands, in counts."""

    all: int = 0
    inside: int = 0  # not first in a sentence
    capital: int = 0
    noun: int = 0
    head: int = 0
    verb: int = 0
    leaning: int = 0


@dataclass(frozen=True)
class Nouns:
    """forms: word -> its plain form. labels: plain form -> how it is said after "films about"."""

    forms: dict[str, str]
    labels: dict[str, str] = field(default_factory=dict)

    @classmethod
    def fit(cls, texts: Iterable[str], fewest: int = 6) -> Nouns:
        """The nouns that come up in `fewest` texts or more. A name is what has a capital in nearly all of its places.

        >>> texts = ["Ahab met a ship with the captains.", "The captain, and the ships with Ahab."] * 3
        >>> Nouns.fit(texts, fewest=3).labels
        {'ship': 'ships', 'captain': 'captains'}
        """
        from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

        places, found = _counted(texts, ENGLISH_STOP_WORDS)
        enough = [
            word
            for word, texts_ in found.items()
            if texts_ >= fewest and len(word) > 2 and word not in ENGLISH_STOP_WORDS
        ]
        known = {word for word in enough if _is_noun(places[word], _HEAD)}
        known |= {
            word for word in enough if _is_noun(places[word], _MODIFIER) and _plural_share(word, places) >= _PLURAL
        }
        singular = {more: word for word in sorted(known) for more in _plurals(word) if more in places}
        forms = {word: singular.get(word, word) for word in known}
        forms |= {more: word for more, word in singular.items() if word not in singular}
        return cls(forms, {word: _label(word, places) for word in enough if word in known and word not in singular})

    def of(self, text: str) -> set[str]:
        """The plain forms of the nouns in a text."""
        return {self.forms[word] for word in _TOKEN.findall(text.lower()) if word in self.forms}


def _counted(texts: Iterable[str], small: frozenset[str]) -> tuple[dict[str, _Places], Counter[str]]:
    """Where each word stands, and in how many texts."""
    places: dict[str, _Places] = {}
    found: Counter[str] = Counter()
    for text in texts:
        tokens = [".", *_TOKEN.findall(text), "."]
        plain = [token.lower() for token in tokens]
        for at in range(1, len(tokens) - 1):
            if not tokens[at][0].isalpha():
                continue
            word, before, after = places.setdefault(plain[at], _Places()), plain[at - 1], plain[at + 1]
            first = plain[at - 2] if at > 1 and before[0].isalpha() and before not in small else before
            word.all += 1
            if before not in _ENDS:
                word.inside += 1
                word.capital += tokens[at][0].isupper()
            word.noun += first in _DETERMINERS or first in _PREPOSITIONS
            word.head += after in small or not after[0].isalpha()
            word.verb += before in _BEFORE_VERBS
            word.leaning += after in _LEANING
        found.update({word for word in plain if word[0].isalpha()})
    return places, found


def _is_noun(at: _Places, head: float) -> bool:
    return (
        at.noun >= _NOUN * at.all
        and at.head >= head * at.all
        and at.verb < _VERB * at.all
        and at.capital <= _NAME * at.inside
        and at.leaning < _ABSTRACT * at.all
    )


def _plurals(word: str) -> tuple[str, ...]:
    """The forms that a plural may have."""
    if word.endswith("y") and word[-2:-1] not in "aeiou":
        return (f"{word[:-1]}ies",)
    if word.endswith(("s", "x", "z", "ch", "sh")):
        return (f"{word}es",)
    if word.endswith("man"):
        return (f"{word[:-3]}men", f"{word}s")
    if word.endswith(("f", "fe")):
        return (f"{word.rstrip('e')[:-1]}ves", f"{word}s")
    return {"child": ("children",), "person": ("people",), "mouse": ("mice",)}.get(word, (f"{word}s",))


def _plural_share(word: str, places: dict[str, _Places]) -> float:
    more = sum(places[form].all for form in _plurals(word) if form in places)
    return more / (more + places[word].all)


def _label(word: str, places: dict[str, _Places]) -> str:
    """The plural where the texts have one more than once: what cannot be counted hardly ever has."""
    return next((more for more in _plurals(word) if more in places and places[more].all > 1), word)
