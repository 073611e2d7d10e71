"""The checks that all metrics share."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from elm._errors import CallError
from elm._typing import Floats


def matrix(value: npt.ArrayLike, what: str) -> Floats:
    """A finite float64 array (n, m)."""
    array = np.asarray(value, dtype=np.float64)
    if array.ndim != 2:
        raise CallError(f"{what} must have two dimensions (lists, places), got shape {array.shape}")
    if not np.isfinite(array).all():
        raise CallError(f"{what} must be finite, got NaN or infinity")
    return array


def pair(a: npt.ArrayLike, b: npt.ArrayLike, what: str) -> tuple[Floats, Floats]:
    """Two finite matrices of one shape."""
    first, second = matrix(a, f"the first of {what}"), matrix(b, f"the second of {what}")
    if first.shape != second.shape:
        raise CallError(f"{what} must have one shape, got {first.shape} and {second.shape}")
    return first, second


def sample(values: npt.ArrayLike, what: str, least: int = 1) -> Floats:
    """A finite float64 array (n,) with at least `least` values."""
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1 or len(array) < least:
        raise CallError(f"{what} must be a list of at least {least} numbers, got shape {array.shape}")
    if not np.isfinite(array).all():
        raise CallError(f"{what} must be finite, got NaN or infinity")
    return array


def cutoff(k: int) -> int:
    if k < 1:
        raise CallError(f"k must be at least 1, got {k}")
    return int(k)


def counts(value: npt.ArrayLike, lists: int) -> Floats:
    """How many items are relevant for each list, (n,), from one number or n of them."""
    number = np.broadcast_to(np.asarray(value, dtype=np.float64), (lists,))
    if not np.isfinite(number).all() or (number.size and number.min() < 0):
        raise CallError("the number of relevant items must be zero or more for every list")
    return number
