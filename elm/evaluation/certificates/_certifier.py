"""Verdicts that keep what they state: a rule on the signs of a text, fitted on entities of a third split."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from elm._errors import CallError, DataFileError
from elm._typing import Flags, Floats, Integers
from elm.evaluation._protocols import Describer, written
from elm.evaluation.certificates._certificate import Certificate
from elm.evaluation.certificates._earned import LEAST, earned
from elm.evaluation.certificates._evidence import Evidence, Signs

_FOLDS, _PRIOR, _LOW = 5, 20, 0.01


@dataclass(frozen=True)
class Calibration:
    """A logistic rule on standardised signs, by plain numbers: what `Certifier.fit` found, for a file.

    least: the rate that trust asks for. rates: verdict -> share of right texts, over all tasks. tasks: by id the mean
    and spread of the signs, quantiles of SC, the mean direction of its texts, its own rates, the chance from which its
    texts are trusted (None: never), and the lower bound of their rate.
    """

    claim: str
    weights: list[float]
    bias: float
    least: float
    least_near: float
    rates: dict[str, float]
    tasks: dict[str, dict[str, Any]] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Plain values; `from_dict` gives the same calibration back."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Calibration:
        """Raises `DataFileError` for other fields, such as those of an older version, whose trust was not earned."""
        try:
            return cls(**values)
        except TypeError as error:
            raise DataFileError(
                f"a calibration of certificates has fields of its own: {error}; calibrate again, by "
                "`elm describe --certify` with the run"
            ) from error

    def chances(self, signs: Signs, task: str) -> Floats:
        """The chance of each text (n) to be right."""
        own = self.tasks[task]
        standard = (signs.matrix() - np.array(own["mean"])) / np.array(own["spread"])
        result: Floats = 1 / (1 + np.exp(-(standard @ np.array(self.weights) + self.bias)))
        return result


class Certifier:
    """Gives texts certificates. Made by `fit`, or from `Evidence` and a `Calibration` that was kept."""

    def __init__(self, evidence: Evidence, calibration: Calibration) -> None:
        self.evidence, self.calibration = evidence, calibration

    @classmethod
    def fit(
        cls,
        evidence: Evidence,
        texts: Mapping[str, Sequence[str]],
        vectors: npt.ArrayLike,
        right: Mapping[str, npt.ArrayLike],
        claim: str,
        seed: int = 0,
        least: float = LEAST,
    ) -> Certifier:
        """Learn from the model's texts by task about the same entities (n), none of them trained on.

        vectors: theirs, (n, dim). right: task -> whether each text is, (n,); claim: what that means, such as "no false
        fact". least: the rate that trust asks for. A logistic regression on the signs, standardised by task and fitted
        over all of them, gives chances for entities left out of the fit; by these a task's texts are trusted as far
        down as they earn it (`earned`), or not at all. Rates that are stated come from the same chances.

        Raises `CallError` for fewer than twenty entities, tasks without labels, or a rate that cannot be.
        """
        rows = np.atleast_2d(np.asarray(vectors, dtype=np.float32))
        if len(rows) < 20 or set(texts) != set(right) or not texts:
            raise CallError(
                f"certificates are calibrated on twenty entities or more, with a label for each text; got {len(rows)} "
                f"entities, texts of {len(texts)} tasks and labels of {len(right)}"
            )
        marks, about, signs = [], {}, {}
        for task, own in texts.items():
            others = evidence.mean_direction(own)
            found = evidence.signs(own, rows, task, others)
            raw = found.matrix()
            mean, spread = raw.mean(0), np.where(raw.std(0) > 1e-6, raw.std(0), 1.0)
            about[task] = {
                "mean": mean.tolist(),
                "spread": spread.tolist(),
                "others": [round(float(x), 5) for x in others],
                "quantiles": np.quantile(found.sc, np.linspace(0, 1, 101)).round(4).tolist(),
            }
            signs[task] = found
            marks.append((raw - mean) / spread)
        labels = np.concatenate([np.asarray(right[task], dtype=bool) for task in texts])
        groups = np.tile(np.arange(len(rows)), len(texts))
        weights, bias, chances = _logistic(np.concatenate(marks), labels, groups, seed)
        parts = {task: slice(number * len(rows), (number + 1) * len(rows)) for number, task in enumerate(texts)}
        trusted = np.zeros(len(labels), dtype=bool)
        for task, part in parts.items():
            refuted = signs[task].refuted
            cut = earned(chances[part], refuted, labels[part], least)
            about[task] |= {"trusted_from": cut.chance, "bound": cut.bound}
            trusted[part] = _trusted(chances[part], refuted, cut.chance)
        rates = {"trust": _rate(labels[trusted]), "doubt": _rate(labels[~trusted])}
        for task, part in parts.items():
            kept, said = labels[part], trusted[part]
            about[task]["rates"] = {
                name: _rate(kept[chosen], rates[name]) for name, chosen in (("trust", said), ("doubt", ~said))
            }
        near = np.concatenate([found.near for found in signs.values()])
        calibration = Calibration(claim, weights.tolist(), bias, least, float(np.quantile(near, _LOW)), rates, about)
        return cls(evidence, calibration)

    def certificates(self, texts: Sequence[str], vectors: npt.ArrayLike, task: str) -> list[Certificate]:
        """Certificates of texts (n) that a model wrote about vectors (n, dim).

        Raises `CallError` for a task that it was not calibrated for, `VectorError` for vectors of another space.
        """
        known = self.calibration
        if task not in known.tasks:
            raise CallError(
                f"certificates were calibrated for {', '.join(known.tasks)}, and not for {task!r}: fit one on it"
            )
        own = known.tasks[task]
        signs = self.evidence.signs(texts, vectors, task, own["others"])
        chances = known.chances(signs, task)
        outside = signs.outside | (signs.near < known.least_near)
        trusted = _trusted(chances, signs.refuted, own["trusted_from"])
        percentiles = np.searchsorted(own["quantiles"], signs.sc) / len(own["quantiles"])
        found = []
        for row, text in enumerate(texts):
            verdict: Any = "abstain" if outside[row] else "trust" if trusted[row] else "doubt"
            found.append(
                Certificate(
                    task,
                    text,
                    verdict,
                    own["rates"].get(verdict),
                    float(chances[row]),
                    known.claim,
                    float(signs.sc[row]),
                    float(percentiles[row]),
                    float(signs.nearest[row]),
                    float(signs.others[row]),
                    float(signs.near[row]),
                    signs.against[row],
                    None if signs.bc is None else float(signs.bc[row]),
                    known.least,
                )
            )
        return found


def certify(model: Describer, vectors: npt.ArrayLike, task: str, certifier: Certifier, *, seed: int = 0) -> Any:
    """The model's text of a task about a vector (dim,) with its certificate; a list of n for (n, dim).

    Raises what `Certifier.certificates` and the model raise.
    """
    rows = np.asarray(vectors, dtype=np.float32)
    texts = written(model, np.atleast_2d(rows), task, seed)
    found = certifier.certificates(texts, np.atleast_2d(rows), task)
    return found[0] if rows.ndim == 1 else found


def _logistic(marks: Floats, labels: Flags, groups: Integers, seed: int) -> tuple[Floats, float, Floats]:
    """Weights, bias, and the chances of rows whose entity was left out of the fit."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GroupKFold, cross_val_predict

    if labels.all() or not labels.any():
        rate = _rate(labels)
        return np.zeros(marks.shape[1]), float(np.log(rate / (1 - rate))), np.full(len(labels), rate)
    folds = GroupKFold(_FOLDS, shuffle=True, random_state=seed)
    rule = LogisticRegression()
    try:
        chances = cross_val_predict(rule, marks, labels, groups=groups, cv=folds, method="predict_proba")[:, 1]
    except ValueError:  # a fold without one of the labels: too few of them to leave any out
        chances = rule.fit(marks, labels).predict_proba(marks)[:, 1]
    rule.fit(marks, labels)
    return rule.coef_[0], float(rule.intercept_[0]), chances


def _trusted(chances: Floats, refuted: Flags, begins: float | None) -> Flags:
    """Which texts are trusted; the same chance, computed in another order, passes too."""
    return np.zeros(len(chances), dtype=bool) if begins is None else (chances >= begins - 1e-9) & ~refuted


def _rate(labels: Flags, prior: float | None = None) -> float:
    """The share that is right, pulled towards a prior (half, by two more texts) where few are known."""
    if prior is None:
        return float((labels.sum() + 1) / (len(labels) + 2))
    return float((labels.sum() + _PRIOR * prior) / (len(labels) + _PRIOR))
