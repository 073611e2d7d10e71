"""Vectors from whatever holds them: one intake for tables, spaces, arithmetic, concepts and models."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import numpy.typing as npt

from elm._errors import VectorError


def real_array(vectors: Any, what: str = "vectors") -> npt.NDArray[Any]:
    """Real numbers as an array of their shape, in their own precision: integers and floats stay as they are.

    Reads arrays and lists, torch tensors of any device and precision (that require a gradient, too), lists of these,
    and columns whose cells are vectors. Raises `VectorError` for what hides a number or has none to give: masked
    entries, sparse matrices, complex numbers, truth values, text, rows of unlike length.
    """
    try:
        array = _array(vectors, what)
        if array.dtype.kind in "USV" and not array.dtype.name.startswith(("bfloat", "float8")):
            raise TypeError("not numbers")
        if array.dtype == object:
            array = np.asarray([_array(row, what) for row in array.ravel()]) if array.ndim == 1 else _numbers(array)
    except (TypeError, ValueError, RuntimeError, OverflowError) as error:
        raise VectorError(f"{what} must be numbers of one length each, got {type(vectors).__name__}") from error
    if array.dtype.name.startswith(("bfloat", "float8")):  # of jax, which numpy itself does not know
        array = array.astype(np.float32)
    if array.dtype.kind not in "iuf":
        raise VectorError(f"{what} must be real numbers, got {array.dtype}")
    return array


def _array(vectors: Any, what: str) -> npt.NDArray[Any]:
    if isinstance(vectors, np.ma.MaskedArray):
        if np.ma.getmaskarray(vectors).any():
            raise VectorError(f"{what} must have all their numbers, but some are masked; fill or drop those rows")
        return np.asarray(vectors.data)
    if _is_tensor(vectors):
        if vectors.layout != sys.modules["torch"].strided or vectors.is_quantized:
            raise VectorError(f"{what} must be dense, got a tensor of layout {vectors.layout}; call to_dense() first")
        plain = vectors.detach().cpu().resolve_conj().resolve_neg()
        exact = plain.dtype.is_floating_point and plain.dtype.itemsize < 4  # numpy has no bfloat16
        return np.asarray((plain.float() if exact else plain).numpy())
    if hasattr(vectors, "toarray") and hasattr(vectors, "nnz"):
        raise VectorError(f"{what} must be dense, got a {type(vectors).__name__}; call toarray() first")
    if isinstance(vectors, list | tuple) and any(map(_needs_care, vectors)):
        return np.asarray([_array(row, what) for row in vectors])
    return np.asarray(vectors)


def _needs_care(row: Any) -> bool:
    """Whether numpy would read a row wrong, or not at all."""
    return (
        _is_tensor(row)
        or isinstance(row, np.ma.MaskedArray)
        or (isinstance(row, list | tuple) and any(_is_tensor(cell) for cell in row))
    )


def _is_tensor(value: Any) -> bool:
    torch = sys.modules.get("torch")  # what is no tensor needs no torch
    return torch is not None and isinstance(value, torch.Tensor)


def _numbers(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """An array of Python's own numbers, such as decimals; a truth value or a text among them is none."""
    if any(isinstance(cell, bool | np.bool_ | str | bytes) or cell is None for cell in array.ravel()):
        raise TypeError("not numbers")
    return array.astype(np.float64)
