"""Concept vectors: planted directions are found, moves have the promised size, chance is called chance."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from elm._errors import CallError, UnknownNameError, VectorError
from elm.cav import CAV, CAVs, fit
from elm.embeddings import EmbeddingSpace, VectorTable

METHODS = ["logistic", "ridge", "difference", "ranking"]


def make_table(metric: str = "dot", n: int = 400, dim: int = 12, seed: int = 0) -> tuple[VectorTable, np.ndarray]:
    """Noise with uneven spread, plus a planted unit direction along which entities spread by 2."""
    rng = np.random.default_rng(seed)
    planted = rng.normal(size=dim)
    planted /= np.linalg.norm(planted)
    amount = rng.normal(size=n)
    vectors = rng.normal(size=(n, dim)) * 0.5 + 2 * amount[:, None] * planted + 3
    if metric == "cosine":
        vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    space = EmbeddingSpace.fit("toy", vectors, metric, {}, "f")  # type: ignore[arg-type]
    return VectorTable([str(i) for i in range(n)], vectors, space), amount


@pytest.fixture(scope="module")
def table() -> VectorTable:
    return make_table()[0]


@pytest.fixture(scope="module")
def amount() -> np.ndarray:
    return make_table()[1]


@pytest.fixture(scope="module")
def planted() -> np.ndarray:
    rng = np.random.default_rng(0)
    planted = rng.normal(size=12)
    return planted / np.linalg.norm(planted)


def positives(amount: np.ndarray) -> list[str]:
    return [str(i) for i in np.flatnonzero(amount > 0.5)]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("graded", [False, True])
def test_a_planted_concept_is_found(table, amount, planted, method, graded: bool) -> None:
    concept = pd.Series(amount, index=table.ids) if graded else positives(amount)
    cav = fit(table, {"warm": concept}, method=method)["warm"]
    assert np.linalg.norm(cav.direction) == pytest.approx(1, abs=1e-5)
    assert cav.direction @ planted > (0.9 if graded else 0.8)
    assert cav.auc > 0.95
    assert cav.accuracy > 0.85
    assert cav.p_value < 1e-9
    assert np.corrcoef(cav.score(table.vectors), amount)[0, 1] > 0.95
    expected = (134, 134) if graded else (len(positives(amount)), 400 - len(positives(amount)))
    assert (cav.n_positive, cav.n_negative) == expected


@pytest.mark.parametrize("method", METHODS)
def test_labels_without_meaning_are_chance(table, method) -> None:
    rng = np.random.default_rng(5)
    noise = {f"noise {i}": rng.choice(table.ids, 100, replace=False) for i in range(20)}
    report = fit(table, noise, method=method).report()
    assert report["auc"].mean() == pytest.approx(0.5, abs=0.05)
    assert (report["p_value"] < 0.05).sum() <= 4
    assert (report["p_holm"] >= report["p_value"]).all()
    assert report["p_holm"].min() > 0.01


def test_scores_are_standardised_and_moves_count_in_that_unit(table, amount) -> None:
    cav = fit(table, {"warm": positives(amount)})["warm"]
    scores = cav.score(table.vectors)
    assert (scores.mean(), scores.std()) == pytest.approx((0, 1), abs=1e-5)
    assert cav.score(cav.move(table.vectors, 0.7)) == pytest.approx(scores + 0.7, abs=1e-4)
    assert cav.move(table["3"], 0) == pytest.approx(table["3"], abs=1e-6)
    assert cav.move(cav.move(table["3"], 2), -2) == pytest.approx(table["3"], abs=1e-5)


def test_shapes_of_moves(table, amount) -> None:
    cav = fit(table, {"warm": positives(amount)})["warm"]
    assert cav.move(table["3"], 1).shape == (12,)
    assert cav.move(table.vectors[:5], 1).shape == (5, 12)
    line = cav.move(table["3"], [-1, 0, 1])
    assert line.shape == (3, 12)
    assert line[2] == pytest.approx(cav.move(table["3"], 1))
    assert cav.move(table.vectors[:3], [-1, 0, 1])[1] == pytest.approx(table.vectors[1])
    assert np.ndim(cav.score(table["3"])) == 0


def test_on_the_sphere_a_move_keeps_the_length_and_raises_the_score() -> None:
    table, amount = make_table("cosine")
    cav = fit(table, {"warm": positives(amount)})["warm"]
    moved = cav.move(table.vectors * 2, [0.5] * len(table))
    assert np.linalg.norm(moved, axis=1) == pytest.approx(np.full(len(table), 2), abs=1e-4)
    along = [cav.score(cav.move(table.vectors, step)).mean() for step in (-2, -1, 0, 1, 2)]
    assert (np.diff(along) > 0.5).all()
    with pytest.raises(VectorError, match="through the centre of the sphere"):
        replace(cav, unit=1.0).move(-cav.direction, 1.0)


def test_a_concept_is_measured_on_another_table_of_the_space(table, amount) -> None:
    cav = fit(table, {"warm": positives(amount)})["warm"]
    wide = VectorTable(table.ids, table.vectors * 3, EmbeddingSpace.fit("toy", table.vectors * 3, "dot", {}, "f"))
    assert cav.measured_on(wide).unit == pytest.approx(3 * cav.unit, rel=1e-4)
    assert (cav.measured_on(wide).direction == cav.direction).all()
    with pytest.raises(CallError, match="not in the table's"):
        cav.measured_on(VectorTable(table.ids, table.vectors, replace(table.space, fingerprint="other")))


def test_a_seed_reproduces_and_standardising_is_from_the_space(table, amount) -> None:
    first, again = (fit(table, {"warm": positives(amount)}, seed=3)["warm"] for _ in range(2))
    assert (first.direction == again.direction).all()
    assert (first.auc, first.p_value) == (again.auc, again.p_value)


def test_the_direction_survives_a_change_of_units(table, amount) -> None:
    """Metres or feet in one dimension: the scores, and so the ranking of entities, must not change."""
    stretch = np.where(np.arange(12) == 4, 100.0, 1.0)
    vectors = table.vectors * stretch
    other = VectorTable(table.ids, vectors, EmbeddingSpace.fit("feet", vectors, "dot", {}, "g"))
    for method in ("logistic", "ridge"):
        plain, stretched = (fit(t, {"w": positives(amount)}, method=method)["w"] for t in (table, other))
        assert stretched.score(vectors) == pytest.approx(plain.score(table.vectors), abs=1e-2)


def test_grades_with_many_ties() -> None:
    table, amount = make_table(n=100)
    order = np.argsort(-amount)
    mostly_zero = pd.Series(0.0, index=table.ids)
    mostly_zero.iloc[order[:10]] = 1.0
    mostly_one = 1 - mostly_zero
    assert (fit(table, {"c": mostly_zero})["c"].n_positive, fit(table, {"c": mostly_one})["c"].n_positive) == (10, 90)
    three = pd.Series(np.repeat([0.0, 1.0, 2.0], [45, 45, 10]), index=[table.ids[i] for i in order[::-1]])
    cav = fit(table, {"c": three})["c"]
    assert (cav.n_positive, cav.n_negative) == (55, 45)


def test_bad_concepts(table, amount) -> None:
    ids = table.ids
    cases = [
        (["1", "2"], CallError, "needs at least 5 entities with it and 5 without it in the table, got 2 and 398"),
        (ids, CallError, "got 400 and 0"),
        (["0", "nobody"], UnknownNameError, "unknown id 'nobody'"),
        ("12", CallError, "got one string"),
        (pd.Series(1.0, index=ids), CallError, "needs at least 5"),
        (pd.Series(dtype=float), CallError, "needs at least 5"),
        (pd.Series([1.0, np.nan], index=ids[:2]), CallError, "must be finite"),
        (pd.Series([1.0, -np.inf], index=ids[:2]), CallError, "must be finite"),
        (pd.Series([1.0, 2.0], index=["1", "1"]), CallError, "more than once"),
        (pd.Series(["a", "b"], index=ids[:2]), CallError, "must be numbers"),
    ]
    for concept, error, message in cases:
        with pytest.raises(error, match=message):
            fit(table, {"c": concept})


def test_bad_calls(table, amount) -> None:
    good = {"warm": positives(amount)}
    with pytest.raises(CallError, match="'logistic', 'ridge', 'difference', 'ranking', got 'svm'"):
        fit(table, good, method="svm")  # type: ignore[arg-type]
    with pytest.raises(CallError, match="at least one concept"):
        fit(table, {})
    with pytest.raises(CallError, match="at least 4"):
        fit(table, good, min_positives=1)
    same = VectorTable(table.ids, np.ones((400, 12)), table.space)
    with pytest.raises(CallError, match="all the same"):
        fit(same, good)
    cavs = fit(table, good)
    for amount_ in (np.inf, np.nan, [0.0, np.nan]):
        with pytest.raises(CallError, match="finite number"):
            cavs["warm"].move(table.vectors[:2], amount_)
    with pytest.raises(CallError, match="3 vectors need one amount or 3 of them, got 2"):
        cavs["warm"].move(table.vectors[:3], [1, 2])
    with pytest.raises(VectorError, match="have 12 numbers, got 3"):
        cavs["warm"].move(np.zeros(3), 1)
    with pytest.raises(UnknownNameError, match="unknown concept 'worm'; did you mean 'warm'"):
        cavs["worm"]


def test_cavs_is_a_mapping(table, amount) -> None:
    cavs = fit(table, {"warm": positives(amount), "cold": [str(i) for i in np.flatnonzero(amount < -0.5)]})
    assert isinstance(cavs, CAVs)
    assert list(cavs) == ["warm", "cold"]
    assert "warm" in cavs
    assert "tepid" not in cavs
    assert all(isinstance(cav, CAV) for cav in cavs.values())
    assert cavs["warm"].direction @ cavs["cold"].direction < -0.8
    assert cavs.report().index.tolist() == ["warm", "cold"]
