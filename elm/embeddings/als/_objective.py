"""What weighted ALS minimises, and the exact step of one side, in NumPy: the yardstick of every engine."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from elm._typing import Array

_ENTRIES = 2**18  # of the ratings at work at once


def row_penalties(counts: np.ndarray, penalty: float, frequency: float, mean: float) -> Array:
    """The penalty of rows of so many ratings each, where `mean` is usual: penalty * (count / mean) ** frequency, (n,).

    >>> row_penalties(np.array([1, 4]), 2.0, 0.5, mean=4.0).tolist()
    [1.0, 2.0]
    """
    return np.asarray(penalty * (np.maximum(counts, 1) / max(mean, 1e-9)) ** frequency, dtype=np.float32)


def objective(
    users: npt.ArrayLike,
    items: npt.ArrayLike,
    matrix: sp.csr_matrix,
    penalty: float,
    frequency: float = 0.0,
) -> float:
    """The sum of c (p - x.y)^2 over all pairs, with penalty (|x|^2 + |y|^2), of factors (n_users, f), (n_items, f).

    matrix: signed confidences; a pair that is not in it has c = 1 and p = 0. Computed in float64, with the sum over all
    pairs from the two Gram matrices.
    """
    x, y = (np.asarray(side, dtype=np.float64) for side in (users, items))
    total = float(((x.T @ x) * (y.T @ y)).sum())
    for side, counts in ((x, np.diff(matrix.indptr)), (y, np.bincount(matrix.indices, minlength=matrix.shape[1]))):
        total += float(row_penalties(counts, penalty, frequency, float(counts.mean())) @ (side**2).sum(1))
    rows = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    for at in range(0, matrix.nnz, _ENTRIES):
        part = slice(at, at + _ENTRIES)
        signed = matrix.data[part].astype(np.float64)
        said = np.einsum("nf,nf->n", x[rows[part]], y[matrix.indices[part]])
        total += float((np.abs(signed) * ((signed > 0) - said) ** 2 - said**2).sum())
    return total


def user_step(
    item_vectors: npt.ArrayLike, matrix: sp.csr_matrix, penalty: float | np.ndarray, block: int = 256
) -> Array:
    """Minimise sum c (p - x.y)^2 + penalty |x|^2 for every user, items fixed (Hu et al. 2008, equation 4).

    item_vectors (n_items, f); matrix: signed confidences (n_users, n_items); penalty: one for all, or (n_users,).
    Returns (n_users, f).
    """
    y = np.asarray(item_vectors, dtype=np.float64)
    gram, eye = y.T @ y, np.eye(y.shape[1])
    weights = np.broadcast_to(np.asarray(penalty, dtype=np.float64), matrix.shape[:1])
    out = np.empty((matrix.shape[0], y.shape[1]), dtype=np.float32)
    for start in range(0, matrix.shape[0], block):
        stop = min(start + block, matrix.shape[0])
        left = gram + weights[start:stop, None, None] * eye
        right = np.zeros((stop - start, y.shape[1]))
        for row in range(start, stop):
            span = slice(matrix.indptr[row], matrix.indptr[row + 1])
            rated, signed = y[matrix.indices[span]], matrix.data[span].astype(np.float64)
            left[row - start] += (rated.T * (np.abs(signed) - 1.0)) @ rated
            right[row - start] = np.clip(signed, 0.0, None) @ rated
        out[start:stop] = np.linalg.solve(left, right[..., None])[..., 0]
    return out
