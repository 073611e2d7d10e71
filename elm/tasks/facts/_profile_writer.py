"""A profile of a real user in plain sentences: what they enjoy and how much, what draws them, what they leave out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from elm.data import Dataset
from elm.tasks._domain import domain_named
from elm.tasks._english import listed, pick
from elm.tasks.facts._evidence import Evidence, evidence, variety
from elm.tasks.facts._traits import TraitReader

Wordings = Sequence[str]

_AMOUNTS: tuple[tuple[float, int, Wordings], ...] = (  # the least share of what is liked, kinds told, how it is said
    (0.45, 2, ("They mostly enjoy {}.", "More than anything they enjoy {}.", "First and foremost they like {}.")),
    (0.28, 3, ("They often enjoy {}.", "Very often they choose {}.", "They very often like {}.")),
    (0.14, 3, ("They also enjoy {}.", "Quite often they like {}.", "They also like {}.")),
    (0.06, 3, ("Now and then they enjoy {}.", "Sometimes they like {}.", "At times they enjoy {}.")),
)
_SOUGHT: Wordings = (
    "More than most {persons} they love {}.",
    "They seek out {}.",
    "They have a special love of {}.",
    "They have a soft spot for {}.",
)
_TOPICS: Wordings = ("They are drawn to {}.", "They like {}.", "They have a taste for {}.", "They enjoy {}.")
_TIMES: Wordings = ("They are fond of {}.", "They love {}.", "They have a liking for {}.")
_KNOWN: Wordings = ("They prefer {}.", "They tend to choose {}.", "Above all they choose {}.")
_WIDE: Wordings = ("Their taste ranges widely.", "They are open to nearly everything.", "They like variety.")
_NARROW: Wordings = (
    "Their taste is a narrow one.",
    "They know what they like and stay with it.",
    "They stay on familiar ground.",
)
_NEVER: Wordings = ("They have never picked {}.", "They never choose {}.", "They never go for {}.")
_SELDOM: Wordings = ("They seldom choose {}.", "They rarely pick {}.", "They rarely go for {}.")
_WORSE: Wordings = ("They do not enjoy {}.", "They are not fond of {}.", "They avoid {}.", "They dislike {}.")
_BORED: Wordings = ("They are put off by {}.", "They are bored by {}.", "They care little for {}.")

_LOVED = 1.6  # times the usual share, from which a kind is a special love
_AT_HOME = 0.28  # of what is liked: a kind with more is what somebody enjoys, whatever its ratings
_COMMON = 0.03  # a kind that makes up less than this share of all ratings is missed by nobody
_QUARTILES = (15, 85)  # percentiles of users between whom nothing is said of variety
_MOST = {"topics": 4, "bored": 2, "missed": 4, "worse": 3}


class ProfileWriter:
    """Writes a profile by template from what ratings show beyond chance (`evidence`), each trait once at most.

    Kinds are told by how much of what is liked they make up; those that are liked more often than usual, and topics,
    eras and fame that are, as what draws the user. Dislike is told of what was rated below the user's own mean, three
    times or more; what is hardly chosen is told as such. topics: item -> what it is about (`text_topics`).

    >>> from dataclasses import replace
    >>> from elm.data import demo
    >>> world = replace(demo(n_films=60, n_users=10), facts=None)
    >>> rated = world.interactions[world.interactions["user"] == "u1"]
    >>> ProfileWriter(world).write(rated["item"].tolist(), rated["rating"].to_numpy()).partition(".")[0]
    'They mostly enjoy comedies and dramas'
    """

    def __init__(
        self, dataset: Dataset, domain: str = "films", topics: Mapping[str, Sequence[str]] | None = None
    ) -> None:
        self.domain = domain_named(domain)
        self.reader = TraitReader(dataset, domain=domain, themes=topics)
        names = self.reader.traits
        self._kinds = np.asarray([name in self.reader.kinds for name in names])
        self._of = {
            start: np.asarray([name.startswith(start) for name in names]) for start in ("theme:", "era:", "fame:")
        }
        spreads = [self._spread(rows["item"], rows["rating"]) for _, rows in dataset.interactions.groupby("user")]
        self._varied = np.percentile(spreads, _QUARTILES) if spreads else np.zeros(2)

    def write(self, items: Sequence[str], ratings: np.ndarray, rng: np.random.Generator | None = None) -> str:
        """The profile of a user with these items and ratings, at least one; errors as `TraitReader.scores` has them.

        rng: draws the wording of each sentence; without one it is always the first.
        """
        found = evidence(self.reader, items, ratings)
        said = [*self._enjoyed(found), *self._drawn(found), *self._variety(items, ratings)]
        told = {trait for _, traits in said for trait in traits}
        said += [
            (wordings, left) for wordings, traits in self._left(found) if (left := [i for i in traits if i not in told])
        ]
        parts = [self._sentence(wordings, traits, rng) for wordings, traits in said]
        return " ".join(parts) or self.domain.no_taste()

    def _enjoyed(self, found: Evidence) -> list[tuple[Wordings, list[int]]]:
        """Kinds by their share of what is liked, and those that are a special love."""
        usual_ones = self._kinds & ~(found.worse & (found.share < _AT_HOME))
        loved = usual_ones & found.sought & (found.lift >= _LOVED) & (found.share < _AMOUNTS[0][0])
        said = []
        above = np.inf
        for least, most, wordings in _AMOUNTS:
            tier = np.flatnonzero(usual_ones & ~loved & (found.share >= least) & (found.share < above))
            said.append((wordings, _best(tier, found.share)[:most]))
            above = least
        said.insert(2, (_SOUGHT, _best(np.flatnonzero(loved), found.lift * found.share)[:3]))
        return [one for one in said if one[1]]

    def _drawn(self, found: Evidence) -> list[tuple[Wordings, list[int]]]:
        """Topics, eras and fame that are liked more than usual, by what they make up beyond the usual."""
        beyond = found.share * (1 - 1 / np.maximum(found.lift, 1e-6))
        liked = (found.sought | found.better) & ~found.worse & (found.lift >= 1)
        ways = (
            (self._of["theme:"], _TOPICS, _MOST["topics"]),
            (self._of["era:"], _TIMES, 1),
            (self._of["fame:"], _KNOWN, 1),
        )
        chosen = [(wordings, _best(np.flatnonzero(liked & of), beyond)[:most]) for of, wordings, most in ways]
        return [one for one in chosen if one[1]]

    def _left(self, found: Evidence) -> list[tuple[Wordings, list[int]]]:
        """What is left out, and what was rated low, strongest first."""
        usual = self.reader.usual
        missed = found.sparse & (found.share < _AMOUNTS[-1][0]) & ~found.worse
        kinds = missed & self._kinds & (usual > _COMMON)
        worse = found.worse & ~self._of["fame:"]
        times = _best(np.flatnonzero(missed & self._of["era:"]), usual)
        least = _best(np.flatnonzero(worse), -found.lift)
        return [
            (_NEVER, _best(np.flatnonzero(kinds & found.never), usual)[: _MOST["missed"]]),
            (_SELDOM, [*_best(np.flatnonzero(kinds & ~found.never), usual)[: _MOST["missed"]], *times[:1]]),
            (_WORSE, [i for i in least if not self._of["theme:"][i]][: _MOST["worse"]]),
            (_BORED, [i for i in least if self._of["theme:"][i]][: _MOST["bored"]]),
        ]

    def _variety(self, items: Sequence[str], ratings: np.ndarray) -> list[tuple[Wordings, list[int]]]:
        """One sentence where a taste is more, or less, varied than that of nearly all users."""
        spread, (narrow, wide) = self._spread(items, ratings), self._varied
        return [(_WIDE, [])] if spread > wide else [(_NARROW, [])] if spread < narrow else []

    def _spread(self, items: Iterable[str], ratings: Iterable[float]) -> float:
        """How widely the items spread over kinds, each counting by its rating."""
        table = self.reader.matrix(list(items))[:, self._kinds]
        return variety(np.asarray(ratings, float) @ table)

    def _sentence(self, wordings: Wordings, traits: Sequence[int], rng: np.random.Generator | None) -> str:
        wording = wordings[0] if rng is None else pick(rng, wordings)
        wording = wording.replace("{persons}", f"{self.domain.person}s")
        return wording.replace("{}", self._listed([self.reader.traits[i] for i in traits]))

    def _listed(self, traits: Sequence[str]) -> str:
        """Traits as one list, "films about" before the first topic alone."""
        lead = f"{self.domain.items} about "
        said = [self.domain.things(trait) for trait in traits]
        rest = [one.removeprefix(lead) if traits[place].startswith("theme:") else one for place, one in enumerate(said)]
        return listed([*said[:1], *rest[1:]])


def _best(places: np.ndarray, by: np.ndarray) -> list[int]:
    """Places with the largest values first; of equal ones the first."""
    return [int(place) for place in places[np.argsort(-by[places], kind="stable")]]
