"""What a rating says: a preference (liked or not) and how sure that is, as signed confidence for weighted ALS."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from elm._errors import CallError
from elm._typing import Array
from elm.data import rating_rows

if TYPE_CHECKING:
    from elm.data import Dataset

RATING = (1.0, 2.0, 3.0, 4.0, 5.0)
EVIDENCE = (-1.0, -0.6, -0.1, 0.3, 1.0)
"""What a rating says, in units of alpha: above 0 a like, below 0 a dislike; linear in between, level outside.

Chosen by how well held-out ratings are ordered on ML-100K and on the demo world (validation part)."""


def confidence(ratings: npt.ArrayLike, alpha: float) -> Array:
    """Ratings (n,) on a scale up to 5 -> signed confidences (n,): sign = preference 1 or 0, size = confidence >= 1.

    The objective of Hu et al. (2008) is the sum of c (p - x.y)^2 with p = 1, c = 1 + alpha * r for what was consumed
    and p = 0, c = 1 for the rest. Here c = 1 + alpha * |evidence|, and p = 0 where the evidence is negative, so that
    a low rating speaks against an item more surely than no rating does. A negative number stands for p = 0.

    >>> confidence([5, 4, 3, 2, 1], alpha=20).tolist()
    [21.0, 7.0, -3.0, -13.0, -21.0]
    """
    values = np.asarray(ratings, dtype=np.float64)
    if not np.isfinite(values).all() or (values.size and (values.min() < 0 or values.max() > 5)):
        raise CallError("ratings must be numbers from 0 to 5, higher is better; rescale them first")
    evidence = np.interp(values, RATING, EVIDENCE)
    return (np.where(evidence > 0, 1.0, -1.0) * (1.0 + alpha * np.abs(evidence))).astype(np.float32)


def rated(data: Dataset | pd.DataFrame) -> pd.DataFrame:
    """Columns user, item (str, or categoricals of str) and rating; `CallError` where they are missing."""
    known: Any = getattr(data, "interactions", None)
    given: Any = data if known is None else known
    if not isinstance(given, pd.DataFrame) or not {"user", "item", "rating"} <= set(given.columns):
        raise CallError("needs a Dataset or a DataFrame with columns user, item and rating")
    frame = given[["user", "item", "rating"]]
    return rating_rows(frame) if known is None else frame


def interactions_of(data: Dataset | pd.DataFrame) -> pd.DataFrame:
    """Columns user, item (str) and rating of a dataset or frame; `CallError` where they are missing or pairs repeat."""
    frame = rated(data).astype({"user": str, "item": str})
    twice = frame.duplicated(["user", "item"])
    if twice.any():
        first = frame[twice].iloc[0]
        raise repeated(first["user"], first["item"], int(twice.sum()))
    return frame


def repeated(user: str, item: str, count: int) -> CallError:
    """What is said of a pair that is rated more than once."""
    return CallError(
        f"a user rates an item once, but {user!r} and {item!r} come more than once ({count} repeated pairs); keep the "
        "last rating of each"
    )
