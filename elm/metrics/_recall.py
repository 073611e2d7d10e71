"""Recall at k."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from elm._errors import CallError
from elm._typing import Floats
from elm.metrics._check import counts, cutoff, matrix


def recall(ranked_relevance: npt.ArrayLike, n_relevant: npt.ArrayLike, k: int) -> Floats:
    """Recall@k = hits in the first k places / min(k, relevant): 0/1 gains in ranked order (n, L) -> (n,).

    The divisor is the most hits that k places can hold (TEARS, after the VAE papers), so a perfect list scores 1.
    Nothing relevant: 0. A list shorter than k: the missing places are misses.

    >>> recall([[1, 0, 1, 0]], n_relevant=3, k=2).tolist()
    [0.5]
    """
    hits, k = matrix(ranked_relevance, "ranked_relevance"), cutoff(k)
    if not np.isin(hits, (0.0, 1.0)).all():
        raise CallError("recall takes gains of 0 and 1; threshold grades first")
    number = counts(n_relevant, len(hits))
    if (number < hits.sum(1)).any():
        raise CallError("n_relevant is less than the relevant items in a list; count the whole catalogue's")
    found, most = hits[:, :k].sum(1), np.minimum(number, k)
    result: Floats = np.divide(found, most, out=np.zeros_like(found), where=most > 0)
    return result
