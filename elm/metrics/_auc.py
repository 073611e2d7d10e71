"""Area under the ROC curve."""

from __future__ import annotations

import numpy.typing as npt
from scipy.stats import rankdata

from elm._errors import CallError
from elm.metrics._check import sample


def auc(scores: npt.ArrayLike, labels: npt.ArrayLike) -> float:
    """Chance that a positive scores above a negative, ties half: scores (n,), labels (n,) of 0 and 1.

    Raises `CallError` unless both classes are there.

    >>> auc([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1])
    0.75
    """
    score, label = sample(scores, "scores"), sample(labels, "labels")
    if score.shape != label.shape:
        raise CallError(f"scores and labels must have one length, got {len(score)} and {len(label)}")
    positive = label == 1
    n, m = int(positive.sum()), int((label == 0).sum())
    if n + m != len(label):
        raise CallError("labels must be 0 or 1")
    if not n or not m:
        raise CallError(f"auc needs both classes, got {n} positives and {m} negatives")
    return float((rankdata(score)[positive].sum() - n * (n + 1) / 2) / (n * m))
