"""A domain is data: what its things, its people and their properties are called, and how its texts are worded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from elm._errors import CallError, UnknownNameError
from elm.data import Dataset, Vocabulary, things_of

Writer = Callable[[Any, np.random.Generator], str]
"""Facts and a source of chance -> a text: of one item, of a pair of items, or of a user."""


@dataclass(frozen=True)
class Domain:
    """The words of a domain.

    item, items, person, kind, kinds: nouns. vocabulary: kinds, aspects and qualities with their words. labels: what
    aspects are called in a list of facts, where not by their names; quality, text: what qualities and texts are called.
    traits: how a taste is said as a thing to like, where it is not "<kind> <items>"; plurals: kinds that have a plural
    of their own, as profiles of real people say it ("comedies"). wordings: task id -> writer.
    asks: words or phrases of a question that asks for an aspect, for the kinds or, as "quality", for the qualities; a
    "?" stands for its end.
    """

    name: str
    item: str
    items: str
    person: str
    kind: str
    kinds: str
    vocabulary: Vocabulary
    labels: Mapping[str, str] = field(default_factory=dict)
    quality: str = "mood"
    text: str = "plot"
    traits: Mapping[str, str] = field(default_factory=dict)
    plurals: Mapping[str, str] = field(default_factory=dict)
    wordings: Mapping[str, Writer] = field(default_factory=dict)
    asks: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def aspects(self) -> tuple[str, ...]:
        """The names of the aspects, in the order that facts are listed in."""
        return tuple(self.vocabulary.aspects)

    def quality_words(self, quality: str, level: int) -> str:
        """How a quality is said that is strong (level 0) or there in part (1)."""
        return self.vocabulary.qualities[quality][0][level]

    def say(self, text: str) -> str:
        """The text with the domain's nouns for {item}, {items}, {person} and {kind}; other braces stay."""
        for noun in ("item", "items", "person", "kind"):
            text = text.replace(f"{{{noun}}}", getattr(self, noun))
        return text

    def kind_word(self, kind: str) -> str:
        """How a kind is written inside a sentence."""
        return self.vocabulary.kind_words.get(kind, kind.lower())

    def trait(self, trait: str) -> str:
        """How a trait is said as a thing to like."""
        return self.traits.get(trait) or f"{self.kind_word(trait)} {self.items}"

    def things(self, trait: str) -> str:
        """How a trait is said in running text: a kind by its plural, a topic ("theme:<name>") as what it is about."""
        topic = trait.partition("theme:")[2]
        return f"{self.items} about {topic}" if topic else self.plurals.get(trait) or self.trait(trait)

    def is_kind(self, trait: str) -> bool:
        """Whether a trait is a kind: one of the domain's, or a data set's own; not a quality, an era, or a theme."""
        return trait in self.vocabulary.kinds or (":" not in trait and trait not in self.vocabulary.qualities)

    def no_taste(self) -> str:
        """What is said of a person whose ratings show no taste."""
        return f"They enjoy {self.items} of every {self.kind}."


_DOMAINS: dict[str, Domain] = {}


def register_domain(domain: Domain) -> Domain:
    """Make a domain known by its name and return it; a name that is taken is a `CallError`."""
    if domain.name in _DOMAINS:
        raise CallError(f"domains have names of their own and {domain.name!r} is taken; choose another")
    _DOMAINS[domain.name] = domain
    return domain


def all_domains() -> tuple[Domain, ...]:
    """Every domain that is registered."""
    return tuple(_DOMAINS.values())


def domain_of(dataset: Dataset) -> str:
    """The domain whose words suit a data set: that of its source, else the one that knows at least half of the labels
    of its items, else "items", which has no vocabulary of its own.

    >>> from elm.data import demo
    >>> domain_of(demo(n_films=60, n_users=10))
    'films'
    """
    if (things := things_of(dataset.name)) is not None:
        return things
    labels = Counter(kind for kinds in dataset.items["genres"] for kind in kinds)
    known = {name: sum(labels[kind] for kind in domain.vocabulary.kinds) for name, domain in _DOMAINS.items()}
    best = max(known, key=lambda name: known[name])
    return best if 0 < labels.total() <= 2 * known[best] else "items"


def domain_named(name: str) -> Domain:
    """The domain of that name; an unknown one raises `UnknownNameError` with the nearest."""
    if name not in _DOMAINS:
        raise UnknownNameError("domain", name, _DOMAINS)
    return _DOMAINS[name]
