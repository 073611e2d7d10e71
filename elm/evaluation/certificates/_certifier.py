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
from elm.evaluation.certificates._evidence import Evidence, Signs

TARGET, SHARE = 0.95, 0.5  # of trusted texts that are right; of entities that are trusted at least
_FOLDS, _PRIOR, _LOW = 5, 20, 0.01


@dataclass(frozen=True)
class Calibration:
    """A logistic rule on standardised signs, by plain numbers: what `Certifier.fit` found, for a file.

    threshold: the chance from which a text is trusted. rates: verdict -> share of right texts, over all tasks. tasks:
    by id the mean and spread of the signs, quantiles of SC, the mean direction of its texts, and its own rates.
    """

    claim: str
    weights: list[float]
    bias: float
    threshold: float
    least_near: float
    rates: dict[str, float]
    tasks: dict[str, dict[str, Any]] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Plain values; `from_dict` gives the same calibration back."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Calibration:
        """Raises `DataFileError` for other fields."""
        try:
            return cls(**values)
        except TypeError as error:
            raise DataFileError(
                f"a calibration of certificates has fields of its own: {error}; make it again"
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
    ) -> Certifier:
        """Learn from the model's texts by task about the same entities (n), none of them trained on.

        vectors: theirs, (n, dim). right: task -> whether each text is, (n,); claim: what that means, such as "no false
        fact". A logistic regression on five signs, standardised by task and fitted over all of them; its chances for
        entities left out of the fit set the threshold from which the trusted are right in 95 % of cases, or in which
        half of the entities are trusted, whichever trusts more. Rates that are stated come from the same chances.

        Raises `CallError` for fewer than twenty entities, or tasks without labels.
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
                "mean": mean.tolist(), "spread": spread.tolist(), "others": [round(float(x), 5) for x in others],
                "quantiles": np.quantile(found.sc, np.linspace(0, 1, 101)).round(4).tolist(),
            }  # fmt: skip
            signs[task] = found
            marks.append((raw - mean) / spread)
        labels = np.concatenate([np.asarray(right[task], dtype=bool) for task in texts])
        groups = np.tile(np.arange(len(rows)), len(texts))
        weights, bias, chances = _logistic(np.concatenate(marks), labels, groups, seed)
        threshold = _threshold(chances, labels)
        trusted = chances >= threshold
        rates = {"trust": _rate(labels[trusted]), "doubt": _rate(labels[~trusted])}
        for number, task in enumerate(texts):
            part = slice(number * len(rows), (number + 1) * len(rows))
            kept, said = labels[part], trusted[part]
            about[task]["rates"] = {
                name: _rate(kept[chosen], rates[name]) for name, chosen in (("trust", said), ("doubt", ~said))
            }
        near = np.concatenate([found.near for found in signs.values()])
        calibration = Calibration(
            claim, weights.tolist(), bias, threshold, float(np.quantile(near, _LOW)), rates, about
        )
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
        percentiles = np.searchsorted(own["quantiles"], signs.sc) / len(own["quantiles"])
        found = []
        for row, text in enumerate(texts):
            verdict: Any = "abstain" if outside[row] else "trust" if chances[row] >= known.threshold else "doubt"
            found.append(
                Certificate(
                    task, text, verdict, own["rates"].get(verdict), float(chances[row]), known.claim,
                    float(signs.sc[row]), float(percentiles[row]), float(signs.nearest[row]), float(signs.others[row]),
                    float(signs.near[row]), signs.against[row], None if signs.bc is None else float(signs.bc[row]),
                )
            )  # fmt: skip
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


def _threshold(chances: Floats, labels: Flags) -> float:
    """The lowest chance whose texts and all above are right often enough; at most the median."""
    order = np.argsort(-chances, kind="stable")
    right = np.cumsum(labels[order]) / np.arange(1, len(labels) + 1)
    enough = np.flatnonzero(right >= TARGET)
    most = int(enough[-1]) if len(enough) else 0
    place = max(most, int(np.ceil(SHARE * len(labels))) - 1)
    return float(chances[order[place]]) - 1e-9  # the same chance, computed in another order, passes too


def _rate(labels: Flags, prior: float | None = None) -> float:
    """The share that is right, pulled towards a prior (half, by two more texts) where few are known."""
    if prior is None:
        return float((labels.sum() + 1) / (len(labels) + 2))
    return float((labels.sum() + _PRIOR * prior) / (len(labels) + _PRIOR))
