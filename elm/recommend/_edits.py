"""Does an edit of the text move the list? The large-scope change of TEARS, Section 6.1, rule based and offline."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping, Sequence

import numpy as np
import pandas as pd
from scipy import sparse

from elm._errors import CallError, UnknownNameError
from elm.metrics import ndcg, top_k
from elm.recommend._batches import as_ratings
from elm.recommend._genre_words import names_genre, swap_genres
from elm.recommend._recommender import Recommender


def genre_ndcg(ranked: np.ndarray, has_genre: np.ndarray, k: int = 20) -> np.ndarray:
    """Genre-wise NDCG@k, (n,): how much of the list's weight lies on one genre (TEARS, equation 8).

    The ideal counts all k places as hits, so 1 means a list of that genre only.

    Args:
        ranked: (n, L) item indices, best first.
        has_genre: which items are of the genre, (items,) for one genre or (n, items) for one a user; boolean.

    >>> genre_ndcg(np.array([[0, 1], [1, 0]]), np.array([True, False]), k=2).round(3)
    array([0.613, 0.387])
    """
    ranked, has_genre = np.atleast_2d(ranked), np.asarray(has_genre, dtype=bool)
    hits = has_genre[ranked] if has_genre.ndim == 1 else np.take_along_axis(has_genre, ranked, axis=1)
    return ndcg(hits[:, :k].astype(np.float64), k, ideal="all")


@dataclasses.dataclass(frozen=True)
class EditEffect:
    """Genre-wise NDCG@k around the swap, each array (alphas, users).

    `least_*` follow the genre that the edit makes the favourite and should rise, `favourite_*` the one it drops.
    `changed` (users,) says whose text the edit touched at all; the arrays hold the others too.
    """

    alphas: tuple[float, ...]
    least_before: np.ndarray
    least_after: np.ndarray
    favourite_before: np.ndarray
    favourite_after: np.ndarray
    changed: np.ndarray

    @property
    def rise(self) -> np.ndarray:
        """Gain of the new favourite, |Delta up| of TEARS, (alphas, users)."""
        return self.least_after - self.least_before

    @property
    def fall(self) -> np.ndarray:
        """Loss of the old favourite, |Delta down| of TEARS, (alphas, users)."""
        return self.favourite_before - self.favourite_after


def evaluate_edit(
    recommender: Recommender,
    profiles: Sequence[str],
    histories: sparse.csr_matrix | None,
    favourite: Sequence[str],
    least: Sequence[str],
    item_genres: Sequence[Collection[str]],
    alphas: Sequence[float] = (0.0, 0.25, 0.5, 0.75, 1.0),
    k: int = 20,
) -> EditEffect:
    """Swap each user's favourite and least favourite genre in the text, and measure the lists before and after.

    Args:
        profiles, favourite, least: one entry a user.
        histories: (n, items) raw ratings; None allows alpha 1 only.
        item_genres: the genres of each item, in the recommender's order.

    Raises `CallError` where lengths differ, `UnknownNameError` for a genre that no item has.
    """
    n = len(profiles)
    if not n == len(favourite) == len(least):
        raise CallError(f"one genre a user: {n} profiles, {len(favourite)} favourites, {len(least)} least favourites")
    if histories is None and any(alpha != 1 for alpha in alphas):
        raise CallError("without histories only alpha 1 makes sense; pass histories or alphas=(1.0,)")
    edited = [swap_genres(text, one, two) for text, one, two in zip(profiles, favourite, least, strict=True)]
    up, down = _masks(least, item_genres, recommender), _masks(favourite, item_genres, recommender)
    table = np.zeros((4, len(alphas), n))
    for row, alpha in enumerate(alphas):
        before = top_k(recommender.scores(histories, profiles, alpha), k)
        after = top_k(recommender.scores(histories, edited, alpha), k)
        table[:, row] = [genre_ndcg(ranked, mask, k) for mask in (up, down) for ranked in (before, after)]
    changed = np.asarray([old != new for old, new in zip(profiles, edited, strict=True)])
    return EditEffect(tuple(alphas), table[0], table[1], table[2], table[3], changed)


def genre_preferences(
    histories: sparse.csr_matrix, item_genres: Sequence[Collection[str]], shrink: float = 5.0
) -> pd.DataFrame:
    """How much each user likes each genre: mean deviation from the user's own mean rating, shrunk to 0; (n, genres).

    `shrink` counts as so many ratings at the user's mean, so that one good film makes no favourite genre.
    """
    ratings = as_ratings(histories, "histories")
    genres = sorted({genre for found in item_genres for genre in found})
    flags = sparse.csr_matrix(np.asarray([[genre in found for genre in genres] for found in item_genres], np.float32))
    rated = ratings.copy()
    rated.data = np.ones_like(rated.data)
    counts = np.diff(ratings.indptr)
    deviation = ratings.copy()
    means = np.asarray(ratings.sum(axis=1)).ravel() / np.maximum(counts, 1)
    deviation.data = (ratings.data - np.repeat(means, counts)).astype(np.float32)
    return pd.DataFrame((deviation @ flags).toarray() / ((rated @ flags).toarray() + shrink), columns=genres)


def edit_genres(profile: str, preference: Mapping[str, float]) -> tuple[str, str] | None:
    """The most and the least liked of the genres that a profile names; None where it names fewer than two.

    >>> edit_genres("Loves comedies, avoids war films.", {"Comedy": 0.4, "War": -0.3, "Drama": 1.0})
    ('Comedy', 'War')
    """
    named = [genre for genre in preference if names_genre(profile, genre)]
    if len(named) < 2:
        return None
    return max(named, key=lambda genre: preference[genre]), min(named, key=lambda genre: preference[genre])


def _masks(genres: Sequence[str], item_genres: Sequence[Collection[str]], recommender: Recommender) -> np.ndarray:
    """For each user which items are of that user's genre, (n, items)."""
    if len(item_genres) != len(recommender.items):
        raise CallError(f"item_genres must hold {len(recommender.items)} entries, one an item, got {len(item_genres)}")
    known = {genre for found in item_genres for genre in found}
    columns: dict[str, np.ndarray] = {}
    for genre in set(genres):
        if genre not in known:
            raise UnknownNameError("genre", genre, sorted(known))
        columns[genre] = np.asarray([genre in found for found in item_genres])
    return np.stack([columns[genre] for genre in genres]) if len(genres) else np.zeros((0, len(item_genres)), bool)
