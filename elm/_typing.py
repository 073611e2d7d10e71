"""Types that stand in many files. A module of its own, because it loads numpy and `import elm` does not."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]
"""Vectors and what they are computed with where single precision is enough."""

Vector = np.ndarray[tuple[int], np.dtype[np.float32]]
"""One vector (dim,), for type checkers that know shapes."""

Matrix = np.ndarray[tuple[int, int], np.dtype[np.float32]]
"""Several vectors (n, dim)."""

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Places = npt.NDArray[np.int32]
"""Positions in a table of at most 2**31 rows, where there are very many of them."""
Flags = npt.NDArray[np.bool_]
