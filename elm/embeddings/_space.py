"""The embedding space: what every vector of one table has in common, and the check that a vector belongs to it."""

from __future__ import annotations

import hashlib
import json
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from elm._errors import CallError, DataFileError, OutsideDataWarning, VectorError, callers_depth
from elm._storage.fields import Check, is_count, is_numbers, is_object, is_one_of, is_positive, is_text, strictly
from elm._typing import Array, Flags, Floats
from elm.embeddings._vectors import real_array

Metric = Literal["cosine", "dot"]

NORMALISATION = "(v - mean) / scale"
"""The one scheme that there is so far, named in every description so that a later one cannot be taken for it."""

_FIELDS: Mapping[str, Check] = {
    "name": is_text,
    "dim": is_count,
    "metric": is_one_of("cosine", "dot"),
    "normalisation": is_one_of(NORMALISATION),
    "reach": is_positive,
    "fingerprint": is_text,
    "made": is_object,
    "mean": is_numbers,
    "scale": is_numbers,
}

_FAR = 1.5
"""A vector is far outside when its distance is more than this many times the reach."""


@dataclass(frozen=True, eq=False)
class EmbeddingSpace:
    """Name, size, metric and statistics of one embedding space (W in ELM).

    name: how adapters and tables call the space. dim: length of its vectors. metric: "cosine" or "dot".
    mean, scale: (dim,) float32, in the units of the vectors; `(v - mean) / scale` has about unit spread.
    reach: 99.9 % quantile of `distance` over the space's own data. made: how the vectors came about.
    fingerprint: a hash of what made them, the same on every machine: of the weights and text template of a sentence
    encoder, or of the item factors of WALS (`fingerprint_of`). Two spaces are one exactly when name, dim, metric and
    fingerprint agree. The statistics are stored, not hashed.
    """

    name: str
    dim: int
    metric: Metric
    mean: Array
    scale: Array
    reach: float
    made: dict[str, Any] = field(default_factory=dict)
    fingerprint: str = ""

    def __repr__(self) -> str:
        return f"EmbeddingSpace({self.name!r}, dim {self.dim}, {self.metric})"

    def __post_init__(self) -> None:
        if self.metric not in ("cosine", "dot"):
            raise CallError(f"metric must be 'cosine' or 'dot', got {self.metric!r}")
        if self.dim < 1:
            raise CallError(f"an embedding space needs at least one dimension, got {self.dim}")
        for name in ("mean", "scale"):
            value = np.ascontiguousarray(getattr(self, name), dtype=np.float32)
            if value.shape != (self.dim,) or not np.isfinite(value).all():
                raise CallError(f"{name} must hold {self.dim} finite numbers, got an array of shape {value.shape}")
            object.__setattr__(self, name, value)
        if not (self.scale > 0).all():
            raise CallError("scale must be positive in every dimension; use EmbeddingSpace.fit to compute it")
        if not (np.isfinite(self.reach) and self.reach > 0):
            raise CallError(f"reach must be a positive number, got {self.reach}")

    @classmethod
    def fit(
        cls, name: str, vectors: npt.ArrayLike, metric: Metric, made: dict[str, Any], fingerprint: str
    ) -> EmbeddingSpace:
        """Make a space from its data, `vectors` (n, dim): computes mean, scale and reach.

        A dimension without spread gets the typical spread of the others (1 when none has any), so that a scale is
        never zero and noise in a constant dimension is not blown up.

        >>> space = EmbeddingSpace.fit("toy", [[1.0, 5.0], [3.0, 5.0]], "dot", {}, "f")
        >>> space.mean.tolist(), space.scale.tolist()
        ([2.0, 5.0], [1.0, 1.0])
        """
        data = _finite_matrix(vectors, f"the vectors of space {name!r}").astype(np.float64)
        mean, spread = data.mean(0), data.std(0)
        alive = spread > 1e-6 * max(spread.max(), float(np.abs(data).max()), 1e-30)
        typical = float(np.sqrt(np.mean(spread[alive] ** 2))) if alive.any() else 1.0
        scale = np.where(alive, spread, typical)
        distance = np.sqrt((((data - mean) / scale) ** 2).mean(1))
        reach = max(float(np.quantile(distance, 0.999)), 1e-6)
        return cls(name, data.shape[1], metric, mean, scale, reach, dict(made), fingerprint)

    @classmethod
    def of_name(cls, name: str, vectors: npt.ArrayLike, metric: Metric = "cosine") -> EmbeddingSpace:
        """The space of vectors (n, dim) of which a name alone is known: its fingerprint is of name, size and metric.

        So another table of the same source, under the same name, is of the same space. Raises `VectorError` as `fit`.
        """
        dim = np.atleast_2d(real_array(vectors)).shape[-1]
        told = json.dumps(["given", name, dim, metric])
        return cls.fit(name, vectors, metric, {"by": "given"}, hashlib.sha256(told.encode()).hexdigest()[:16])

    def check(self, vectors: npt.ArrayLike, warn_far: bool = True) -> Array:
        """Return `vectors`, (dim,) or (n, dim), as float32 (n, dim), or say why they cannot be of this space.

        Raises `VectorError` for a wrong size, NaN or infinity. Warns `OutsideDataWarning` for vectors whose
        distance is more than 1.5 times the reach of the space's data; `warn_far=False` leaves that out, where
        vectors of the space's other kind (users against items) are welcome.
        """
        checked = _finite_matrix(vectors, f"a vector of space {self.name!r}")
        if checked.shape[1] != self.dim:
            raise VectorError(
                f"vectors of space {self.name!r} have {self.dim} numbers, got {checked.shape[1]}; "
                "pass vectors made by the same encoder"
            )
        far = np.flatnonzero(self.far(checked))
        if warn_far and far.size:
            worst = float(self.distance(checked[far]).max())
            warnings.warn(
                f"{far.size} of {len(checked)} vectors lie far outside the data of space {self.name!r} "
                f"(distance {worst:.1f}, its data reach {self.reach:.1f}): text about them is a guess",
                OutsideDataWarning,
                stacklevel=callers_depth(),
            )
        return checked

    def normalise(self, vectors: npt.ArrayLike) -> Array:
        """`(v - mean) / scale`, shape kept."""
        return ((real_array(vectors).astype(np.float32) - self.mean) / self.scale).astype(np.float32)

    def distance(self, vectors: npt.ArrayLike) -> Floats:
        """Root mean square of the normalised vectors, (n, dim) -> (n,): about 1 for the space's own data."""
        normal = (real_array(vectors).astype(np.float64) - self.mean) / self.scale
        result: Floats = np.sqrt((normal**2).mean(-1))
        return result

    def far(self, vectors: npt.ArrayLike) -> Flags:
        """Which vectors (n, dim) lie far outside the data: further than 1.5 times its reach."""
        return self.distance(vectors) > _FAR * self.reach

    def matches(self, other: EmbeddingSpace) -> bool:
        """Whether both are one space: same name, size, metric and fingerprint (tables may differ in mean and scale)."""
        return self._identity() == other._identity()

    def _identity(self) -> tuple[str, int, str, str]:
        return self.name, self.dim, self.metric, self.fingerprint

    def to_dict(self) -> dict[str, Any]:
        """All fields as plain JSON values; `from_dict` gives the same space back, bit for bit."""
        return {
            "name": self.name,
            "dim": self.dim,
            "metric": self.metric,
            "normalisation": NORMALISATION,
            "reach": self.reach,
            "fingerprint": self.fingerprint,
            "made": self.made,
            # The shortest decimals that give the same float32 back.
            "mean": [float(str(x)) for x in self.mean],
            "scale": [float(str(x)) for x in self.scale],
        }

    @classmethod
    def from_dict(
        cls, value: Any, source: object = "the description", beside: Mapping[str, Check] | None = None
    ) -> EmbeddingSpace:
        """Read what `to_dict` wrote, exactly; `DataFileError` names `source` and the field that is missing or wrong.

        beside: further fields that the same object holds, and what they must be.
        """
        if isinstance(value, dict):
            value = {"normalisation": NORMALISATION, **value}
        if isinstance(value, dict) and value["normalisation"] != NORMALISATION:
            came = str(value["normalisation"])[:60]
            raise DataFileError(
                f"{source} normalises by {came!r}, this version by {NORMALISATION!r}: update elm-toolkit"
            )
        try:
            found = strictly(value, {**_FIELDS, **(beside or {})})
            with np.errstate(over="ignore"):  # what is too large for float32 is reported as not finite
                return cls(**{key: found[key] for key in cls.__dataclass_fields__})
        except ValueError as error:
            raise DataFileError(f"{source} does not describe an embedding space: {error}") from error

    def __eq__(self, other: object) -> bool:
        return isinstance(other, EmbeddingSpace) and self.to_dict() == other.to_dict()

    def __hash__(self) -> int:
        return hash(self._identity())


def _finite_matrix(vectors: npt.ArrayLike, what: str) -> Array:
    """(d,) or (n, d) real numbers -> (n, d) float32, all finite, n and d at least 1."""
    array = real_array(vectors, what)
    with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinite, which is reported below
        matrix = np.atleast_2d(array.astype(np.float32))
    if matrix.ndim != 2 or 0 in matrix.shape:
        raise VectorError(f"{what} must have shape (dim,) or (n, dim) and not be empty, got {array.shape}")
    bad = np.flatnonzero(~np.isfinite(matrix).all(1))
    if bad.size:
        raise VectorError(
            f"{what} must be finite, but {bad.size} of {len(matrix)} rows hold NaN or infinity "
            f"(first: row {bad[0]}); drop or repair them"
        )
    return matrix
