"""Fit concept vectors (CAVs, after Kim et al. 2018; used in ELM to move along soft attributes)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from elm._errors import CallError
from elm.cav._cav import CAV, CAVs, spread
from elm.cav._labels import Labels, labels_of
from elm.embeddings import VectorTable
from elm.metrics import auc

Method = Literal["logistic", "ridge", "difference"]
Floats = npt.NDArray[np.float64]
_Fitter = Callable[[Floats, Labels], Floats]

_HELD_OUT = 0.3
_PERMUTATIONS = 999


def fit(
    table: VectorTable,
    concepts: Mapping[str, Iterable[str] | pd.Series],
    method: Method = "logistic",
    min_positives: int = 5,
    seed: int = 0,
) -> CAVs:
    """Fit one direction a concept on the vectors of `table`.

    concepts: name -> ids of the entities that show it (the others do not), or a Series of graded scores by id (upper
    third against lower third; "ridge" uses every grade). method: "logistic" (normal of a logistic boundary), "ridge"
    (least squares on the grades), "difference" (mean with the concept minus mean without).

    Vectors are standardised by the space's mean and scale for the fit; the direction is given in raw coordinates.
    auc and accuracy come from a fit on 70 % of the entities and are measured on the other 30 %, split by `seed`;
    p_value from 999 permutations of the held-out labels. The direction itself is fitted on all.

    Raises `CallError` for too few positives or negatives, vectors that do not vary, an unknown method;
    `UnknownNameError` for ids that are not in the table.
    """
    if method not in _FITTERS:
        raise CallError(f"method must be one of {', '.join(map(repr, _FITTERS))}, got {method!r}")
    if not concepts:
        raise CallError("fit needs at least one concept, got none")
    if min_positives < 4:
        raise CallError(f"min_positives must be at least 4, so that some can be held out, got {min_positives}")
    if not np.ptp(table.vectors, axis=0).any():
        raise CallError("the vectors of the table are all the same, so no direction can be fitted")
    normal = table.space.normalise(table.vectors).astype(np.float64)
    fitted = {}
    for name, concept in concepts.items():
        labels = labels_of(table, name, concept, min_positives)
        fitted[name] = _fit_one(table, normal, name, labels, method, seed)
    return CAVs(fitted)


def _fit_one(table: VectorTable, normal: Floats, name: str, labels: Labels, method: Method, seed: int) -> CAV:
    fitter = _FITTERS[method]
    held_auc, accuracy, p_value = _held_out(normal, labels, fitter, seed)
    weights = fitter(normal[labels.rows], labels)
    # Logistic and ridge give the gradient of a score, the difference of means a displacement: they change
    # coordinates by opposite factors.
    scale = table.space.scale.astype(np.float64)
    direction = weights * scale if method == "difference" else weights / scale
    length = np.linalg.norm(direction)
    if not length > 0:
        raise CallError(f"no direction tells concept {name!r} apart: the fit is zero everywhere")
    unit_vector = (direction / length).astype(np.float32)
    centre, unit = spread(table, unit_vector, name)
    n_positive, n_negative = int((labels.label == 1).sum()), int((labels.label == 0).sum())
    return CAV(
        name, unit_vector, centre, unit, held_auc, accuracy, p_value, n_positive, n_negative, method, table.space
    )


def _held_out(normal: Floats, labels: Labels, fitter: _Fitter, seed: int) -> tuple[float, float, float]:
    """AUC, balanced accuracy and permutation p value on entities that the fit did not see."""
    from sklearn.model_selection import train_test_split

    train, test = train_test_split(
        np.arange(len(labels.rows)), test_size=_HELD_OUT, random_state=seed, stratify=labels.label
    )
    test = test[labels.label[test] >= 0]
    part = Labels(labels.rows[train], labels.grade[train], labels.label[train])
    weights = fitter(normal[part.rows], part)
    seen, scores = normal[part.rows] @ weights, normal[labels.rows[test]] @ weights
    truth = labels.label[test]
    middle = (seen[part.label == 1].mean() + seen[part.label == 0].mean()) / 2
    accuracy = ((scores[truth == 1] > middle).mean() + (scores[truth == 0] <= middle).mean()) / 2
    value = auc(scores, truth)
    return value, float(accuracy), _permutation_p(scores, truth, seed)


def _permutation_p(scores: Floats, truth: npt.NDArray[np.int64], seed: int) -> float:
    """Share of shuffled labels that separate the scores at least as well; never below 1 / 1000."""
    from scipy.stats import rankdata

    # For fixed class sizes the AUC grows with the rank sum of the positives alone.
    rng, ranks, n_positive = np.random.default_rng(seed), rankdata(scores), int(truth.sum())
    sums = np.array([rng.permutation(ranks)[:n_positive].sum() for _ in range(_PERMUTATIONS)])
    return float((1 + (sums >= ranks[truth == 1].sum()).sum()) / (1 + _PERMUTATIONS))


def _logistic(x: Floats, labels: Labels) -> Floats:
    from sklearn.linear_model import LogisticRegression

    clear = labels.label >= 0
    # Divided by the dimension, so that the prior on a score's variance is the same for short and long vectors.
    model = LogisticRegression(C=1.0 / x.shape[1], class_weight="balanced", max_iter=1000)
    return model.fit(x[clear], labels.label[clear]).coef_[0]


def _ridge(x: Floats, labels: Labels) -> Floats:
    from sklearn.linear_model import RidgeCV

    return np.asarray(RidgeCV(alphas=np.logspace(-1, 4, 11)).fit(x, labels.grade).coef_)


def _difference(x: Floats, labels: Labels) -> Floats:
    return x[labels.label == 1].mean(0) - x[labels.label == 0].mean(0)


_FITTERS: dict[str, _Fitter] = {"logistic": _logistic, "ridge": _ridge, "difference": _difference}
