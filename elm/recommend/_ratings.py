"""Matrices of ratings: checked, turned into targets, cut into batches; and the fold-in split of held-out users."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy import sparse

from elm._errors import CallError

LIKED = 4.0
"""A rating from here on counts as a positive target (TEARS, Section 4)."""


HIGHEST = 5.0
"""The top of the scale on which `LIKED` means something."""


def as_ratings(ratings: sparse.csr_matrix, what: str = "ratings") -> sparse.csr_matrix:
    """Check a (users, items) matrix of ratings and return it as float32 CSR, sorted, without stored zeros."""
    if not sparse.issparse(ratings):
        raise CallError(f"{what} must be a scipy sparse matrix (users, items), got {type(ratings).__name__}")
    matrix = sparse.csr_matrix(ratings, dtype=np.float32, copy=True)
    if not np.isfinite(matrix.data).all():
        raise CallError(f"{what} must be finite, but some are NaN or infinite; drop those rows first")
    if (matrix.data < 0).any():
        raise CallError(f"{what} must not be negative (the scale is 1 to 5, 0 means unrated); shift the scale first")
    matrix.sum_duplicates()
    matrix.eliminate_zeros()
    return matrix


def positives(ratings: sparse.csr_matrix, threshold: float = LIKED) -> sparse.csr_matrix:
    """The 0/1 targets: a one wherever the rating is at least `threshold`.

    >>> positives(sparse.csr_matrix([[5.0, 3.0, 0.0, 4.0]])).toarray()
    array([[1., 0., 0., 1.]], dtype=float32)
    """
    if threshold == LIKED:
        require_scale(ratings, HIGHEST)
    liked = ratings.copy()
    liked.data = (liked.data >= threshold).astype(np.float32)
    liked.eliminate_zeros()
    return liked


def require_scale(ratings: sparse.csr_matrix, highest: float) -> None:
    """`CallError` for ratings above the scale: of ten, a four is no like."""
    if ratings.nnz and ratings.data.max() > highest:
        raise CallError(
            f"ratings must lie on a scale up to {highest:g}, but {ratings.data.max():g} came; rescale them first "
            f"(divide by the highest and multiply by {highest:g})"
        )


def as_histories(histories: sparse.csr_matrix, items: int) -> sparse.csr_matrix:
    """The same for users to rank for, over a catalogue of `items`."""
    matrix = as_ratings(histories, "histories")
    if matrix.shape[1] != items:
        raise CallError(f"histories must have {items} columns, one per item, got shape {matrix.shape}")
    return matrix


def masked(scores: np.ndarray, histories: sparse.csr_matrix) -> np.ndarray:
    """Set the items of a user's history to -inf, in place; both are (users, items)."""
    scores[histories.nonzero()] = -np.inf
    return scores


def shuffled_batches(n: int, size: int, rng: np.random.Generator) -> Iterator[np.ndarray]:
    order = rng.permutation(n)
    for start in range(0, n, size):
        yield order[start : start + size]


def ordered_batches(n: int, size: int) -> Iterator[np.ndarray]:
    for start in range(0, n, size):
        yield np.arange(start, min(start + size, n))


def fold_in(
    ratings: sparse.csr_matrix, share: float = 0.8, threshold: float = LIKED, seed: int = 0
) -> tuple[sparse.csr_matrix, sparse.csr_matrix]:
    """Split each user's ratings at random: `share` of them are the input, the liked ones of the rest the targets.

    Args:
        ratings: (users, items) raw ratings.
        share: part of each user's ratings that the model may see; at least one stays on each side where there are two.

    Returns:
        inputs (users, items) raw ratings, and targets (users, items) of ones. A row of targets may be empty.
    """
    if not 0 < share < 1:
        raise CallError(f"share must lie between 0 and 1, got {share}")
    ratings = as_ratings(ratings)
    rng = np.random.default_rng(seed)
    seen = np.zeros(ratings.nnz, dtype=bool)
    for start, stop in zip(ratings.indptr[:-1], ratings.indptr[1:], strict=True):
        count = int(stop - start)
        keep = min(max(round(share * count), 1), max(count - 1, 1))
        seen[start + rng.permutation(count)[:keep]] = True
    inputs, rest = ratings.copy(), ratings.copy()
    inputs.data = np.where(seen, ratings.data, 0).astype(np.float32)
    rest.data = np.where(seen, 0, ratings.data).astype(np.float32)
    inputs.eliminate_zeros()
    return inputs, positives(rest, threshold)
