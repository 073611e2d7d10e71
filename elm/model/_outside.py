"""Whether vectors lie outside what the shipped model learned: how near the nearest vector is that it knows."""

from __future__ import annotations

import warnings
from functools import cache
from typing import Any

import numpy as np

from elm._errors import OutsideDataWarning
from elm._storage.files import read_json
from elm.embeddings import real_array
from elm.model._shipped import SHIPPED, shipped_vectors

_FAR = 0.5  # of the nearness that 99 % of held-out vectors reach; certificates abstain as soon as it is not reached


def warn_outside(vectors: Any) -> None:
    """Warn `OutsideDataWarning` where vectors, (dim,) or (n, dim), of a shipped space have no known vector near them.

    A vector is far where its cosine with the nearest shipped one is below half of what 99 % of held-out vectors of the
    space reach. Of a pair each is looked at. Vectors of another size are left to the model, which refuses them.
    """
    if isinstance(vectors, tuple):
        for one in vectors:
            warn_outside(one)
        return
    rows = np.atleast_2d(real_array(getattr(vectors, "vectors", vectors))).astype(np.float32)
    if rows.shape[1] not in _known():
        return
    known, usual = _known()[rows.shape[1]]
    near = (_directions(rows) @ known.T).max(1)
    far = near < _FAR * usual
    if far.any():
        warnings.warn(
            f"{far.sum()} of {len(rows)} vectors lie outside what was learned (nearest known vector "
            f"{near[far].min():.2f}, where 99 % of this space have one at {usual:.2f} or nearer): text about them is a "
            "guess",
            OutsideDataWarning,
            stacklevel=3,
        )


@cache
def _known() -> dict[int, tuple[np.ndarray, float]]:
    """Size of the vectors -> the directions of the shipped ones, and how near 99 % of held-out vectors have one."""
    rules = read_json(SHIPPED / "certificates.json")["rules"]
    tables = ((shipped_vectors("films"), "items"), (shipped_vectors("users"), "user_profile"))
    return {table.space.dim: (_directions(table.vectors), rules[name]["least_near"]) for table, name in tables}


def _directions(vectors: np.ndarray) -> np.ndarray:
    """The vectors (n, dim) at length 1; a zero vector, and one that is not finite, stays as it is."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.where((lengths > 0) & np.isfinite(lengths), lengths, 1)
