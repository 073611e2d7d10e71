from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from elm.cav import fit
from elm.embeddings import EmbeddingSpace, VectorTable
from elm.evaluation import Steps, list_sensitivity, soft_attribute_scores, text_sensitivity

WORDS = ("joke", "ghost", "tree")


class Counter:
    """Reads a text as how often each word stands in it."""

    def __call__(self, texts):
        return np.array([[text.split().count(word) / 20 for word in WORDS] for text in texts], np.float32)


class Writer:
    """Writes each word as often as its axis says; `hears` says to which axes it listens."""

    def __init__(self, hears=(0, 1, 2)):
        self.hears = hears

    def describe(self, vectors, task, *, seed=0):
        counts = np.clip(np.round(20 * vectors), 0, None).astype(int)
        return [" ".join(WORDS[axis] for axis in self.hears for _ in range(row[axis])) for row in counts]


@pytest.fixture
def table():
    vectors = np.random.default_rng(0).uniform(3, 5, size=(200, 3))
    return VectorTable([f"i{n}" for n in range(200)], vectors, EmbeddingSpace.fit("w", vectors, "dot", {}, "w"))


@pytest.fixture
def concepts(table):
    return fit(table, {name: [i for i in table if table[i][axis] > 4] for axis, name in enumerate(("funny", "scary"))})


def test_a_move_changes_its_own_concept_in_the_text_and_hardly_another(table, concepts):
    found = text_sensitivity(Writer(), "summary", table, table.ids[:30], concepts, Counter(), Steps(random=20))
    assert np.diag(found.effect.loc[["funny", "scary"], ["funny", "scary"]]) == pytest.approx([1, 1], abs=0.1)
    assert abs(found.effect.loc["funny", "scary"]) < 0.3
    assert found.tcav.loc["funny", "funny"] == 1.0
    assert found.tcav.loc["random", "funny"] == pytest.approx(0.5, abs=0.3)
    # In three dimensions a random direction shares a lot with the concept: the p value is honest about that.
    assert found.p_value.loc["funny", "funny"] < 0.3


class Copyist:
    """Writes down the vector itself."""

    def describe(self, vectors, task, *, seed=0):
        return [" ".join(f"{number:.5f}" for number in row) for row in vectors]


@pytest.mark.slow
def test_ten_random_directions_tell_an_effect_from_chance_and_chance_from_an_effect():
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(200, 60))
    table = VectorTable([f"i{n}" for n in range(200)], vectors, EmbeddingSpace.fit("w", vectors, "dot", {}, "w"))
    like = fit(table, {"funny": [i for i in table if table[i][0] > 0.5]})["funny"]
    drawn = rng.normal(size=(50, 60))
    nulls = {f"null {n}": replace(like, direction=row / np.linalg.norm(row)) for n, row in enumerate(drawn)}
    read = lambda texts: np.array([text.split() for text in texts], np.float32)  # noqa: E731
    found = [
        text_sensitivity(Copyist(), "summary", table, table.ids[:2], {"funny": like, **nulls}, read, seed=seed).p_value
        for seed in range(10)
    ]
    assert all(p_values.loc["funny", "funny"] < 0.001 for p_values in found)
    chance = np.stack([p_values["funny"].drop("funny") for p_values in found])
    assert (chance < 0.05).mean() == pytest.approx(0.05, abs=0.04)
    assert (chance < 0.5).mean() == pytest.approx(0.5, abs=0.1)


def test_a_model_deaf_to_a_concept_shows_no_effect_of_it(table, concepts):
    found = text_sensitivity(Writer(hears=(1, 2)), "summary", table, table.ids[:30], concepts, Counter())
    assert abs(found.effect.loc["funny", "funny"]) < 0.2
    assert found.effect.loc["scary", "scary"] == pytest.approx(1, abs=0.1)


def test_lists_follow_the_move_of_users(table, concepts):
    items = np.vstack([np.eye(3), -np.eye(3)]).repeat(5, axis=0).astype(np.float32)
    items += np.random.default_rng(1).normal(0, 0.2, items.shape).astype(np.float32)
    levels = pd.DataFrame({"joke": items[:, 0], "ghost": items[:, 1]})
    centred = VectorTable(table.ids, table.vectors - 4, EmbeddingSpace.fit("w", table.vectors - 4, "dot", {}, "w"))
    movers = {name: cav.measured_on(centred) for name, cav in concepts.items()}
    found = list_sensitivity(lambda v: v @ items.T, centred, centred.ids[:40], movers, levels, k=5)
    assert found.effect.loc["funny", "joke"] > 0.2 > abs(found.effect.loc["random", "joke"])
    assert found.effect.loc["scary", "ghost"] > 0.2
    assert 0 < found.effect.loc["funny", "changed"] <= 5
    assert found.tcav.loc["funny", "joke"] > 0.7


def test_wrong_calls(table, concepts):
    with pytest.raises(ValueError, match=r"got 1, 2, 1\.0 and 10"):
        text_sensitivity(Writer(), "summary", table, table.ids[:1], concepts, Counter())
    with pytest.raises(ValueError, match=r"got 3, 2, -1\.0"):
        text_sensitivity(Writer(), "summary", table, table.ids[:3], concepts, Counter(), Steps(size=-1.0))
    with pytest.raises(ValueError, match="k from 1 to 2"):
        list_sensitivity(lambda v: v[:, :2], table, table.ids[:3], concepts, pd.DataFrame({"a": [0.0, 1.0]}), k=3)
    with pytest.raises(ValueError, match="a row per item"):
        list_sensitivity(lambda v: v, table, table.ids[:3], concepts, pd.DataFrame({"a": [0.0, 1.0]}), k=2)


def test_soft_attributes_are_scored_by_the_order_of_judged_pairs(table, concepts):
    order = sorted(table.ids, key=lambda i: table[i][0])
    judged = pd.DataFrame(
        {"attribute": "funny", "rater": ["a"] * 40 + ["b"] * 40, "lower": order[:80], "higher": order[120:200]}
    )
    turned = judged.assign(attribute="scary", lower=judged["higher"], higher=judged["lower"])
    extra = pd.DataFrame({"attribute": ["odd", "funny"], "lower": ["i1", "gone"], "higher": ["i2", "i3"]})
    fame = pd.Series(range(len(order)), index=order, dtype=float)
    found = soft_attribute_scores(concepts, table, pd.concat([judged, turned, extra]), fame)
    assert found.loc["funny", ["pairs", "raters"]].tolist() == [80, 2]
    assert found.loc["funny", "gamma"] > 0.95
    assert found.loc["funny", "accuracy"] > 0.95
    assert found.loc["funny", "gamma_baseline"] == 1.0
    assert found.loc["scary", "gamma_baseline"] == -1.0
    assert list(found.index) == ["funny", "scary"]
    with pytest.raises(ValueError, match="no judged pair"):
        soft_attribute_scores(concepts, table, extra)
