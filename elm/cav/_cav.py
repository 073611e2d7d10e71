"""A concept activation vector: the direction of a concept in an embedding space, and steps along it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from elm._errors import CallError, UnknownNameError, VectorError
from elm.embeddings import EmbeddingSpace, VectorTable
from elm.metrics import holm

Array = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class CAV:
    """The direction of one concept, how far real entities spread along it, and how real it is.

    direction: (dim,) of length 1, in the vectors' own coordinates. centre, unit: mean and standard deviation of the
    entities' projections on it. auc, accuracy: on entities held out of the fit (accuracy is the mean over the two
    classes; 0.5 is chance for both). p_value: chance of such an AUC if the labels meant nothing.
    n_positive, n_negative: entities that show the concept, and that do not. method: how it was fitted.
    """

    name: str
    direction: Array
    centre: float
    unit: float
    auc: float
    accuracy: float
    p_value: float
    n_positive: int
    n_negative: int
    method: str
    space: EmbeddingSpace

    def score(self, vectors: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """How much of the concept is in vectors (dim,) or (n, dim) -> () or (n,), standardised.

        0 is the average entity, 1 is one standard deviation above it.
        """
        rows = self.space.check(vectors, warn_far=False).astype(np.float64)
        scores = (rows @ self.direction.astype(np.float64) - self.centre) / self.unit
        return scores[0] if np.ndim(vectors) == 1 else scores

    def move(self, vectors: npt.ArrayLike, amount: float | npt.ArrayLike) -> Array:
        """vectors + amount * unit * direction: (dim,) or (n, dim), amount a number or (n,).

        amount counts in standard deviations of the concept among real entities, so 1 is a clear and plausible change
        for any concept; negative takes the concept away. One vector and n amounts give (n, dim). In a cosine space
        the length of each vector is kept (the step is taken, then the vector is set back on its sphere), so there a
        score moves by a little less than amount.

        Raises `CallError` for an amount that is NaN or infinite, `VectorError` for vectors of another size.
        """
        steps = np.asarray(amount, dtype=np.float64)
        if steps.ndim > 1 or not np.isfinite(steps).all():
            raise CallError(f"amount must be a finite number, or one for each vector, got {amount!r}")
        rows = self.space.check(vectors, warn_far=False).astype(np.float64)
        start = rows[0] if np.ndim(vectors) == 1 else rows
        if start.ndim == 2 and steps.ndim == 1 and len(steps) != len(rows):
            raise CallError(f"{len(rows)} vectors need one amount or {len(rows)} of them, got {len(steps)}")
        moved = start + (steps * self.unit)[..., None] * self.direction
        if self.space.metric == "cosine":
            length = np.linalg.norm(moved, axis=-1, keepdims=True)
            if (length < 1e-9).any():
                raise VectorError("the step leads through the centre of the sphere; take a smaller or larger amount")
            moved *= np.linalg.norm(start, axis=-1, keepdims=True) / length
        return moved.astype(np.float32)

    def measured_on(self, table: VectorTable) -> CAV:
        """The same direction with centre and unit taken from another table of the same space, such as its users."""
        if not table.space.matches(self.space):
            raise CallError(f"concept {self.name!r} lives in space {self.space.name!r}, not in the table's")
        centre, unit = spread(table, self.direction, self.name)
        return replace(self, centre=centre, unit=unit, space=table.space)


def spread(table: VectorTable, direction: npt.ArrayLike, name: str) -> tuple[float, float]:
    """Mean and standard deviation of the projections of a table on a direction."""
    along = table.vectors.astype(np.float64) @ np.asarray(direction, dtype=np.float64)
    if not along.std() > 1e-9 * max(1e-30, float(np.abs(along).max())):
        raise CallError(f"the vectors do not vary along concept {name!r}, so a step along it has no size")
    return float(along.mean()), float(along.std())


class CAVs(Mapping[str, CAV]):
    """Concept vectors by name: `cavs["funny"]`, `for name in cavs`, `cavs.report()`."""

    def __init__(self, cavs: Mapping[str, CAV]) -> None:
        self._cavs = dict(cavs)

    def __getitem__(self, name: str) -> CAV:
        """The vector of one concept; `UnknownNameError` suggests the nearest name."""
        if name not in self._cavs:
            raise UnknownNameError("concept", name, self._cavs)
        return self._cavs[name]

    def __contains__(self, name: object) -> bool:
        return name in self._cavs

    def __iter__(self) -> Iterator[str]:
        return iter(self._cavs)

    def __len__(self) -> int:
        return len(self._cavs)

    def __repr__(self) -> str:
        return f"CAVs({', '.join(self._cavs)})"

    def report(self) -> pd.DataFrame:
        """One row a concept; p_holm is p_value corrected for the number of concepts (Holm)."""
        columns = ["auc", "accuracy", "p_value", "n_positive", "n_negative", "unit", "method"]
        rows = [[getattr(cav, column) for column in columns] for cav in self.values()]
        frame = pd.DataFrame(rows, index=pd.Index(list(self), name="concept"), columns=columns)
        frame.insert(3, "p_holm", holm(frame["p_value"]) if len(frame) else [])
        return frame
