"""Concepts on plain arrays: one as a scikit-learn classifier, or thousands on one matrix in one call."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassifierMixin

from elm._errors import CallError
from elm._typing import Floats
from elm.cav._labels import Labels, graded
from elm.cav._solve import Engine, Method, check_choice, solve


class ConceptClassifier(ClassifierMixin, BaseEstimator):
    """One concept as a scikit-learn classifier: its weights are the direction, its decision function the score.

    method: "logistic", "ridge", "difference" or "ranking", as in `elm.cav.fit`, which solves the same way. l2: weight
    of |w|^2 / 2 against the summed loss; None takes the number of features. seed: of the pairs of "ranking".

    After `fit`: classes_ (2,), of which the second counts as showing the concept; coef_ (1, d), intercept_ (1,).
    Raises `CallError` (a ValueError) where y has not exactly two classes.

    >>> ConceptClassifier().fit([[0.0, 1.0], [0.1, 0.0], [1.0, 1.0], [0.9, 0.0]], [0, 0, 1, 1]).predict([[0.8, 5.0]])
    array([1])
    """

    classes_: npt.NDArray[Any]
    coef_: Floats
    intercept_: Floats

    def __init__(self, method: Method = "logistic", l2: float | None = None, seed: int = 0) -> None:
        self.method = method
        self.l2 = l2
        self.seed = seed

    def fit(self, X: npt.ArrayLike, y: npt.ArrayLike) -> ConceptClassifier:
        """X (n, d) finite numbers, y (n,) of two classes."""
        from sklearn.utils.multiclass import check_classification_targets, type_of_target
        from sklearn.utils.validation import validate_data

        check_choice(self.method, "auto")
        rows, target = validate_data(self, X, y, dtype=np.float64)
        check_classification_targets(target)
        self.classes_, label = np.unique(target, return_inverse=True)
        if len(self.classes_) > 2:
            kind = type_of_target(target, input_name="y")
            raise CallError(f"Only binary classification is supported. The type of the target is {kind}.")
        if len(self.classes_) < 2:
            raise CallError(f"a concept needs two classes, with it and without it, got one class: {self.classes_[0]!r}")
        labels = Labels(label[None].astype(np.int8))
        penalty = _penalties(self.l2, rows.shape[1], 1)
        self.coef_, self.intercept_ = solve(rows, labels, self.method, penalty, "sklearn", self.seed)
        if self.method == "ridge":  # a regression on 0 and 1: the boundary lies at one half
            self.intercept_ = self.intercept_ - 0.5
        return self

    def decision_function(self, X: npt.ArrayLike) -> Floats:
        """(n, d) -> (n,) scores, above 0 where the second class is nearer."""
        from sklearn.utils.validation import check_is_fitted, validate_data

        check_is_fitted(self)
        result: Floats = validate_data(self, X, reset=False, dtype=np.float64) @ self.coef_[0] + self.intercept_[0]
        return result

    def predict(self, X: npt.ArrayLike) -> npt.NDArray[Any]:
        """(n, d) -> (n,) classes."""
        scores = self.decision_function(X)
        result: npt.NDArray[Any] = self.classes_[(scores > 0).astype(int)]
        return result

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        return tags


class ManyFits(NamedTuple):
    """coef (C, d) and intercept (C,) of C concepts."""

    coef: Floats
    intercept: Floats


def fit_many(
    x: npt.ArrayLike,
    y: npt.ArrayLike,
    method: Method = "logistic",
    l2: npt.ArrayLike | None = None,
    engine: Engine = "auto",
    seed: int = 0,
) -> ManyFits:
    """Fit C concepts on one matrix x (n, d) at once: y (n, C), 1 with the concept, 0 without, NaN takes no part.

    "ridge" and "ranking" take any grades. The coefficients are those of scikit-learn's LogisticRegression(C=1 / l2,
    class_weight="balanced") and Ridge(alpha=l2), to 1e-3 on standardised data. l2: one, or one for each concept (C,);
    None takes d. engine: "jax" fits all logistic concepts together, "sklearn" one after another, "auto" the faster.

    Raises `CallError` for arrays that do not fit together or are not finite, or a concept with one class.

    >>> fit_many([[0.0], [1.0], [2.0], [3.0]], [[0, 1], [0, 1], [1, 0], [1, 0]], "difference").coef
    array([[ 2.],
           [-2.]])
    """
    check_choice(method, engine)
    rows, target = np.asarray(x, dtype=np.float64), np.asarray(y)
    if rows.ndim != 2 or target.ndim != 2 or len(rows) != len(target) or 0 in (*rows.shape, *target.shape):
        raise CallError(f"x must have shape (n, d) and y (n, C), got {rows.shape} and {target.shape}")
    if not np.isfinite(rows).all():
        raise CallError("x must be finite, but it holds NaN or infinity; drop those rows")
    labels = _labels(target, method)
    for side, words in ((1, "with"), (0, "without")):
        lacking = np.flatnonzero(~(labels.label == side).any(1))
        if lacking.size:
            raise CallError(f"every concept needs rows with and without it, column {lacking[0]} has none {words} it")
    return ManyFits(*solve(rows, labels, method, _penalties(l2, rows.shape[1], len(labels)), engine, seed))


def _labels(target: npt.NDArray[Any], method: Method) -> Labels:
    if target.dtype.kind not in "biuf":
        raise CallError(f"y must hold numbers, got {target.dtype}")
    whole = target.dtype.kind != "f"
    if np.isinf(target).any():
        raise CallError("y must be finite, or NaN where an entity takes no part; it holds infinity")
    binary = bool(((target == 0) | (target == 1) | (target != target)).all())
    if binary:
        label = target if whole else np.where(np.isnan(target), -1, target)
        return Labels(np.ascontiguousarray(label.T.astype(np.int8)))
    if method not in ("ridge", "ranking"):
        raise CallError(f"y must be 0, 1 or NaN for method {method!r}; 'ridge' and 'ranking' take grades")
    grade = target.T.astype(np.float64)
    return Labels(np.stack([graded(one).label for one in grade]), grade.astype(np.float32))


def _penalties(l2: npt.ArrayLike | None, dim: int, count: int) -> Floats:
    values = np.asarray(dim if l2 is None else l2, dtype=np.float64)
    if values.shape not in ((), (count,)) or not (np.isfinite(values) & (values > 0)).all():
        raise CallError(f"l2 must be a positive number, or one for each of {count} concepts, got {l2!r}")
    return np.broadcast_to(values, (count,)).copy()
