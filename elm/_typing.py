"""Types that stand in many files. A module of its own, because it loads numpy and `import elm` does not."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]
"""Vectors and what they are computed with where single precision is enough."""

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
