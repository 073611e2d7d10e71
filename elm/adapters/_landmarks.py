"""Where the vectors that an adapter learned from lie: a few hundred directions, and how near to one others are."""

from __future__ import annotations

import warnings
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from elm._errors import OutsideDataWarning, callers_depth
from elm._typing import Array, Flags, Floats
from elm.embeddings import EmbeddingSpace, unit

MOST = 256
_LEAST_DATA = 200  # fewer vectors show no region: its edge is calibrated on a fifth of them
_ROWS = 20_000
_SURE = 200  # held-out vectors that show where the last percent lies
_MARGIN = 0.5  # vectors that were moved or mixed a little are no strangers


class Landmarks(NamedTuple):
    """directions: (k, dim), of length 1. near: a vector whose cosine with each of them is lower is outside."""

    directions: Array
    near: float

    def outside(self, vectors: Array) -> Flags:
        """Which of the vectors (n, dim) lie far from all that was learned, (n,)."""
        return self.nearness(vectors) < self.near

    def nearness(self, vectors: Array) -> Floats:
        """The highest cosine of each vector (n, dim) with one of the directions, (n,)."""
        result: Floats = (unit(vectors) @ self.directions.T).max(1)
        return result


def landmarks(vectors: Array, seed: int = 0) -> Landmarks | None:
    """Landmarks of vectors (n, dim): centres of their directions; None for fewer than 200, which show no region.

    A fifth of the vectors is held out from the centres, and shows how near a vector of this kind lies to one of them.
    `near` stands below the nearness that 99 % of that fifth reach, by half of the distance to its median, and by more
    where the fifth has fewer than 200 vectors, which say little of the last percent. At most
    256 centres of four vectors or more are kept, so that a shared adapter does not hold the vectors themselves.
    """
    from scipy.cluster.vq import kmeans2

    rng = np.random.default_rng(seed)
    rows = unit(vectors)
    rows = rows[np.linalg.norm(rows, axis=1) > 0]
    if len(rows) < _LEAST_DATA:
        return None
    rows = rows[rng.permutation(len(rows))[:_ROWS]]
    held, known = np.split(rows, [len(rows) // 5])
    centres, member = kmeans2(known, min(MOST, len(known) // 4), minit="points", seed=rng, iter=10, missing="warn")
    found = unit(centres[np.unique(member)])
    low, middle = np.quantile(Landmarks(found, 0.0).nearness(held), [0.01, 0.5])
    margin = _MARGIN * min(max(_SURE / len(held), 1), 3)
    return Landmarks(found, float(low - margin * (middle - low)))


def check_inside(space: EmbeddingSpace, vectors: npt.ArrayLike, region: Landmarks | None) -> Array:
    """Vectors (dim,) or (n, dim) as (n, dim) float32, with the errors and warnings of `EmbeddingSpace.check`.

    region: where there is one, vectors far from it are warned of, too.
    """
    if region is None:
        return space.check(vectors)
    checked = space.check(vectors, warn_far=False)
    near = region.nearness(checked)
    strange = near < region.near
    if not strange.any():
        return space.check(checked)
    warnings.warn(
        f"{(strange | space.far(checked)).sum()} of {len(checked)} vectors lie far outside what was learned (cosine "
        f"{near.min():.2f} with the nearest of its directions, where vectors of its kind have {region.near:.2f} or "
        "more): text about them is a guess",
        OutsideDataWarning,
        stacklevel=callers_depth(),
    )
    return checked
