"""Does an edit of the text move the list? The large-scope change of TEARS (Section 6.1), in texts and in shares."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping, Sequence

import numpy as np
import pandas as pd
from scipy import sparse

from elm._errors import CallError, UnknownNameError
from elm._typing import Floats
from elm.metrics import genre_ndcg, top_k
from elm.recommend._held_out import ndcg_at
from elm.recommend._protocols import Scorer
from elm.recommend._ratings import as_ratings
from elm.recommend.profiles._genre_words import names_genre, swap_genres


@dataclasses.dataclass(frozen=True)
class EditEffect:
    """Genre-wise NDCG@k around the swap, each array (alphas, users).

    `least_*` follow the genre that the edit makes the favourite and should rise, `favourite_*` the one it drops.
    `changed` (users,) says whose text the edit touched at all; the arrays hold the others too. `ndcg` is NDCG@k of the
    lists before on what the users really liked, where that was given (NaN for a user without it).
    """

    alphas: tuple[float, ...]
    least_before: Floats
    least_after: Floats
    favourite_before: Floats
    favourite_after: Floats
    changed: np.ndarray
    ndcg: Floats | None = None

    @property
    def rise(self) -> Floats:
        """Gain of the new favourite, |Delta up| of TEARS, (alphas, users)."""
        return self.least_after - self.least_before

    @property
    def fall(self) -> Floats:
        """Loss of the old favourite, |Delta down| of TEARS, (alphas, users)."""
        return self.favourite_before - self.favourite_after


@dataclasses.dataclass(frozen=True)
class EditOptions:
    """Further options of `evaluate_edit`: k of the lists, and what is known of each user.

    edited: the profiles after the edit; by default the genres are swapped by rule in each text.
    targets: (n, items) ones where an item should be ranked high, for `ndcg`.
    """

    k: int = 20
    edited: Sequence[str] | np.ndarray | None = None
    targets: sparse.csr_matrix | None = None


def evaluate_edit(
    recommender: Scorer,
    profiles: Sequence[str] | np.ndarray,
    histories: sparse.csr_matrix | None,
    favourite: Sequence[str],
    least: Sequence[str],
    item_genres: Sequence[Collection[str]],
    alphas: Sequence[float] = (0.0, 0.25, 0.5, 0.75, 1.0),
    options: EditOptions | None = None,
) -> EditEffect:
    """Swap each user's favourite and least favourite genre in the text, and measure the lists before and after.

    Args:
        profiles, favourite, least: one entry a user; profiles may be anything that the recommender reads.
        histories: (n, items) raw ratings; None allows alpha 1 only.
        item_genres: the genres of each item, in the recommender's order.

    Raises `CallError` where lengths differ, `UnknownNameError` for a genre that no item has.
    """
    how, n = options or EditOptions(), len(profiles)
    k, edited, targets = how.k, how.edited, how.targets
    if not n == len(favourite) == len(least):
        raise CallError(f"one genre a user: {n} profiles, {len(favourite)} favourites, {len(least)} least favourites")
    if histories is None and any(alpha != 1 for alpha in alphas):
        raise CallError("without histories only alpha 1 makes sense; pass histories or alphas=(1.0,)")
    if edited is None:
        edited = [swap_genres(text, one, two) for text, one, two in zip(profiles, favourite, least, strict=True)]
    if len(edited) != n:
        raise CallError(f"one edited profile per user: {n} profiles, {len(edited)} after the edit")
    if len(item_genres) != len(recommender.items):
        raise CallError(f"item_genres must hold {len(recommender.items)} entries, one per item, got {len(item_genres)}")
    up, down = genre_masks(least, item_genres), genre_masks(favourite, item_genres)
    table, found = np.zeros((4, len(alphas), n)), np.zeros((len(alphas), n))
    for row, alpha in enumerate(alphas):
        scores = recommender.scores(histories, profiles, alpha)
        if targets is not None:
            found[row] = ndcg_at(scores, targets, k)
        lists = top_k(scores, k), top_k(recommender.scores(histories, edited, alpha), k)
        table[:, row] = [genre_ndcg(ranked, mask, k) for mask in (up, down) for ranked in lists]
    changed = np.asarray([not np.array_equal(old, new) for old, new in zip(profiles, edited, strict=True)])
    return EditEffect(
        tuple(alphas), table[0], table[1], table[2], table[3], changed, None if targets is None else found
    )


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


def flip_shares(shares: np.ndarray, favourite: Sequence[int], least: Sequence[int]) -> np.ndarray:
    """A flip of GERS' profiles: each user's shares of the favourite and of the least favourite genre change places.

    shares: (n, genres); favourite, least: a column a user (TEARS, Appendix I).

    >>> flip_shares(np.array([[0.7, 0.2, 0.1]]), [0], [2])
    array([[0.1, 0.2, 0.7]])
    """
    edited, rows, one, two = _share_places(shares, favourite, least)
    edited[rows, one], edited[rows, two] = edited[rows, two], edited[rows, one].copy()
    return edited


def all_on(shares: np.ndarray, least: Sequence[int]) -> np.ndarray:
    """The upper bound of GERS' control: all of each user's shares go to the least favourite genre, (n, genres).

    >>> all_on(np.array([[0.7, 0.2, 0.1]]), [2])
    array([[0., 0., 1.]])
    """
    edited, rows, one, _ = _share_places(shares, least, least)
    total = edited.sum(axis=1)
    edited[:] = 0
    edited[rows, one] = total
    return edited


def genre_masks(genres: Sequence[str], item_genres: Sequence[Collection[str]]) -> np.ndarray:
    """For each entry of `genres` which items are of that genre, (n, items); `UnknownNameError` where none is."""
    known = {genre for found in item_genres for genre in found}
    columns: dict[str, np.ndarray] = {}
    for genre in set(genres):
        if genre not in known:
            raise UnknownNameError("genre", genre, sorted(known))
        columns[genre] = np.asarray([genre in found for found in item_genres])
    return np.stack([columns[genre] for genre in genres]) if len(genres) else np.zeros((0, len(item_genres)), bool)


def _share_places(
    shares: np.ndarray, one: Sequence[int], two: Sequence[int]
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    edited = np.array(shares, dtype=np.result_type(shares, np.float32), copy=True)
    columns = np.asarray(one, dtype=np.int64), np.asarray(two, dtype=np.int64)
    if edited.ndim != 2 or any(column.shape != (len(edited),) for column in columns):
        raise CallError(f"shares are (n, genres) with a column a user, got {edited.shape}, {len(one)} and {len(two)}")
    for column in columns:
        if len(column) and not 0 <= column.min() <= column.max() < edited.shape[1]:
            raise CallError(f"columns lie between 0 and {edited.shape[1] - 1}, got {column.min()} to {column.max()}")
    return edited, np.arange(len(edited)), *columns
