"""A user's summary for a recommender, in the four parts of TEARS (Section 3.2), written by template from ratings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from elm.data import Dataset
from elm.tasks._domain import domain_named
from elm.tasks._english import listed, pick
from elm.tasks.facts._traits import TraitReader

_AMOUNTS = (  # the least share of what is enjoyed, and how it is said
    (0.5, ("Most of what they enjoy are: {}.", "They mostly enjoy {}.", "Nearly all their favourites: {}.")),
    (0.3, ("Much of what they enjoy are: {}.", "They often enjoy {}.", "Frequent among their favourites: {}.")),
    (0.15, ("A part of what they enjoy are: {}.", "They also enjoy {}.", "Regular among their favourites: {}.")),
    (
        0.06,
        ("Some of what they enjoy are: {}.", "They now and then enjoy {}.", "Occasional among their favourites: {}."),
    ),
)
_LOVED = ("More than others they love: {}.", "They seek out {}.", "They have a special love for {}.")
_DRAWN = (
    ("They are strongly drawn to: {}.", "What draws them most: {}.", "They love {}."),
    ("They are drawn to: {}.", "They like {}.", "What appeals to them: {}."),
)
_MISSED = (
    ("They never choose: {}.", "They have never picked {}.", "Never among their choices: {}."),
    ("They seldom choose: {}.", "They rarely pick {}.", "Seldom among their choices: {}."),
)
_HATED = (
    ("They cannot stand: {}.", "They strongly dislike {}.", "What they hate: {}."),
    ("They avoid: {}.", "They are not fond of {}.", "They do not enjoy {}."),
)
_OFF = (
    ("They are put off by: {}.", "What puts them off: {}.", "They dislike {}."),
    ("They care little for: {}.", "They are indifferent to {}.", "They are less drawn to {}."),
)
_COMMON = 0.03  # a kind that makes up less than this share of all ratings is missed by nobody
_SHOWN, _STRONG = 0.12, 0.4  # stars from which a taste is told, and from which it is a strong one
_LIKED = 4.0
_TOLD = (8, 5)  # themes stated in favour and against, at most
_MET = 3  # items of a theme that a user has rated, from which it may be a taste

Said = list[tuple[Sequence[str], list[int]]]
"""Wordings to choose from, and the traits that one of them is to name."""


class TasteWriter:
    """Says how much of each kind a user enjoys, what draws them, what they seldom choose, and what puts them off.

    Amounts are shares of the ratings of at least 4 (of all, where there are none); the rest are the scores of
    `TraitReader`. Dislike is stated only of what was rated low: what is hardly chosen is stated as such. No title is
    named. themes: item -> words that it is about, to be stated as tastes as well.

    >>> from elm.data import demo
    >>> world = demo(n_films=60, n_users=10)
    >>> rated = world.interactions[world.interactions["user"] == "u1"]
    >>> text = TasteWriter(world).write(rated["item"].tolist(), rated["rating"].to_numpy())
    >>> text.partition(":")[0]
    'Most of what they enjoy are'
    """

    def __init__(
        self, dataset: Dataset, domain: str = "films", themes: Mapping[str, Sequence[str]] | None = None
    ) -> None:
        self.domain = domain_named(domain)
        self.reader = TraitReader(dataset, domain=domain, themes=themes)
        self._themes = np.asarray([trait.startswith("theme:") for trait in self.reader.traits])
        self._kinds = np.asarray([trait in self.reader.kinds for trait in self.reader.traits])

    def write(self, items: Sequence[str], ratings: np.ndarray, rng: np.random.Generator | None = None) -> str:
        """The summary of a user with these items and ratings, at least one; errors as `TraitReader.scores` has them.

        rng: draws the wording of each sentence; without one it is always the first.
        """
        items, ratings = list(items), np.asarray(ratings, float)
        stars = self.reader.rated(items, ratings)
        scores = stars + self.reader.sought(items)
        liked = ratings >= _LIKED if (ratings >= _LIKED).any() else ratings == ratings.max()
        table = self.reader.matrix(items)  # (n_rated, n_traits)
        shares = table[liked].mean(0)
        order = np.argsort(-scores, kind="stable")
        plain = [int(i) for i in order if not self._themes[i]]
        told = [int(i) for i in order if self._themes[i] and table[:, i].sum() >= _MET]  # once or twice is chance
        loved = [i for i in (*plain[:8], *told[: _TOLD[0]]) if scores[i] > _SHOWN]
        avoided = [i for i in (*plain[::-1][:6], *told[::-1][: _TOLD[1]]) if scores[i] < -_SHOWN]
        hated = [i for i in avoided if stars[i] < -_SHOWN]
        rare = shares < _AMOUNTS[-1][0]  # the others are among what is enjoyed, if less than others enjoy them
        missed = [i for i in avoided if i not in hated and self._kinds[i] and rare[i]] + self._missed(rare, scores)
        said: Said = self._amounts(shares)
        said.append((_LOVED, [i for i in loved if self._kinds[i] and scores[i] >= _STRONG][:3]))
        said += _graded(_DRAWN, [i for i in loved if not self._kinds[i]], scores >= _STRONG)
        said += _graded(_MISSED, missed, table.sum(0) == 0)
        said += _graded(_HATED, [i for i in hated if self._kinds[i]], scores <= -_STRONG)
        said += _graded(_OFF, [i for i in avoided if not self._kinds[i]], (scores <= -_STRONG) & (stars < -_SHOWN))
        parts = [self._sentence(wordings, traits, rng) for wordings, traits in said if traits]
        return " ".join(parts) or self.domain.no_taste()

    def _amounts(self, shares: np.ndarray) -> Said:
        """The kinds by how much of what is enjoyed they make up."""
        found: Said = []
        above = np.inf
        order = [int(i) for i in np.argsort(-shares, kind="stable") if self._kinds[i]]
        for least, wordings in _AMOUNTS:
            found.append((wordings, [i for i in order if least <= shares[i] < above]))
            above = least
        return found

    def _missed(self, rare: np.ndarray, scores: np.ndarray) -> list[int]:
        """Kinds that others choose, and this user hardly; those that are avoided outright are stated elsewhere."""
        usual = self._kinds & (self.reader.usual > _COMMON) & rare & (scores >= -_SHOWN)
        return sorted((int(i) for i in np.flatnonzero(usual)), key=lambda i: scores[i])[:4]

    def _sentence(self, wordings: Sequence[str], traits: Sequence[int], rng: np.random.Generator | None) -> str:
        wording = wordings[0] if rng is None else pick(rng, wordings)
        return wording.format(listed([self._name(i) for i in traits]))

    def _name(self, trait: int) -> str:
        name = self.reader.traits[trait]
        theme = name.partition("theme:")[2]
        return f"{self.domain.items} about {theme}" if theme else self.domain.trait(name)


def _graded(wordings: tuple[Sequence[str], Sequence[str]], traits: Sequence[int], strong: np.ndarray) -> Said:
    """Those of some traits that are strong, stated in the first wordings, and the rest in the second."""
    return [(wordings[0], [i for i in traits if strong[i]]), (wordings[1], [i for i in traits if not strong[i]])]
