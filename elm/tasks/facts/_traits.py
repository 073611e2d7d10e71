"""What a user likes and dislikes, read from their ratings alone: never from the hidden tastes of the demo world."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd

from elm._errors import CallError, UnknownNameError
from elm._typing import Floats
from elm.data import Dataset
from elm.tasks._domain import domain_named
from elm.tasks.facts._facts import UserFacts

_SHRINK = 4.0  # ratings' worth of doubt: a trait seen in few films says little
_SEEK = 0.25  # stars that choosing a kind of film e times as often as others do is worth
_SHOWN = 0.05  # stars from which a taste is stated: less is chance
_STRONG = 0.45  # stars above or below the user's own mean from which a taste counts as strong


def trait_matrix(dataset: Dataset, domain: str = "films") -> pd.DataFrame:
    """How much each item has of each trait, (n_items, n_traits) in [0, 1].

    Traits are the kinds that items have, those of the domain first, then the domain's qualities where the data set
    knows them, else eras (where years are known) and degrees of fame.
    """
    items, words = dataset.items, domain_named(domain).vocabulary
    columns = {kind: [float(kind in found) for found in items["genres"]] for kind in _kinds(items, words.kinds)}
    if dataset.facts is not None:  # those of the items only: a user's hidden tastes are for scoring
        columns |= {quality: dataset.facts.items.loc[items.index, quality].to_list() for quality in words.qualities}
    else:
        year = items["year"].astype("Float64").to_numpy(float, na_value=np.nan)  # of no era where it is not known
        eras = {"classic": (0, 1960), "middle": (1960, 1980), "eighties": (1980, 1990), "new": (1990, 3000)}
        columns |= {f"era:{name}": ((year >= a) & (year < b)).astype(float).tolist() for name, (a, b) in eras.items()}
        counts = dataset.interactions["item"].value_counts().reindex(items.index).fillna(0)
        rank = counts.rank(pct=True).to_numpy()
        fame = {"fame:known": rank > 0.9, "fame:obscure": rank < 0.6}
        columns |= {name: has.astype(float).tolist() for name, has in fame.items()}
    return pd.DataFrame(columns, index=items.index)


def _kinds(items: pd.DataFrame, usual: Sequence[str]) -> Sequence[str]:
    """The kinds that items have: those of the domain in its order, then the data set's own."""
    found = {kind for kinds in items["genres"] for kind in kinds}
    return [*(kind for kind in usual if kind in found), *sorted(found - set(usual))]


def _theme_matrix(themes: Mapping[str, Sequence[str]], items: pd.Index) -> pd.DataFrame:
    """Which item is about what, (n_items, n_themes) in {0, 1}; a theme is called "theme:<word>"."""
    words = sorted({word for found in themes.values() for word in found})
    flags = [[float(word in themes.get(item, ())) for word in words] for item in items]
    return pd.DataFrame(flags, index=items, columns=[f"theme:{word}" for word in words])


class TraitReader:
    """Reads `UserFacts` from ratings.

    themes: item -> words that it is about; each word counts as a trait, too.

    A trait's score is in stars: the mean of (rating - the user's mean) over the films that have it, drawn towards
    zero where they are few, plus a share for how much more often than others the user picks such films.

    >>> from elm.data import demo
    >>> world = demo(n_films=60, n_users=10)
    >>> facts = TraitReader(world).read_all(world.interactions)["u1"]
    >>> [name for name, _ in facts.likes]
    ['Drama', 'Comedy']
    """

    def __init__(
        self,
        dataset: Dataset,
        likes: int = 6,
        dislikes: int = 4,
        domain: str = "films",
        themes: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        frame = trait_matrix(dataset, domain)
        if themes is not None:
            frame = pd.concat([frame, _theme_matrix(themes, frame.index)], axis=1)
        self.domain = domain
        self.traits = list(frame.columns)
        self.kinds = _kinds(dataset.items, domain_named(domain).vocabulary.kinds)
        self._row = {item: i for i, item in enumerate(frame.index)}
        self._matrix = frame.to_numpy(float)  # (n_items, n_traits)
        weights = dataset.interactions["item"].value_counts().reindex(frame.index).fillna(0).to_numpy(float) + 1.0
        self.usual = weights @ self._matrix / weights.sum()  # how common a trait is among all views, (n_traits,)
        self._likes, self._dislikes = likes, dislikes

    def scores(self, items: list[str], ratings: np.ndarray) -> np.ndarray:
        """Scores (n_traits,) in stars, in the order of `traits`, from one user's items and ratings (n_rated,).

        Raises `CallError` without ratings or where items and ratings differ in number, `UnknownNameError` for an
        item of another data set.
        """
        result: Floats = self.rated(items, ratings) + self.sought(items)
        return result

    def rated(self, items: list[str], ratings: np.ndarray) -> np.ndarray:
        """The part of `scores` that is what the ratings say, (n_traits,) in stars; errors as there."""
        if not items or len(items) != len(ratings):
            raise CallError(
                f"tastes are read from one rating per item, at least one, got {len(ratings)} of {len(items)}"
            )
        has = self.matrix(items)  # (n_rated, n_traits)
        stars: np.ndarray = (ratings - ratings.mean()) @ has / (has.sum(0) + _SHRINK)
        return stars

    def sought(self, items: list[str]) -> np.ndarray:
        """The part of `scores` that is how often the user picks a trait beside others, (n_traits,) in stars."""
        share = (self.matrix(items).sum(0) + _SHRINK * self.usual) / (len(items) + _SHRINK)
        # The floor is for a trait that no film has: nobody can seek it or avoid it.
        often: np.ndarray = _SEEK * np.log(np.maximum(share, 1e-6) / np.maximum(self.usual, 1e-6))
        return often

    def matrix(self, items: list[str]) -> np.ndarray:
        """How much of each trait each of these items has, (n, n_traits); `UnknownNameError` for an unknown item."""
        if unknown := next((i for i in items if i not in self._row), None):
            raise UnknownNameError("item", unknown, self._row)
        return self._matrix[[self._row[i] for i in items]]

    def read(self, items: list[str], ratings: np.ndarray) -> UserFacts:
        """The strongest likes and dislikes of one user; errors as `scores` raises them.

        A trait is liked that the user has met and that scores 0.05 stars or more, and disliked at -0.05 or less: fewer
        are told where the ratings show fewer. Traits that no item of the data set has are not told.
        """
        scores = self.scores(items, np.asarray(ratings, float))
        met, there = (matrix.max(0) > 0 for matrix in (self.matrix(items), self._matrix))
        order = np.argsort(-scores, kind="stable")
        likes = order[(met & (scores >= _SHOWN))[order]][: self._likes]
        dislikes = order[::-1][(there & (scores <= -_SHOWN))[order[::-1]]][: self._dislikes]

        def chosen(indices: Iterable[int]) -> tuple[tuple[str, int], ...]:
            return tuple((self.traits[i], 0 if abs(scores[i]) >= _STRONG else 1) for i in indices)

        return UserFacts(chosen(likes), chosen(dislikes), self.domain)

    def read_all(self, interactions: pd.DataFrame) -> dict[str, UserFacts]:
        """`UserFacts` for each user of `interactions` (columns user, item, rating)."""
        return {
            str(user): self.read(group["item"].to_list(), group["rating"].to_numpy())
            for user, group in interactions.groupby("user", sort=True)
        }
