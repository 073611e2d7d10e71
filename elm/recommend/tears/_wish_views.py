"""Views in free words: one to three wishes for and against things, and liked items that are as the wishes say.

Views in the template's words (`_augmentation`) teach what a text asks for; these teach that other words ask for the
same, and that a single sentence is a profile, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from elm.recommend._ratings import LIKED, as_ratings
from elm.recommend.profiles._genre_words import genre_words
from elm.recommend.stance._grammar import STANCES, named, wish
from elm.recommend.stance._things import things as known_things
from elm.recommend.tears._training import Views

_COUNTS = (0.5, 0.3, 0.2)  # chances of one, two and three wishes
_MIX = (0.42, 0.1, 0.48)  # of against, neither and for
_JOINED = 12  # users whose liked items a view draws on
_KEPT = 25  # items of a view, at most
_HAS = 0.5  # of a trait, from which an item counts as one of it


@dataclass(frozen=True)
class Things:
    """What wishes are about: the words of each of n things, whether it is a kind, which items are of it, (items, n).

    items: the plural and the singular of what is ranked.
    """

    words: Sequence[str]
    kinds: Sequence[bool]
    table: np.ndarray
    items: tuple[str, str]


def wish_views(ratings: sparse.csr_matrix, things: Things, per_user: int = 2, seed: int = 0) -> Views | None:
    """`per_user` views for each user of (users, items) raw ratings; None where none has an item."""
    ratings, rng = as_ratings(ratings), np.random.default_rng([seed, 7])
    of = things.table >= _HAS
    known = [place for place in range(of.shape[1]) if of[:, place].any()]
    rows: list[np.ndarray] = []
    texts: list[str] = []
    for _ in range(per_user * ratings.shape[0] if known else 0):
        liked = _liked(ratings, rng.integers(0, ratings.shape[0], _JOINED))
        count = min(1 + int(rng.choice(3, p=_COUNTS)), len(known))
        asked = rng.choice(known, count, replace=False)
        stances = rng.choice(STANCES, count, p=_MIX)
        fits = ~of[liked][:, asked[stances < 0]].any(axis=1)
        if (stances > 0).any():
            fits &= of[liked][:, asked[stances > 0]].any(axis=1)
        if fits.any():
            rows.append(rng.permutation(liked[fits])[:_KEPT])
            texts.append(" ".join(_said(rng, things, int(t), int(s)) for t, s in zip(asked, stances, strict=True)))
    if not rows:
        return None
    starts = np.cumsum([0, *map(len, rows)])
    ones = np.ones(int(starts[-1]), np.float32)
    return Views(sparse.csr_matrix((ones, np.concatenate(rows), starts), shape=(len(rows), ratings.shape[1])), texts)


def joined_views(first: Views | None, second: Views | None) -> Views | None:
    """The views of both, those of the first first."""
    if first is None or second is None:
        return first or second
    return Views(sparse.csr_matrix(sparse.vstack([first.targets, second.targets])), [*first.profiles, *second.profiles])


def _liked(ratings: sparse.csr_matrix, users: np.ndarray) -> np.ndarray:
    """The items that some of these users like, each once."""
    some = ratings[users]
    return np.unique(some.indices[some.data >= LIKED])


def _said(rng: np.random.Generator, things: Things, thing: int, stance: int) -> str:
    word = things.words[thing]
    if not things.kinds[thing]:
        return wish(rng, stance, word)
    labels = genre_words(word).label
    label = labels[rng.integers(len(labels))]
    about = known_things().get(word, ())
    return wish(rng, stance, named(rng, label, things.items, {label: about} if about else {}))
