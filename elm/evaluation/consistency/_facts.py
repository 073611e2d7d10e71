"""Which facts a text states rightly: precision and recall against the true facts of its item."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from elm._errors import CallError, UnknownNameError
from elm._typing import Floats, Integers
from elm.tasks import ItemFacts, domain_named, found_facts, opening

Counts = Integers


def fact_kinds(facts: ItemFacts) -> tuple[str, ...]:
    """The kinds of facts that an item can be scored on: its aspects, if any are known, and its genres (or categories).

    >>> fact_kinds(ItemFacts(kinds=("War",)))
    ('genres',)
    """
    domain = domain_named(facts.domain)
    return (*(domain.aspects if facts.aspects else ()), domain.kinds)


@dataclass(frozen=True)
class FactScores:
    """precision and recall by kind of fact and "overall", micro-averaged over all texts.

    right, found, true: kind -> (n,) numbers of facts that a text states rightly, states at all, and should state.
    """

    precision: dict[str, float]
    recall: dict[str, float]
    right: dict[str, Counts]
    found: dict[str, Counts]
    true: dict[str, Counts]

    @classmethod
    def of(cls, right: dict[str, Counts], found: dict[str, Counts], true: dict[str, Counts]) -> FactScores:
        """From the counts of each text, by kind."""
        names = ("overall", *right)
        return cls(
            precision={name: float(_each(right, found, true, name, pooled=True)[0]) for name in names},
            recall={name: float(_each(right, true, true, name, pooled=True)[0]) for name in names},
            right=right,
            found=found,
            true=true,
        )

    def recall_each(self, kind: str = "overall") -> Floats:
        """Recall of every text (n,), for tests of significance; 1 where there was nothing to state."""
        return _each(self.right, self.true, self.true, kind)

    def precision_each(self, kind: str = "overall") -> Floats:
        """Precision of every text (n,); a text that states nothing has 0, or 1 where there was nothing to state."""
        return _each(self.right, self.found, self.true, kind)


def fact_scores(texts: Sequence[str], facts: Sequence[ItemFacts], kinds: Sequence[str] | None = None) -> FactScores:
    """Score texts (n) against the true facts of their items (n), all of one domain, for the `kinds` named (None: all).

    A fact counts as found when either of its two wordings stands in the text, without regard to case, article and
    white space, at word boundaries; a genre by its word, unless that is part of another fact's wording. Where the true
    item has a text, genres are looked for in the opening sentence or line alone: a plot may speak of a war in a film
    of another genre.

    precision = right / found, recall = right / true, both summed over all texts first (micro average; "overall" sums
    over the kinds too). Conventions: nothing found at all gives precision 0, nothing true at all gives recall 1, and
    neither found nor true gives 1 for both.

    Raises `CallError` where texts and facts differ in number, `UnknownNameError` for an unknown kind.

    >>> film = ItemFacts(("War", "Drama"), {"setting": "a night train", "protagonist": "a tax inspector"})
    >>> text = "An auditor of the revenue office in a war film."
    >>> scores = fact_scores([text], [film], kinds=("protagonist", "genres"))
    >>> scores.recall, scores.precision["overall"]
    ({'overall': 0.6666666666666666, 'protagonist': 1.0, 'genres': 0.5}, 1.0)
    """
    if len(texts) != len(facts):
        raise CallError(f"one film's facts per text: {len(texts)} texts, {len(facts)} facts")
    domain = facts[0].domain if facts else "films"
    known = (*domain_named(domain).aspects, domain_named(domain).kinds)
    kinds = known if kinds is None else kinds
    for kind in kinds:
        if kind not in known:
            raise UnknownNameError("kind of fact", kind, known)
    listed = domain_named(domain).vocabulary.kinds
    own = tuple(sorted({kind for film in facts for kind in film.kinds if kind not in listed}))
    right, found, true = ({kind: np.zeros(len(texts), np.int64) for kind in kinds} for _ in range(3))
    for row, (text, film) in enumerate(zip(texts, facts, strict=True)):
        stated = found_facts(opening(text) if film.text is not None else text, domain, own)
        for kind in kinds:
            wanted = true_facts(film, kind)
            right[kind][row], found[kind][row] = len(stated[kind] & wanted), len(stated[kind])
            true[kind][row] = len(wanted)
    return FactScores.of(right, found, true)


def true_facts(item: ItemFacts, kind: str) -> frozenset[str]:
    """The facts of a kind that hold for an item, by the names that `found_facts` gives."""
    if kind == domain_named(item.domain).kinds:
        return frozenset(item.kinds)
    value = item.aspects.get(kind)
    return frozenset() if value is None else frozenset([value])


def _each(
    right: dict[str, Counts], below: dict[str, Counts], true: dict[str, Counts], kind: str, pooled: bool = False
) -> Floats:
    """right / below, (n,), or (1,) of the sums; 0 / 0 is 1 where nothing was true and 0 else."""
    kinds = list(right) if kind == "overall" else [kind]
    r, b, t = (np.sum([counts[k] for k in kinds], axis=0) for counts in (right, below, true))
    if pooled:
        r, b, t = (np.atleast_1d(counts.sum()) for counts in (r, b, t))
    return np.where(b > 0, r / np.maximum(b, 1), np.where(t > 0, 0.0, 1.0))
