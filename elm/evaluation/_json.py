"""Numbers as JSON can hold them."""

from __future__ import annotations

import math
from typing import Any


def number(value: Any) -> float | None:
    """A plain float, None where it is NaN or infinite: JSON knows neither.

    >>> number(0.5), number(float("nan"))
    (0.5, None)
    """
    found = float(value)
    return found if math.isfinite(found) else None
