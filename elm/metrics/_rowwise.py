"""Agreement of two matrices, row by row: rank correlation and cosine."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

from elm._typing import Floats
from elm.metrics._check import pair


def spearman(a: npt.ArrayLike, b: npt.ArrayLike) -> Floats:
    """Rank correlation of each row of a with that of b, (n, m) and (n, m) -> (n,), average ranks for ties.

    A row that is constant in a or in b orders nothing: 0, never NaN (scipy gives NaN).

    >>> spearman([[1, 2, 3], [1, 1, 1]], [[1, 2, 9], [1, 2, 3]]).tolist()
    [1.0, 0.0]
    """
    first, second = pair(a, b, "a and b")
    if not first.size:
        return np.zeros(len(first))
    x, y = rankdata(first, axis=1), rankdata(second, axis=1)
    return np.clip(_cosine(x - x.mean(1, keepdims=True), y - y.mean(1, keepdims=True)), -1.0, 1.0)


def cosine(a: npt.ArrayLike, b: npt.ArrayLike) -> Floats:
    """Cosine of the angle between each row of a and that of b, (n, d) and (n, d) -> (n,). A zero row gives 0.

    >>> cosine([[1, 0], [0, 0]], [[1, 1], [1, 1]]).round(3).tolist()
    [0.707, 0.0]
    """
    return np.clip(_cosine(*pair(a, b, "a and b")), -1.0, 1.0)


def _cosine(x: Floats, y: Floats) -> Floats:
    # Scaled first, so that very large and very small rows neither overflow nor vanish.
    x, y = (v / np.maximum(np.abs(v).max(1, keepdims=True, initial=0.0), 1e-300) for v in (x, y))
    lengths = np.sqrt((x**2).sum(1) * (y**2).sum(1))
    result: Floats = np.divide((x * y).sum(1), lengths, out=np.zeros(len(x)), where=lengths > 0)
    return result
