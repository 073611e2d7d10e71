"""Views: histories of a taste that few users have, with texts that say so, for the text side to learn from.

Most users of a catalogue like much the same things, so a model that reads their texts learns what is popular, and
hardly what "most of what they enjoy are westerns" means. A view joins the ratings of a few training users, draws a
taste, keeps what fits it best, and has a text written from that alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import sparse

from elm._errors import CallError
from elm.recommend._ratings import LIKED, as_ratings
from elm.recommend.tears._training import Views

_SLANT = 5.0  # deviation of a taste's weights, beside noise of deviation 1.3: the taste decides
_KEPT = (0.1, 0.5)  # share of one user's ratings that a view has
_FEWEST = 8
_TASTES = 5  # attributes beside the first kind that a view has a taste in

Write = Callable[[np.ndarray, np.ndarray], Any]
"""Items (n,) and their ratings (n,) -> a profile: a text, or shares of genres."""


def make_views(
    ratings: sparse.csr_matrix,
    kinds: np.ndarray,
    write: Write,
    *,
    others: np.ndarray | None = None,
    per_user: int = 4,
    joined: int = 4,
    seed: int = 0,
) -> Views:
    """`per_user` views for each training user.

    Args:
        ratings: (users, items) raw ratings of the training users.
        kinds: (items, kinds) how much of each kind an item has; a taste weighs all of them.
        write: writes a view's profile from its items and ratings.
        others: (items, attributes) moods or themes; a taste weighs a few of them.
        joined: how many users' ratings a view draws on; where two rated one item, the first one's rating counts.

    A view without a liked item is left out. Raises `CallError` for tables of another catalogue, or for no view at all.
    """
    ratings = as_ratings(ratings)
    if per_user < 1 or joined < 1:
        raise CallError(f"per_user and joined must be at least 1, got {per_user} and {joined}")
    others = np.zeros((len(kinds), 0)) if others is None else others
    if not len(kinds) == len(others) == ratings.shape[1]:
        raise CallError(f"kinds and others need a row for each of {ratings.shape[1]} items")
    rng = np.random.default_rng(seed)
    rows, profiles = [], []
    for user in np.repeat(np.flatnonzero(np.diff(ratings.indptr)), per_user).tolist():
        items, given = _joined(ratings, [user, *rng.integers(0, ratings.shape[0], joined - 1).tolist()])
        fit = (kinds[items] @ rng.normal(0, _SLANT, kinds.shape[1])) + rng.gumbel(size=len(items))
        if others.shape[1]:
            some = rng.choice(others.shape[1], min(_TASTES, others.shape[1]), replace=False)
            fit = fit + others[items][:, some] @ rng.normal(0, _SLANT, len(some))
        count = max(_FEWEST, int(rng.uniform(*_KEPT) * len(items) / joined))
        kept = np.argsort(-fit)[:count]
        if (given[kept] >= LIKED).any():
            rows.append(items[kept][given[kept] >= LIKED])
            profiles.append(write(items[kept], given[kept]))
    if not rows:
        raise CallError("views are made of liked ratings (4 or more), and the training users have none")
    starts = np.cumsum([0, *map(len, rows)])
    columns = np.concatenate(rows)
    ones = np.ones(len(columns), np.float32)
    targets = sparse.csr_matrix((ones, columns, starts), shape=(len(rows), ratings.shape[1]))
    return Views(targets, np.stack(profiles) if isinstance(profiles[0], np.ndarray) else profiles)


def _joined(ratings: sparse.csr_matrix, users: list[int]) -> tuple[np.ndarray, np.ndarray]:
    """The items of some users, each once, and their ratings."""
    spans = [slice(ratings.indptr[user], ratings.indptr[user + 1]) for user in users]
    items, given = (np.concatenate([values[span] for span in spans]) for values in (ratings.indices, ratings.data))
    items, first = np.unique(items, return_index=True)
    return items, given[first]
