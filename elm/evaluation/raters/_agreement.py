"""How far raters agree beyond chance: Krippendorff's alpha."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

from elm._errors import CallError
from elm._typing import Floats

Level = Literal["nominal", "ordinal", "interval"]


def krippendorff_alpha(ratings: npt.ArrayLike, level: Level = "ordinal") -> float:
    """Krippendorff's alpha of ratings (raters, units), NaN where a rater gave none: 1 is agreement, 0 chance.

    Units that fewer than two raters rated say nothing and are left out. NaN where nothing is left, or where all ratings
    are the same, so that there is no chance agreement to compare with. level: how far two values are apart; "ordinal"
    takes ranks alone. Source: Krippendorff, Computing Krippendorff's Alpha-Reliability (2011).

    Raises `CallError` for an unknown level, or ratings that are no matrix.

    >>> krippendorff_alpha([[1, 2, 3, 4], [1, 2, 3, 5]]).__round__(3)
    0.978
    """
    table = np.asarray(ratings, dtype=np.float64)
    if table.ndim != 2 or np.isinf(table).any():
        raise CallError(f"ratings are a matrix (raters, units) of numbers and NaN, got shape {table.shape}")
    values = np.unique(table[~np.isnan(table)])
    counts = np.stack([(table == value).sum(0) for value in values]) if len(values) else np.zeros((0, table.shape[1]))
    counts = counts[:, counts.sum(0) >= 2]  # (values, units)
    if not counts.size:
        return float("nan")
    raters = counts.sum(0)
    together = ((counts / (raters - 1)) @ counts.T) - np.diag((counts / (raters - 1)).sum(1))
    each = together.sum(1)
    apart = _distances(values, each, level)
    expected = (np.outer(each, each) * apart).sum()
    return float(1 - (each.sum() - 1) * (together * apart).sum() / expected) if expected else float("nan")


def _distances(values: Floats, each: Floats, level: Level) -> Floats:
    """Squared distances of every two values, (values, values)."""
    if level == "nominal":
        return 1.0 - np.eye(len(values))
    if level == "interval":
        return np.subtract.outer(values, values) ** 2
    if level == "ordinal":
        middle = np.cumsum(each) - each / 2  # how many ratings lie below, those of the same value by half
        return np.subtract.outer(middle, middle) ** 2
    raise CallError(f"level is 'nominal', 'ordinal' or 'interval', got {level!r}")
