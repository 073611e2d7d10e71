"""A user's summary for a recommender, in the four parts of TEARS (Section 3.2), written by template from ratings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from elm.data import Dataset
from elm.tasks._domain import domain_named
from elm.tasks._phrases import listed
from elm.tasks._user_traits import TraitReader

_AMOUNTS = (
    ("Most of what they enjoy are", 0.5),
    ("Much of what they enjoy are", 0.3),
    ("A part of what they enjoy are", 0.15),
    ("Some of what they enjoy are", 0.06),
)
_COMMON = 0.03  # a kind that makes up less than this share of all ratings is missed by nobody
_SHOWN, _STRONG = 0.12, 0.4  # stars from which a taste is told, and from which it is a strong one
_LIKED = 4.0
_MET = 3  # items of a theme that a user has rated, from which it may be a taste


class TasteWriter:
    """Says how much of each kind a user enjoys, what draws them, what they seldom choose, and what puts them off.

    Amounts are shares of the ratings of at least 4 (of all, where there are none); the rest are the scores of
    `TraitReader`. No title is named. themes: item -> words that it is about, to be told as tastes as well.

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

    def write(self, items: Sequence[str], ratings: np.ndarray) -> str:
        """The summary of a user with these items and ratings, at least one; errors as `TraitReader.scores` has them."""
        items, ratings = list(items), np.asarray(ratings, float)
        scores = self.reader.scores(items, ratings)
        liked = ratings >= _LIKED if (ratings >= _LIKED).any() else ratings == ratings.max()
        shares = self.reader.shares([item for item, likes in zip(items, liked, strict=True) if likes])
        order = np.argsort(-scores, kind="stable")
        plain = [int(i) for i in order if not self._themes[i]]
        met = self.reader.matrix(items).sum(0) >= _MET
        told = [int(i) for i in order if self._themes[i] and met[i]]  # a theme met once or twice is chance
        loved = [i for i in (*plain[:8], *told[:3]) if scores[i] > _SHOWN]
        avoided = [i for i in (*plain[::-1][:6], *told[::-1][:2]) if scores[i] < -_SHOWN]
        said = [*self._amounts(shares)]
        said.append(("More than others they love", [i for i in loved if self._kinds[i] and scores[i] >= _STRONG][:3]))
        said += self._graded(("They are strongly drawn to", "They are drawn to"), loved, scores, kinds=False)
        said.append(("They seldom choose", self._missed(shares, scores)))
        said += self._graded(("They cannot stand", "They avoid"), avoided, scores, kinds=True)
        said += self._graded(("They are put off by", "They care little for"), avoided, scores, kinds=False)
        parts = [f"{lead}: {listed([self._name(i) for i in traits])}." for lead, traits in said if traits]
        return " ".join(parts) or f"They enjoy {self.domain.items} of every {self.domain.kind}."

    def _amounts(self, shares: np.ndarray) -> list[tuple[str, list[int]]]:
        """The kinds by how much of what is enjoyed they make up."""
        found, above = [], np.inf
        order = [int(i) for i in np.argsort(-shares, kind="stable") if self._kinds[i]]
        for lead, least in _AMOUNTS:
            found.append((lead, [i for i in order if least <= shares[i] < above]))
            above = least
        return found

    def _missed(self, shares: np.ndarray, scores: np.ndarray) -> list[int]:
        """Kinds that others choose, and this user hardly; those that are avoided outright are told elsewhere."""
        usual = self._kinds & (self.reader.usual > _COMMON) & (shares < _AMOUNTS[-1][1]) & (scores >= -_SHOWN)
        return sorted((int(i) for i in np.flatnonzero(usual)), key=lambda i: scores[i])[:4]

    def _graded(
        self, leads: tuple[str, str], traits: Sequence[int], scores: np.ndarray, kinds: bool
    ) -> list[tuple[str, list[int]]]:
        own = [i for i in traits if self._kinds[i] == kinds]
        strong = [i for i in own if abs(scores[i]) >= _STRONG]
        return [(leads[0], strong), (leads[1], [i for i in own if i not in strong])]

    def _name(self, trait: int) -> str:
        name = self.reader.traits[trait]
        theme = name.partition("theme:")[2]
        return f"{self.domain.items} about {theme}" if theme else self.domain.trait(name)
