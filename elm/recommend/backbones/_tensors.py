"""Arrays of the models that are no networks, to and from a file of tensors."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from elm._storage.weights import tensor_kinds

EXACT = ("F32", "F64")
"""The kinds of numbers that these arrays are stored in."""


def as_tensor(array: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(array))


def rows_of(path: Path, name: str) -> int:
    """The first side of a tensor in a file, by its header alone: of most, one row per item."""
    _, shape = tensor_kinds(path)[name]
    return shape[0]
