"""The people of a generated world: hidden tastes, what they choose, and how they rate it.

A user chooses what is popular and to his taste, and rates by the item's quality, his taste, his generosity and noise.
The number of ratings per user, and the histogram of all ratings, are those of MovieLens 100K.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.special import ndtri

from elm._errors import CallError
from elm._typing import Floats, Integers
from elm.data._constants import ML100K_HISTOGRAM
from elm.data.generated._vocabulary import FILM_VOCABULARY, Vocabulary

SHARES = {"taste": 0.60, "quality": 0.12, "generosity": 0.06, "noise": 0.22}
"""What each cause explains of the variance of a rating, before it is cut into five steps."""

TASTE_IN_CHOICE = 1.1
"""How much taste moves the choice of items, in units of log popularity per standard deviation of taste."""

EARLIEST = 1_704_067_200  # 2024-01-01, seconds
_CHUNK = 512  # users at a time, so that memory stays bounded


def make_ratings(
    items: pd.DataFrame,
    n_users: int,
    seed: int = 0,
    density: float = 0.063,
    vocabulary: Vocabulary = FILM_VOCABULARY,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Draw users with hidden tastes, and their ratings of `items`.

    items: indexed by item, with the columns genres (kinds of `vocabulary`), popularity, one for each quality of
    `vocabulary`, and optionally quality (how good the item is for everybody). Returns (users, interactions). users:
    index "user"; `taste_<kind or quality>` (about +1 for a strong like, -1 for a strong dislike, near 0 else),
    generosity (standard normal), activity (number of ratings). interactions: user, item, rating (1 to 5), time
    (seconds), sorted by user and time. The same seed gives the same tables anywhere.
    """
    if not (0 < density <= 0.5) or n_users < 1 or len(items) < 5:
        raise CallError(
            f"ratings need at least 5 {vocabulary.name}, 1 user and a density in (0, 0.5], but {len(items)}, "
            f"{n_users} and {density} came"
        )
    rng = np.random.default_rng([seed, 0x75736572])  # a stream apart from those of the items and their texts
    kinds, qualities = vocabulary.kinds, tuple(vocabulary.qualities)
    has = kind_matrix(items["genres"], kinds)
    tastes = _draw_tastes(has.mean(axis=0), len(qualities), n_users, rng)
    traits = _item_traits(has, items[list(qualities)].to_numpy(float))
    counts = _activity(n_users, len(items), density, rng)
    generosity = rng.standard_normal(n_users)
    quality = items["quality"].to_numpy(float) if "quality" in items else item_quality(items, seed)

    rows, columns, fit = _choose(np.log(items["popularity"].to_numpy(float)), traits, tastes, counts, rng)
    ratings = _rate(fit, quality[columns], generosity[rows], rng)
    users = pd.DataFrame(tastes, columns=[f"taste_{name}" for name in (*kinds, *qualities)])
    users["generosity"], users["activity"] = generosity, counts
    users.index = pd.Index([f"u{i + 1}" for i in range(n_users)], name="user")
    interactions = pd.DataFrame(
        {
            "user": users.index.to_numpy()[rows],
            "item": items.index.to_numpy()[columns],
            "rating": ratings.astype(np.float32),
            "time": _times(counts, rng),
        }
    )
    return users, interactions


def item_quality(items: pd.DataFrame, seed: int = 0) -> Floats:
    """How good each item is for everybody, standardised: (n_items,). Popular items are somewhat better."""
    rng = np.random.default_rng([seed, 0x71])
    own = rng.standard_normal(len(items))
    return _standard(0.4 * _standard(np.log(items["popularity"].to_numpy(float))) + 0.9 * own)


def kind_matrix(genres: pd.Series, kinds: Sequence[str]) -> Floats:
    """Lists of kinds as a table of 0 and 1: (n_items, n_kinds), columns in the order of `kinds`."""
    place = {kind: k for k, kind in enumerate(kinds)}
    table = np.zeros((len(genres), len(kinds)))
    for row, names in enumerate(genres):
        table[row, [place[name] for name in names if name in place]] = 1.0
    return table


def _standard(values: Floats) -> Floats:
    spread = values.std(axis=0)
    result: Floats = (values - values.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    return result


def _item_traits(has: Floats, qualities: Floats) -> Floats:
    """What a taste is multiplied with: (n_items, kinds + qualities). An item's kinds share one unit; qualities are
    centred.
    """
    shared = has / np.sqrt(np.maximum(1.0, has.sum(axis=1, keepdims=True)))
    return np.hstack([shared, 0.3 * _standard(qualities)])


def _draw_tastes(kind_share: Floats, n_qualities: int, n_users: int, rng: np.random.Generator) -> Floats:
    """Sparse tastes (n_users, kinds + qualities): two to four kinds liked, two or three disliked; of the qualities one
    or two each way.
    """
    common = np.log(np.maximum(kind_share, 0.01))  # a liking for a kind that hardly exists would not show
    kinds = _likes_and_dislikes(0.5 * common, (2, 4), (2, 3), n_users, rng)
    qualities = _likes_and_dislikes(np.zeros(n_qualities), (1, 2), (1, 2), n_users, rng)
    return np.hstack([kinds, qualities])


def _likes_and_dislikes(
    log_weight: Floats, liked: tuple[int, int], disliked: tuple[int, int], n_users: int, rng: np.random.Generator
) -> Floats:
    n = len(log_weight)
    order = np.argsort(-(log_weight + rng.gumbel(size=(n_users, n))), axis=1)
    rank = np.argsort(order, axis=1)  # rank 0 is the first choice; a weighted draw without replacement
    n_liked = rng.integers(liked[0], liked[1] + 1, size=(n_users, 1))
    n_disliked = rng.integers(disliked[0], disliked[1] + 1, size=(n_users, 1))
    strength = rng.uniform(0.75, 1.25, size=(n_users, n))
    faint = 0.08 * rng.standard_normal((n_users, n))
    likes, dislikes = rank < n_liked, (rank >= n_liked) & (rank < n_liked + n_disliked)
    return np.where(likes, strength, np.where(dislikes, -strength, faint))


def _activity(n_users: int, n_items: int, density: float, rng: np.random.Generator) -> Integers:
    """Ratings per user: (n_users,), a floor (20) plus a log-normal part, with the asked mean and ML-100K's skew."""
    mean = density * n_items
    floor = max(1, min(20, round(0.19 * mean)))
    ceiling = max(floor, int(0.45 * n_items))
    share = (rng.permutation(n_users) + rng.uniform(0.25, 0.75, n_users)) / n_users  # evenly spread quantiles
    skewed = np.exp(1.14 * ndtri(share))
    scale = max(0.0, mean - floor) / skewed.mean()
    for _ in range(20):  # the ceiling takes from the mean; give it back to all
        counts = np.minimum(floor + scale * skewed, ceiling)
        scale *= max(0.0, mean - floor) / max(1e-9, (counts - floor).mean())
    result: Integers = np.rint(counts).astype(np.int64)
    return result


def _choose(
    log_popularity: Floats, traits: Floats, tastes: Floats, counts: Integers, rng: np.random.Generator
) -> tuple[Integers, Integers, Floats]:
    """Which items each user chooses: user rows and item columns (n,), in the order chosen, and how they fit (n,).

    A weighted draw without replacement by Gumbel keys: the largest of log weight + noise, weight = popularity x
    exp(taste).
    """
    spread = float((tastes @ traits.T).std()) if len(tastes) <= _CHUNK else float((tastes[:_CHUNK] @ traits.T).std())
    columns, fits = [], []
    for start in range(0, len(tastes), _CHUNK):
        fit = tastes[start : start + _CHUNK] @ traits.T / spread  # (chunk, n_items)
        keys = log_popularity + TASTE_IN_CHOICE * fit + rng.gumbel(size=fit.shape)
        order = np.argsort(-keys, axis=1)
        inside = np.arange(order.shape[1]) < counts[start : start + _CHUNK, None]
        columns.append(order[inside])
        fits.append(np.take_along_axis(fit, order, axis=1)[inside])
    rows = np.repeat(np.arange(len(tastes)), counts)
    chosen, fit_chosen = np.concatenate(columns), np.concatenate(fits)
    shuffled = np.lexsort((rng.random(len(rows)), rows))  # the order of choosing says nothing about taste
    return rows, chosen[shuffled], fit_chosen[shuffled]


def _rate(fit: Floats, quality: Floats, generosity: Floats, rng: np.random.Generator) -> Integers:
    """Ratings 1 to 5 (n,): the causes weighed by `SHARES`, cut at the quantiles of ML-100K's histogram."""
    causes = {"taste": fit, "quality": quality, "generosity": generosity, "noise": rng.standard_normal(len(fit))}
    opinion = sum(np.sqrt(SHARES[name]) * _standard(value) for name, value in causes.items())
    rank = np.empty(len(fit), dtype=np.int64)
    rank[np.argsort(opinion, kind="stable")] = np.arange(len(fit))
    cuts = np.rint(np.cumsum(ML100K_HISTOGRAM)[:-1] * len(fit))
    return 1 + np.searchsorted(cuts, rank, side="right")


def _times(counts: Integers, rng: np.random.Generator) -> Integers:
    """Times (n,) rising within each user: sittings of some minutes, days apart, over about a year."""
    n = int(counts.sum())
    gap = 1 + np.floor(rng.exponential(45.0, n))
    gap += np.where(rng.random(n) < 0.04, np.floor(rng.exponential(4 * 86_400.0, n)), 0.0)
    elapsed = np.cumsum(gap)
    first = np.cumsum(counts) - counts  # position of each user's first rating
    start = np.floor(rng.uniform(0, 200 * 86_400.0, len(counts)))
    result: Integers = (EARLIEST + elapsed + np.repeat(start - elapsed[first], counts)).astype(np.int64)
    return result
