"""Vector arithmetic: the way between two vectors, and the middle of several."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from elm._errors import CallError, VectorError
from elm._typing import Array, Floats
from elm.embeddings._space import EmbeddingSpace
from elm.embeddings._vectors import real_array


def interpolate(
    a: npt.ArrayLike, b: npt.ArrayLike, t: float | npt.ArrayLike, space: EmbeddingSpace | None = None
) -> Array:
    """From a (t = 0) to b (t = 1), each (dim,); t a number gives (dim,), an array (n,) gives (n, dim).

    Without a space, or in a dot space, along the straight line. In a cosine space along the great circle (slerp),
    lengths interpolated too, so that unit vectors stay of length 1. t outside 0..1 extrapolates.

    Raises `VectorError` for sizes that differ, not finite vectors, or opposite vectors on the sphere, between which
    no way is shortest.

    >>> interpolate([0.0, 0.0], [2.0, 4.0], 0.5).tolist()
    [1.0, 2.0]
    """
    first, second = _vector(a), _vector(b)
    if first.shape != second.shape:
        raise VectorError(f"interpolate needs two vectors of one size, got {first.size} and {second.size}")
    if space is not None and first.size != space.dim:
        raise VectorError(f"vectors of space {space.name!r} have {space.dim} numbers, got {first.size}")
    step = np.asarray(t, dtype=np.float64)
    if not np.isfinite(step).all():
        raise CallError("t must be finite: 0 is the first vector, 1 the second")
    step = step[..., None]
    if space is None or space.metric == "dot":
        straight: Floats = (1 - step) * first + step * second
        return straight.astype(np.float32)
    return _slerp(first, second, step).astype(np.float32)


def _slerp(first: Floats, second: Floats, step: Floats) -> Floats:
    """Great circle between (dim,) and (dim,) at step (..., 1): angle and length change evenly."""
    lengths = np.linalg.norm(first), np.linalg.norm(second)
    if min(lengths) == 0:
        raise VectorError("a zero vector has no direction on the sphere; interpolate without a space")
    u, v = first / lengths[0], second / lengths[1]
    angle = 2 * np.arctan2(np.linalg.norm(u - v), np.linalg.norm(u + v))  # exact for near and far vectors alike
    if np.pi - angle < 1e-6:
        raise VectorError("the two vectors are opposite: every great circle joins them; go through a third vector")
    if angle < 1e-6:
        direction = (1 - step) * u + step * v
    else:
        direction = (np.sin((1 - step) * angle) * u + np.sin(step * angle) * v) / np.sin(angle)
    way: Floats = direction * ((1 - step) * lengths[0] + step * lengths[1])
    return way


def centroid(
    vectors: npt.ArrayLike, weights: npt.ArrayLike | None = None, space: EmbeddingSpace | None = None
) -> Array:
    """Weighted mean (dim,) of vectors (n, dim); in a cosine space set to length 1.

    Raises `VectorError` when there are no vectors, or on the sphere when they cancel out.

    >>> centroid([[0.0, 1.0], [2.0, 3.0]]).tolist()
    [1.0, 2.0]
    """
    rows = real_array(vectors).astype(np.float64)
    if rows.ndim != 2 or 0 in rows.shape or not np.isfinite(rows).all():
        raise VectorError(f"centroid needs finite vectors (n, dim), n at least 1, got shape {rows.shape}")
    if space is not None and rows.shape[1] != space.dim:
        raise VectorError(f"vectors of space {space.name!r} have {space.dim} numbers, got {rows.shape[1]}")
    share = np.ones(len(rows)) if weights is None else np.asarray(weights, dtype=np.float64)
    if share.shape != (len(rows),) or not np.isfinite(share).all() or share.min() < 0 or share.sum() == 0:
        raise CallError(f"weights must be {len(rows)} numbers, none negative and not all zero")
    mean: Floats = share @ rows / share.sum()
    if space is None or space.metric == "dot":
        return mean.astype(np.float32)
    length = np.linalg.norm(mean)
    if length < 1e-9:
        raise VectorError("the vectors cancel out, so their centroid has no direction on the sphere")
    return (mean / length).astype(np.float32)


def _vector(value: npt.ArrayLike) -> np.ndarray:
    vector = real_array(value, "a vector").astype(np.float64)
    if vector.ndim != 1 or vector.size == 0 or not np.isfinite(vector).all():
        raise VectorError(f"interpolate needs finite vectors of shape (dim,), got shape {vector.shape}")
    return vector
