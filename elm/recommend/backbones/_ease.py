"""EASE (Steck 2019, "Embarrassingly shallow autoencoders for sparse data"): a linear item-item model in closed form.

    G = X'X + lambda I,  P = G^-1,  B_ij = -P_ij / P_jj,  B_jj = 0,  scores = x B

One matrix of items x items is made and turned in place from G into its Cholesky factor, its inverse, and B.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from scipy import sparse
from scipy.linalg import lapack

from elm._errors import CallError
from elm._storage.fields import is_one_of, is_positive, strictly
from elm._storage.weights import read_exactly
from elm.recommend._held_out import HeldOut, ndcg_at
from elm.recommend._ratings import as_histories, as_ratings, masked, ordered_batches, positives, require_scale
from elm.recommend.backbones._sparse_rows import as_rows
from elm.recommend.backbones._spec import BackboneSpec, Fitting, Settings, setting_types
from elm.recommend.backbones._tensors import EXACT, as_tensor, rows_of

_SHARE_DENSE = 0.5  # of the ratings, on the most popular items: what of X'X involves them is a dense product
_BLOCK = 512
_PENALTIES = (50.0, 100.0, 200.0, 400.0, 800.0, 1600.0)  # tried where none is given
_CONDITION = 1e5  # above this bound on the condition number, single precision costs more than the fourth digit


class EASE:
    """Scores are a linear map of the history; `weights` is B, (items, items) float32, its diagonal 0.

    >>> model = EASE.fit(sparse.csr_matrix([[5.0, 5.0, 0.0], [4.0, 5.0, 0.0], [0.0, 0.0, 5.0]]), penalty=1.0)
    >>> print(model.scores(sparse.csr_matrix([[5.0, 0.0, 0.0]])).round(2))
    [[-inf 0.67 0.  ]]
    """

    def __init__(self, weights: np.ndarray, values: Literal["liked", "ratings"] = "liked", scale: float = 5.0) -> None:
        self.weights, self.values, self.scale = weights, values, scale

    @property
    def items(self) -> int:
        return int(self.weights.shape[0])

    @classmethod
    def fit(
        cls,
        ratings: sparse.csr_matrix,
        penalty: float = 200.0,
        values: Literal["liked", "ratings"] = "liked",
        scale: float = 5.0,
    ) -> EASE:
        """Fit on raw ratings (users, items).

        Args:
            penalty: lambda, the weight of |B|^2; more for more users.
            values: "liked" counts a rating of at least 4 as 1 and others as 0; "ratings" takes rating / scale, as the
                TEARS paper does (Appendix C).
            scale: the highest rating.

        Memory: one matrix of items x items (in float64 where the penalty is too small for float32) and small blocks.
        Raises `CallError` for a penalty or scale of 0 or less, unknown `values`, or ratings that are not usable.
        """
        if penalty <= 0 or scale <= 0:
            raise CallError(f"penalty and scale must be above 0, got {penalty} and {scale}")
        if values not in ("liked", "ratings"):
            raise CallError(f"values must be 'liked' or 'ratings', got {values!r}")
        matrix = _values(as_ratings(ratings), values, scale)
        if matrix.nnz == 0:
            raise CallError(f"EASE needs at least one rating that counts ({values}), got a matrix {matrix.shape}")
        return cls(_solve(matrix, penalty), values, scale)

    def scores(self, histories: sparse.csr_matrix) -> np.ndarray:
        """Scores (users, items) float32; the items of a history are -inf, and a user without any gets zeros."""
        histories = as_histories(histories, self.weights.shape[0])
        rows = _values(histories, self.values, self.scale)
        return masked(np.asarray(rows @ self.weights, dtype=np.float32), histories)


def _values(ratings: sparse.csr_matrix, values: str, scale: float) -> sparse.csr_matrix:
    if values == "liked":
        return positives(ratings)
    require_scale(ratings, scale)
    return sparse.csr_matrix(ratings / np.float32(scale))


def _solve(matrix: sparse.csr_matrix, penalty: float) -> np.ndarray:
    """B of `matrix` (users, items), made in the memory of the Gram matrix."""
    gram = gram_matrix(matrix, _precision(matrix, penalty))
    gram[np.diag_indices_from(gram)] += penalty
    factor, invert = (
        (lapack.spotrf, lapack.spotri) if gram.dtype == np.float32 else (lapack.dpotrf, lapack.dpotri)
    )  # on the transpose, which is the order of LAPACK, so that nothing is copied
    _, info = factor(gram.T, lower=1, overwrite_a=1, clean=0)
    if info == 0:
        _, info = invert(gram.T, lower=1, overwrite_c=1)
    if info != 0:
        raise CallError(f"the Gram matrix with penalty {penalty} cannot be inverted; take a larger penalty")
    scale = -1.0 / np.diagonal(gram).copy()
    for rows in ordered_batches(len(gram), _BLOCK):  # mirror the upper triangle, one block of rows at a time
        start, stop = rows[0], rows[-1] + 1
        inner = gram[start:stop, start:stop]
        inner[:] = np.triu(inner) + np.triu(inner, 1).T
        gram[stop:, start:stop] = gram[start:stop, stop:].T
    gram *= scale
    gram[np.diag_indices_from(gram)] = 0
    return gram.astype(np.float32, copy=False)


def _precision(matrix: sparse.csr_matrix, penalty: float) -> type[np.floating]:
    """float32 where the condition number of the Gram matrix, bounded by its largest row sum, allows it."""
    sums = matrix.T @ np.asarray(matrix.sum(axis=1)).ravel()  # of ratings, which are not negative
    return np.float32 if (sums.max() + penalty) / penalty <= _CONDITION else np.float64


def gram_matrix(matrix: sparse.csr_matrix, dtype: type[np.floating]) -> np.ndarray:
    """X'X of a sparse X (users, items) as a dense matrix of `dtype`.

    A few items hold most ratings: what involves them is a product with dense columns, of a block of users at a time
    that takes half the memory of X'X; the rest is a sparse product.
    """
    items = matrix.shape[1]
    counts = np.bincount(matrix.indices, minlength=items)
    order = np.argsort(-counts, kind="stable")
    head = int(np.searchsorted(np.cumsum(counts[order]), _SHARE_DENSE * counts.sum())) + 1
    popular, rare = np.sort(order[:head]), np.sort(order[head:])
    narrow = matrix[:, rare]
    others = sparse.csr_matrix((narrow.data, rare[narrow.indices], narrow.indptr), shape=matrix.shape)
    gram = _sparse_gram(others, dtype)
    columns = matrix[:, popular]
    beside = np.zeros((items, head), dtype=dtype)  # the columns of X'X that belong to popular items
    among = np.zeros((head, head), dtype=dtype)
    for users in ordered_batches(matrix.shape[0], max(_BLOCK, items * items // (2 * head))):
        block = columns[users].toarray().astype(dtype, copy=False)
        among += block.T @ block
        beside += as_rows(sparse.csr_matrix(others[users].T)).times(torch.from_numpy(block)).numpy()
    beside[popular] = among
    gram[:, popular] = beside
    gram[popular] = beside.T
    return gram


def _sparse_gram(matrix: sparse.csr_matrix, dtype: type[np.floating]) -> np.ndarray:
    """X'X of a sparse X as a dense matrix, a block of items at a time."""
    transposed, matrix = sparse.csr_matrix(matrix.T, dtype=dtype), matrix.astype(dtype, copy=False)
    gram = np.empty((matrix.shape[1],) * 2, dtype=dtype)
    for some in ordered_batches(len(gram), _BLOCK):
        gram[some] = _dense_product(transposed[some], matrix)
    return gram


def _dense_product(left: sparse.csr_matrix, right: sparse.csr_matrix) -> np.ndarray:
    """The product of sparse matrices as a dense one: by MKL, four times as fast, where torch comes with it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # that such tensors are new to torch
            factors = [
                torch.sparse_csr_tensor(
                    torch.from_numpy(x.indptr), torch.from_numpy(x.indices), torch.from_numpy(x.data), x.shape
                )
                for x in (left, right)
            ]
            nothing = torch.zeros((1, 1), dtype=factors[0].dtype)
            product = torch.addmm(nothing, *factors, beta=0).numpy()
    except RuntimeError:
        product = (left @ right).toarray()
    return product


class EaseSpec(BackboneSpec):
    """One matrix on disk; without a penalty, the best of six on the validation users."""

    def settings(self) -> Mapping[str, Any]:
        return setting_types(EASE.fit)

    def fit(self, ratings: sparse.csr_matrix, validation: HeldOut, settings: Settings, how: Fitting) -> EASE:
        return EASE.fit(ratings, **settings) if "penalty" in settings else _tuned(ratings, validation, settings)

    def packed(self, model: EASE) -> tuple[dict[str, Any], dict[str, torch.Tensor]]:
        return {"values": model.values, "scale": model.scale}, {"weights": as_tensor(model.weights)}

    def unpacked(self, config: Any, weights: Path) -> EASE:
        settings = strictly(config, {"values": is_one_of("liked", "ratings"), "scale": is_positive})
        size = rows_of(weights, "weights")
        return EASE(read_exactly(weights, {"weights": (size, size)}, EXACT)["weights"], **settings)


SPEC = EaseSpec(name="ease", network=EASE, grid={"penalty": tuple(np.linspace(1, 10_000, 50).tolist())})


def _tuned(ratings: sparse.csr_matrix, validation: HeldOut, settings: Settings) -> EASE:
    """EASE with the penalty that is best on the validation users; beyond the best of the first ones none is tried."""
    validation.check(ratings.shape[1])
    best, best_score = None, -np.inf
    for penalty in _PENALTIES:
        model = EASE.fit(ratings, penalty, **settings)
        score = float(np.nanmean(ndcg_at(model.scores(validation.inputs), validation.targets)))
        if score <= best_score:
            break
        best, best_score = model, score
    assert best is not None
    return best
