"""Evidence tells planted concepts from chance: exact p values, random concepts, halves, popularity, copies, senses."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import kstest

from elm._errors import CallError, UnknownNameError
from elm.cav import CAVs, Fitting, evidence, fit, own_against_common
from elm.cav._held_out import auc_and_p, held_out
from elm.cav._labels import Labels, first_copies
from elm.embeddings import EmbeddingSpace, VectorTable
from elm.metrics import auc


def table_of(vectors: np.ndarray) -> VectorTable:
    space = EmbeddingSpace.fit("toy", vectors, "dot", {}, "f")
    return VectorTable([str(i) for i in range(len(vectors))], vectors, space)


@pytest.fixture(scope="module")
def table() -> VectorTable:
    return table_of(np.random.default_rng(0).normal(size=(400, 10)))


@pytest.fixture(scope="module")
def concepts(table: VectorTable) -> dict[str, list[str]]:
    """Two planted concepts that share a coordinate, and one without meaning."""
    x, rng = table.vectors, np.random.default_rng(1)
    return {
        "warm": [str(i) for i in np.flatnonzero(x[:, 0] + x[:, 1] > 0.5)],
        "bright": [str(i) for i in np.flatnonzero(x[:, 1] + x[:, 2] > 0.5)],
        "chance": [str(i) for i in rng.choice(400, 150, replace=False)],
    }


def test_the_p_value_is_that_of_all_permutations() -> None:
    rng = np.random.default_rng(0)
    for _ in range(5):
        scores, positives = rng.normal(size=9), 4
        value, p_value = auc_and_p(scores[:positives], scores[positives:])
        labels = np.arange(9) < positives
        assert value == pytest.approx(auc(scores, labels.astype(int)))
        every = [auc(scores, np.isin(np.arange(9), chosen).astype(int)) for chosen in combinations(range(9), positives)]
        assert p_value == pytest.approx(np.mean(np.array(every) >= value - 1e-12))
    assert auc_and_p(np.ones(20), np.ones(30)) == (0.5, pytest.approx(1, abs=0.01))
    assert auc_and_p(np.arange(100.0) + 200, np.arange(200.0))[1] < 1e-30  # finer than any number of draws


def test_labels_without_meaning_have_uniform_p_values(table: VectorTable) -> None:
    rng = np.random.default_rng(3)
    null = {f"{i}": rng.choice(table.ids, rng.integers(30, 200), replace=False) for i in range(300)}
    report = fit(table, null, method="difference").report()
    assert kstest(report["p_value"], "uniform").pvalue > 0.01
    assert (report["p_value"] < 0.05).mean() < 0.09
    assert (report["p_fdr"] < 0.05).sum() == 0
    assert (report["p_holm"] >= report["p_fdr"] - 1e-12).all()


def test_false_discoveries_are_a_bounded_share(table: VectorTable) -> None:
    """30 true concepts among 200: nearly all found, and few others with them."""
    rng = np.random.default_rng(4)
    real = {f"real {i}": np.array(table.ids)[table.vectors @ rng.normal(size=10) > 1] for i in range(30)}
    null = {f"null {i}": rng.choice(table.ids, 80, replace=False) for i in range(170)}
    report = fit(table, real | null, method="difference").report()
    found = report.index[report["p_fdr"] < 0.05]
    assert sum(name.startswith("real") for name in found) >= 29
    assert sum(name.startswith("null") for name in found) <= 5


def test_evidence_stands_beside_its_controls(table: VectorTable, concepts: dict[str, list[str]]) -> None:
    popularity = pd.Series(-table.vectors[:, 1], index=table.ids)  # speaks against both planted concepts
    report = evidence(table, concepts, popularity=popularity, random=10, resamples=3)
    assert set(CAVs(fit(table, concepts)).report().columns) < set(report.columns)
    assert (report.loc[["warm", "bright"], "above_random"] == 1).all()
    assert report["random_auc"].to_numpy() == pytest.approx(np.full(3, 0.5), abs=0.06)
    assert (report.loc[["warm", "bright"], "stability"] > 0.8).all()
    assert abs(report.loc["chance", "stability"]) < 0.4
    assert report.loc["warm", "also_moves"] == "bright"
    assert report.loc["warm", "cosine"] == pytest.approx(0.5, abs=0.15)
    assert (report.loc[["warm", "bright"], "auc_popularity"].between(0.7, 0.95)).all()  # its sign is found in training
    assert (report["auc"] > report["auc_popularity"])[["warm", "bright"]].all()
    again = evidence(table, concepts, popularity=popularity, random=10, resamples=3)
    pd.testing.assert_frame_equal(report, again)


def test_how_concepts_are_fitted_can_be_said_at_once(table: VectorTable, concepts: dict[str, list[str]]) -> None:
    few = {"few": concepts["warm"][:4]}
    with pytest.raises(CallError, match="at least 5"):
        evidence(table, few, random=2, resamples=1)
    report = evidence(table, few, Fitting("difference", min_positives=4), random=2, resamples=1)
    plain = fit(table, few, "difference", min_positives=4).report()
    pd.testing.assert_frame_equal(report[plain.columns], plain)


@pytest.mark.parametrize("method", ["ridge", "difference", "ranking"])
def test_evidence_for_grades(table: VectorTable, method: str) -> None:
    grades = pd.Series(table.vectors[:300, 0], index=table.ids[:300])
    report = evidence(table, {"degree": grades}, method, random=4, resamples=2)  # type: ignore[arg-type]
    assert report.loc["degree", ["auc", "above_random", "stability"]].to_numpy(dtype=float).min() > 0.9
    assert "also_moves" not in report


def test_a_concept_does_not_depend_on_the_others_of_the_call(table: VectorTable, concepts) -> None:
    together, alone = fit(table, concepts), fit(table, {"bright": concepts["bright"]})
    assert (together["bright"].direction == alone["bright"].direction).all()
    assert together["bright"].auc == alone["bright"].auc


def test_the_penalty_of_a_path_is_chosen_without_the_held_out() -> None:
    """Few rows and many idle columns ask for a strong penalty; a difference of two twin columns for a weak one."""
    rng = np.random.default_rng(0)
    idle = rng.normal(size=(60, 40))
    noisy = pd.Series((idle[:, 0] + rng.normal(size=60) > 0).astype(float), index=[str(i) for i in range(60)])
    base = rng.normal(size=(60, 2)) * [3, 0.1]
    twins = np.column_stack([base[:, 0], base.sum(1)])
    small = pd.Series(base[:, 1], index=noisy.index)
    assert fit(table_of(idle), {"c": noisy}, l2=[0.01, 1e4])["c"].l2 == 1e4
    assert fit(table_of(twins), {"c": small}, "ridge", l2=[1e-3, 1e6])["c"].l2 == 1e-3
    assert fit(table_of(idle), {"c": noisy}, l2=7.0)["c"].l2 == 7.0
    assert fit(table_of(idle), {"c": noisy}, "difference")["c"].l2 is None


@settings(max_examples=30, deadline=None)
@given(n=st.integers(20, 200), copies=st.integers(1, 4), share=st.sampled_from([0.3, 0.5]), seed=st.integers(0, 1000))
def test_held_out_rows_are_a_share_of_each_class_and_copies_stay_together(n, copies, share, seed) -> None:
    rng = np.random.default_rng(seed)
    base = rng.normal(size=(n, 3)).astype(np.float32)
    vectors = np.tile(base, (copies, 1))[rng.permutation(n * copies)]
    first, leader = first_copies(vectors)
    assert first.sum() == n
    assert (vectors[leader] == vectors).all()
    by_vector = np.where(np.arange(n) < max(4, n // 5), 1, 0)
    label = by_vector[[np.flatnonzero((base == row).all(1))[0] for row in vectors]].astype(np.int8)
    held = held_out(Labels(label[None]), leader, seed, share)[0]
    assert (held == held[leader]).all()
    for side in (0, 1):
        members = first & (label == side)
        assert (held & members).sum() == max(1, np.rint(share * members.sum()))


def test_duplicated_rows_do_not_pass_for_evidence() -> None:
    """Each vector four times with its label: whoever lets copies cross the split finds chance concepts significant."""
    rng = np.random.default_rng(0)
    base = rng.normal(size=(80, 30))
    table = table_of(np.repeat(base, 4, axis=0))
    chance = {
        str(k): pd.Series(np.repeat(rng.permutation(80) < 30, 4).astype(float), index=table.ids) for k in range(40)
    }
    report = fit(table, chance).report()
    assert report["auc"].mean() == pytest.approx(0.5, abs=0.06)
    assert (report["p_value"] < 0.05).sum() <= 6
    beside = evidence(table, {"0": chance["0"]}, random=5, resamples=2)
    assert beside["random_auc"].iloc[0] == pytest.approx(0.5, abs=0.12)
    alike = {"c": pd.Series(np.repeat(np.arange(80) < 3, 4).astype(float), index=table.ids)}
    with pytest.raises(CallError, match=r"needs at least 5 different vectors .* beside copies there are 3 and 77"):
        fit(table, alike)


def judged(opposed: bool, seed: int = 0) -> tuple[VectorTable, pd.DataFrame]:
    """Eight users judge 60 items each by one coordinate; the second half of them by another, or by the same one."""
    rng = np.random.default_rng(seed)
    table, rows = table_of(rng.normal(size=(300, 6))), []
    for user in range(8):
        axis = 1 if opposed and user >= 4 else 0
        items = rng.choice(300, 60, replace=False)
        finds = table.vectors[items, axis] + 0.3 * rng.normal(size=60) > 0
        rows += [(f"u{user}", str(item), int(found)) for item, found in zip(items, finds, strict=True)]
    return table, pd.DataFrame(rows, columns=["user", "item", "value"])


def test_users_who_mean_different_things_have_their_own_directions() -> None:
    subjective, objective = own_against_common(*judged(True)), own_against_common(*judged(False))
    assert subjective["gain"].mean() > 0.05
    assert objective["gain"].mean() < 0.02
    assert objective["auc_common"].mean() > 0.9
    assert (subjective["n"] == 60).all()
    assert subjective.index.tolist() == [f"u{i}" for i in range(8)]


def test_copies_of_a_film_do_not_tell_a_users_own_direction_what_it_is_scored_on() -> None:
    rng = np.random.default_rng(0)
    table = table_of(np.tile(rng.normal(size=(60, 40)), (3, 1)))
    means_nothing = np.tile(rng.integers(0, 2, (8, 60)), 3)
    frame = pd.DataFrame(
        [(f"u{u}", str(i), value) for u, row in enumerate(means_nothing) for i, value in enumerate(row)],
        columns=["user", "item", "value"],
    )
    found = own_against_common(table, frame, min_each=15)
    assert found["auc_own"].mean() == pytest.approx(0.5, abs=0.1)
    assert (found["n"] == 180).all()
    with pytest.raises(CallError, match="no user has 50"):
        own_against_common(table, frame, min_each=50)  # each film thrice is still one film


def test_bad_judgements() -> None:
    table, frame = judged(False)
    cases = [
        (frame.drop(columns="value"), CallError, "value is missing"),
        (frame.assign(value=0.5), CallError, "must be 0 or 1"),
        (pd.concat([frame, frame[:1]]), CallError, "has item .* twice"),
        (frame[:5], CallError, "no user has 6 judgements of either kind"),
        (frame.assign(item="0").drop_duplicates("user"), CallError, "no user has 6"),
        (frame.assign(item=[f"x{i}" for i in range(len(frame))]), UnknownNameError, "unknown id 'x0'"),
    ]
    for bad, error, message in cases:
        with pytest.raises(error, match=message):
            own_against_common(table, bad)


def test_bad_calls(table: VectorTable, concepts) -> None:
    with pytest.raises(CallError, match="must not be negative"):
        evidence(table, concepts, random=-1)
    with pytest.raises(CallError, match="popularity must be finite for every entity, '7' has none"):
        evidence(table, concepts, popularity=pd.Series(1.0, index=table.ids).drop("7"), random=0, resamples=0)
    with pytest.raises(CallError, match="engine must be one of"):
        fit(table, concepts, engine="torch")  # type: ignore[arg-type]
    for l2 in (0, -1.0, float("nan"), [], [1.0, float("inf")]):
        with pytest.raises(CallError, match="l2 must be a positive number"):
            fit(table, concepts, l2=l2)
