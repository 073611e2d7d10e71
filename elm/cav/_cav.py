"""A concept activation vector: the direction of a concept in an embedding space, and steps along it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import false_discovery_control

from elm._errors import CallError, UnknownNameError
from elm._typing import Array, Floats
from elm.cav._move import amounts_of, displacements, stepped, warn_outside
from elm.cav._store import load_cavs, save_cavs
from elm.embeddings import EmbeddingSpace, VectorTable
from elm.metrics import holm


@dataclass(frozen=True, eq=False)
class CAV:
    """The direction of one concept, how far real entities spread along it, and how real it is.

    direction: (dim,) of length 1, in the vectors' own coordinates. centre, unit: mean and standard deviation of the
    entities' projections on it. auc, accuracy: on entities held out of the fit (accuracy is the mean over the two
    classes; 0.5 is chance for both). p_value: chance of such an AUC if the labels meant nothing.
    n_positive, n_negative: entities that show the concept, and that do not. method, l2: how it was fitted.
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
    l2: float | None = None

    def score(self, vectors: npt.ArrayLike) -> Floats:
        """How much of the concept is in vectors (dim,) or (n, dim) -> () or (n,), standardised.

        0 is the average entity, 1 is one standard deviation above it.
        """
        rows = self.space.check(vectors, warn_far=False).astype(np.float64)
        scores = (rows @ self.direction.astype(np.float64) - self.centre) / self.unit
        return scores[0] if np.ndim(vectors) == 1 else scores

    def move(
        self,
        vectors: npt.ArrayLike,
        amount: float | npt.ArrayLike,
        keep: Sequence[CAV] = (),
        on_sphere: bool | None = None,
        near: VectorTable | None = None,
    ) -> Array:
        """The shortest step that raises the concept's score by amount: (dim,) or (n, dim), amount a number or (n,).

        amount counts in standard deviations of the concept among real entities, so 1 is a clear and plausible change
        for any concept; negative takes the concept away. One vector and n amounts give (n, dim). keep: concepts whose
        scores must not change. on_sphere: set each vector back to its length after the step, so that a score moves by
        a little less than amount, while those of `keep` stay (None: as the space's metric asks, so in cosine spaces).

        Warns `OutsideDataWarning` where the step leaves the data: the nearest of the vectors of `near`, if given, else
        the reach of the concept's space. Raises `CallError` for an amount that is NaN or infinite or concepts too much
        alike to part, `VectorError` for vectors of another size.
        """
        steps = np.atleast_1d(amounts_of(amount))[:, None]
        single = np.ndim(vectors) == 1 and np.ndim(amount) == 0
        return _moved([self], steps, keep, vectors, single, on_sphere, near)

    def without(self, *others: CAV) -> CAV:
        """The part of the concept that the others do not share: "funnier, but not lighter".

        A move along it raises this concept's score by the amount and leaves the others' alone (off the sphere). Its own
        score is measured in that unit; `measured_on(table)` sets it to the spread of a table. The evidence (auc,
        accuracy, p_value) stays that of the whole concept. Raises `CallError` where nothing would be left.
        """
        kept = _directions(others, self.space)
        names = [self.name, *(other.name for other in others)]
        step = displacements(np.ones((1, 1)), _directions([self], self.space), kept, names)[0]
        length = float(np.linalg.norm(step))
        direction = (step / length).astype(np.float32)
        centre = float(self.space.mean.astype(np.float64) @ direction)
        name = f"{self.name} without {', '.join(other.name for other in others)}" if others else self.name
        return replace(self, name=name, direction=direction, centre=centre, unit=self.unit * length)

    def require_space(self, table: VectorTable) -> None:
        """Raise `CallError` where a table is of another space."""
        if not table.space.matches(self.space):
            raise CallError(f"concept {self.name!r} lives in space {self.space.name!r}, not in the table's")

    def measured_on(self, table: VectorTable) -> CAV:
        """The same direction with centre and unit taken from another table of the same space, such as its users."""
        self.require_space(table)
        centre, unit = spread(table, self.direction, self.name)
        return replace(self, centre=centre, unit=unit, space=table.space)


def spread(table: VectorTable, direction: npt.ArrayLike, name: str) -> tuple[float, float]:
    """Mean and standard deviation of the projections of a table on a direction."""
    return spreads(table, {name: np.asarray(direction)})[0]


def spreads(table: VectorTable, directions: Mapping[str, np.ndarray], block: int = 2**14) -> list[tuple[float, float]]:
    """The same for many directions (dim,) by name, from the table's mean and covariance: it is read once for all."""
    if not directions:
        return []
    rows = np.stack(list(directions.values())).astype(np.float64)
    mean = table.vectors.mean(0, dtype=np.float64)
    few = len(rows) < len(mean)  # then projections are less work than the covariance
    square, about = np.zeros(len(rows)), np.zeros((0 if few else len(mean),) * 2)
    for at in range(0, len(table), block):
        centred = table.vectors[at : at + block] - mean
        if few:
            square += ((centred @ rows.T) ** 2).sum(0)
        else:
            about += centred.T @ centred
    square = square if few else np.einsum("cd,cd->c", rows @ about, rows)
    units, centres = np.sqrt(np.maximum(square, 0) / len(table)), rows @ mean
    for name, unit, centre in zip(directions, units, centres, strict=True):
        if not unit > 1e-9 * max(1e-30, float(np.hypot(centre, unit))):
            raise CallError(f"the vectors do not vary along concept {name!r}, so a step along it has no size")
    return list(zip(centres.tolist(), units.tolist(), strict=True))


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

    def move(
        self,
        vectors: npt.ArrayLike,
        amounts: Mapping[str, float],
        keep: Sequence[str] = (),
        on_sphere: bool | None = None,
        near: VectorTable | None = None,
    ) -> Array:
        """Move along several concepts at once: `cavs.move(v, {"funny": 1, "dark": -0.5}, keep=["romantic"])`.

        The shortest step that changes the score of each concept in `amounts` by its amount and those of `keep` not at
        all; shapes, `on_sphere`, `near`, warnings and errors as in `CAV.move`.
        """
        if not amounts:
            raise CallError("move needs at least one concept with an amount, got none")
        both = sorted(set(amounts) & set(keep))
        if isinstance(keep, str) or both:
            problem = f"the one string {keep!r}" if isinstance(keep, str) else f"{both[0]!r} to move and to keep"
            raise CallError(f"keep must be a list of concepts that do not move, got {problem}")
        values = [amounts_of(value) for value in amounts.values()]
        if any(value.ndim for value in values):
            raise CallError("amounts must hold one number per concept")
        wanted, kept = np.array([values]), [self[name] for name in keep]
        return _moved([self[name] for name in amounts], wanted, kept, vectors, np.ndim(vectors) == 1, on_sphere, near)

    def measured_on(self, table: VectorTable) -> CAVs:
        """Every concept with centre and unit of another table, such as the users'; see `CAV.measured_on`."""
        for cav in self.values():
            cav.require_space(table)
        found = spreads(table, {name: cav.direction for name, cav in self.items()})
        return CAVs(
            {
                name: replace(cav, centre=centre, unit=unit, space=table.space)
                for (name, cav), (centre, unit) in zip(self.items(), found, strict=True)
            }
        )

    def cosines(self) -> pd.DataFrame:
        """(C, C) cosines between the directions: what else moves when a concept moves."""
        rows = np.array([cav.direction for cav in self.values()], dtype=np.float64)
        return pd.DataFrame(np.clip(rows @ rows.T, -1, 1), index=list(self), columns=list(self))

    def report(self) -> pd.DataFrame:
        """One row per concept. For many concepts at once: p_holm bounds the chance of any false finding (Holm), p_fdr
        the expected share of false ones among those found (Benjamini and Hochberg 1995). NaN where nothing was tested.
        """
        columns = ["auc", "accuracy", "p_value", "n_positive", "n_negative", "unit", "method"]
        rows = [[getattr(cav, column) for column in columns] for cav in self.values()]
        frame = pd.DataFrame(rows, index=pd.Index(list(self), name="concept"), columns=columns)
        tested = frame["p_value"].notna().to_numpy()
        p_values = frame["p_value"].to_numpy()[tested]
        for place, name in ((3, "p_holm"), (4, "p_fdr")):
            corrected = np.full(len(frame), np.nan)
            if tested.any():
                corrected[tested] = holm(p_values) if name == "p_holm" else false_discovery_control(p_values)
            frame.insert(place, name, corrected)
        return frame

    def save(self, folder: str | Path, files: Mapping[str, bytes] | None = None) -> Path:
        """Write the concepts into a folder, to be read by `CAVs.load`; a kill leaves the old set or the new one.

        files: what else belongs to this save, by name; it comes and goes with it.
        """
        return save_cavs(self, folder, files)

    @classmethod
    def load(cls, folder: str | Path) -> CAVs:
        """Read what `save` wrote; `DataFileError` where a file is missing, cut off or of another save."""
        return cls({key: CAV(**fields) for key, fields in load_cavs(folder).items()})


def _directions(cavs: Sequence[CAV], space: EmbeddingSpace) -> Floats:
    """(k, dim) float64 of concepts that live in this space."""
    for cav in cavs:
        if not isinstance(cav, CAV):
            raise CallError(f"a CAV keeps CAVs, got {cav!r}; the move of a set, CAVs.move, takes names")
        if not cav.space.matches(space):
            raise CallError(f"concept {cav.name!r} lives in space {cav.space.name!r}, not in {space.name!r}")
    return np.array([cav.direction for cav in cavs], dtype=np.float64).reshape(len(cavs), space.dim)


def _moved(
    cavs: Sequence[CAV],
    amounts: Floats,
    keep: Sequence[CAV],
    vectors: npt.ArrayLike,
    single: bool,
    on_sphere: bool | None,
    near: VectorTable | None,
) -> Array:
    """Take the step of amounts (n, k) along k concepts, and warn in the name of the caller of `move`."""
    space = cavs[0].space
    directions, kept = _directions(cavs, space), _directions(keep, space)
    wanted = amounts * np.array([cav.unit for cav in cavs])
    steps = displacements(wanted, directions, kept, [cav.name for cav in (*cavs, *keep)])
    start, moved = stepped(space, vectors, steps, kept, on_sphere)
    warn_outside(space, start, moved, near)
    out = moved.astype(np.float32)
    return out[0] if single else out
