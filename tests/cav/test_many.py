"""Concepts on plain arrays: the batched fit is scikit-learn's, and one concept is a scikit-learn classifier."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.utils.estimator_checks import check_estimator

from elm._errors import CallError
from elm.cav import ConceptClassifier, fit, fit_many
from elm.embeddings import EmbeddingSpace, VectorTable

needs_jax = pytest.mark.skipif(
    importlib.util.find_spec("jax") is None, reason="the batched engine is an extra: pip install 'elm-toolkit[jax]'"
)


def problem(n: int = 300, dim: int = 8, concepts: int = 12, seed: int = 0, noise: float = 1.0):
    """Correlated columns with other means and scales; concepts that a tenth to a half of the rows show."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, dim)) @ rng.normal(size=(dim, dim)) / np.sqrt(dim) + rng.normal(size=dim)
    scores = x @ rng.normal(size=(dim, concepts)) + noise * rng.logistic(size=(n, concepts))
    return x, (scores > np.quantile(scores, np.linspace(0.5, 0.9, concepts), axis=0).diagonal()).astype(np.int8)


def reference(x, y, l2):
    """scikit-learn, one by one, at its converged optimum; NaN takes no part."""
    models = []
    for column in y.T:
        rows = ~np.isnan(column.astype(float))
        model = LogisticRegression(C=1 / l2, class_weight="balanced", solver="newton-cholesky", tol=1e-8, max_iter=500)
        models.append(model.fit(x[rows], column[rows].astype(int)))
    return np.array([m.coef_[0] for m in models]), np.array([m.intercept_[0] for m in models])


@needs_jax
@pytest.mark.parametrize("l2", [0.5, 8.0, 500.0])
def test_the_batch_gives_scikit_learns_logistic_regression(l2: float) -> None:
    x, y = problem()
    coef, intercept = reference(x, y, l2)
    for engine in ("jax", "sklearn"):
        fits = fit_many(x, y, l2=l2, engine=engine)
        assert np.abs(fits.coef - coef).max() < 1e-3, engine
        assert np.abs(fits.intercept - intercept).max() < 1e-3, engine


@needs_jax
def test_rare_wide_and_separable_concepts_are_fitted_exactly_too() -> None:
    """Fewer rows than columns, 5 positives, no noise; where the batch gives up, scikit-learn takes over."""
    x, _ = problem(n=60, dim=80)
    y = np.zeros((60, 3), dtype=np.int8)
    for column in range(3):
        y[np.argsort(x[:, column])[-5 - column :], column] = 1
    for l2 in (0.01, 1.0, 80.0):
        coef, intercept = reference(x, y, l2)
        fits = fit_many(x, y, l2=l2, engine="jax")
        assert np.abs(fits.coef - coef).max() < 1e-3, l2
        assert np.abs(fits.intercept - intercept).max() < 1e-3, l2


@needs_jax
@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10**6), missing=st.floats(0, 0.6), l2=st.sampled_from([1.0, 8.0, 60.0]))
def test_any_concept_may_be_known_on_other_rows(seed: int, missing: float, l2: float) -> None:
    x, y = problem(seed=seed)
    known = np.random.default_rng(seed + 1).random(y.shape) >= missing
    partly = np.where(known, y, np.nan)
    coef, intercept = reference(x, partly, l2)
    fits = fit_many(x, partly, l2=l2, engine="jax")
    assert np.abs(fits.coef - coef).max() < 1e-3
    assert np.abs(fits.intercept - intercept).max() < 1e-3


@needs_jax
def test_each_concept_may_have_its_own_penalty_and_blocks_do_not_matter() -> None:
    x, y = problem(concepts=12)
    many = np.tile(y, (1, 12))  # 144 concepts: more than one block, the last one partly filled
    penalties = np.repeat([1.0, 4.0, 16.0], 48)
    fits = fit_many(x, many, l2=penalties, engine="jax")
    for penalty in (1.0, 4.0, 16.0):  # each stops at another step, among others that go on
        coef, intercept = (np.concatenate([found] * 4) for found in reference(x, y, penalty))
        assert np.abs(fits.coef[penalties == penalty] - coef).max() < 1e-3, penalty
        assert np.abs(fits.intercept[penalties == penalty] - intercept).max() < 1e-3, penalty


@needs_jax
def test_both_engines_give_the_same_concept_vectors() -> None:
    x, y = problem(n=400)
    table = VectorTable([str(i) for i in range(400)], x, EmbeddingSpace.fit("toy", x, "dot", {}, "f"))
    concepts = {f"c{i}": [str(row) for row in np.flatnonzero(column)] for i, column in enumerate(y.T)}
    batch, single = (fit(table, concepts, engine=engine, l2=[1.0, 8.0]) for engine in ("jax", "sklearn"))  # type: ignore[arg-type]
    for name, cav in batch.items():
        assert cav.direction == pytest.approx(single[name].direction, abs=1e-3)
        assert cav.auc == pytest.approx(single[name].auc, abs=1e-3)
        assert (cav.l2, cav.n_positive) == (single[name].l2, single[name].n_positive)


def test_ridge_is_scikit_learns_and_takes_grades() -> None:
    x, y = problem()
    grades = x @ np.random.default_rng(3).normal(size=(8, 12)) + y
    grades[::7, 3] = np.nan
    for target in (y, grades):
        fits = fit_many(x, target, "ridge", l2=5.0)
        for i, column in enumerate(target.T):
            rows = ~np.isnan(column.astype(float))
            model = Ridge(alpha=5.0).fit(x[rows], column[rows])
            assert fits.coef[i] == pytest.approx(model.coef_, abs=1e-4)
            assert fits.intercept[i] == pytest.approx(model.intercept_, abs=1e-4)


def test_difference_is_the_difference_of_means() -> None:
    x, y = problem()
    fits = fit_many(x, y, "difference")
    for i, column in enumerate(y.T):
        means = x[column == 1].mean(0), x[column == 0].mean(0)
        assert fits.coef[i] == pytest.approx(means[0] - means[1], abs=1e-5)
        assert fits.coef[i] @ (means[0] + means[1]) / 2 + fits.intercept[i] == pytest.approx(0, abs=1e-4)


def test_ranking_orders_grades_that_a_boundary_cannot_see() -> None:
    """The order within the positives is told by the second column alone."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(400, 5))
    grade = np.where(x[:, 0] > 0, 1 + (x[:, 1] > 0), 0).astype(float)
    ranking = fit_many(x, grade[:, None], "ranking", l2=1.0).coef[0]
    logistic = fit_many(x, (grade > 0)[:, None], l2=1.0, engine="sklearn").coef[0]
    assert ranking[1] / ranking[0] > 0.2
    assert abs(logistic[1] / logistic[0]) < 0.1
    again, other = (fit_many(x, grade[:, None], "ranking", l2=1.0, seed=seed).coef[0] for seed in (0, 1))
    assert (again == ranking).all()
    assert other == pytest.approx(ranking, abs=0.2)
    assert not (other == ranking).all()


@pytest.mark.parametrize("method", ["logistic", "ridge", "difference", "ranking"])
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
def test_one_concept_is_a_scikit_learn_classifier(method: str) -> None:
    """Every check; the one for other array libraries skips itself, since it needs an opt-in of scikit-learn."""
    results = check_estimator(ConceptClassifier(method), on_fail=None)
    assert {r["check_name"] for r in results if r["status"] == "failed"} == set()
    assert {r["check_name"] for r in results if r["status"] == "skipped"} <= {"check_array_api_input"}
    assert len(results) > 40


def test_the_classifier_and_the_batch_are_one_fit() -> None:
    x, y = problem()
    words = np.where(y[:, 0] == 1, "yes", "no")
    for method in ("logistic", "difference", "ranking"):
        model, fits = ConceptClassifier(method, l2=3.0).fit(x, words), fit_many(x, y[:, :1], method, l2=3.0)
        assert model.coef_[0] == pytest.approx(fits.coef[0], abs=1e-9)
        assert model.intercept_ == pytest.approx(fits.intercept, abs=1e-9)
        assert model.classes_.tolist() == ["no", "yes"]
        assert model.score(x, words) > 0.7
    assert ConceptClassifier("ridge").fit(x, words).score(x, words) > 0.7


def test_bad_arrays() -> None:
    x, y = problem()
    cases = [
        ((x[:, 0], y), r"x must have shape \(n, d\) and y \(n, C\)"),
        ((x[:-1], y), r"got \(299, 8\) and \(300, 12\)"),
        ((np.where(x > 1, np.nan, x), y), "x must be finite"),
        ((x, y * 1.5), "y must be 0, 1 or NaN for method 'logistic'"),
        ((x, np.where(y == 1, np.inf, 0)), "it holds infinity"),
        ((x, y.astype(str)), "y must hold numbers"),
        ((x, np.ones_like(y)), "column 0 has none without it"),
        ((x, np.zeros_like(y)), "column 0 has none with it"),
        ((x, y, "svm"), "'ranking', got 'svm'"),
        ((x, y, "logistic", 0.0), "l2 must be a positive number"),
        ((x, y, "logistic", [1.0, 2.0]), "one for each of 12 concepts"),
        ((x, y, "logistic", 1.0, "torch"), "engine must be one of 'auto', 'jax', 'sklearn', got 'torch'"),
    ]
    for arguments, message in cases:
        with pytest.raises(CallError, match=message):
            fit_many(*arguments)
    with pytest.raises(CallError, match="two classes"):
        ConceptClassifier().fit(x, np.ones(len(x)))


def test_without_jax_the_batch_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    x, y = problem(n=80, concepts=40)
    real = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *rest: None if name == "jax" else real(name, *rest))
    with pytest.raises(CallError, match=r'pip install "elm-toolkit\[jax\]"'):
        fit_many(x, y, engine="jax")
    assert fit_many(x, y).coef.shape == (40, 8)  # "auto" goes on with scikit-learn
