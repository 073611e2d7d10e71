"""Tests against controls, by hand and corrected; an untrained adapter; training entities only on demand."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from scipy import stats

from elm._errors import CallError, LeakageError
from elm.adapters import MLPAdapter
from elm.evaluation import ControlOptions, control_tests, item_consistency, untrained, user_consistency
from elm.model import EmbeddingLanguageModel, shipped_base


def table(values):
    """(section, task, measure, system) -> values, as a tidy table with ids 0, 1, ..."""
    rows = [(*key, str(id), value) for key, some in values.items() for id, value in enumerate(some)]
    return pd.DataFrame(rows, columns=["section", "task", "measure", "system", "id", "value"])


def test_each_test_is_the_paired_one_and_all_are_corrected_together():
    rng = np.random.default_rng(0)
    model, near = rng.normal(0.5, 0.1, 30), rng.normal(0.45, 0.1, 30)
    far, user, other = rng.normal(0, 0.1, 12), rng.normal(0.2, 0.1, 20), rng.normal(0.2, 0.1, 20)
    tests = control_tests(
        table(
            {
                ("consistency", "summary", "SC", "model"): model,
                ("consistency", "summary", "SC", "nn"): near,
                ("consistency", "summary", "SC", "untrained"): far,
                ("consistency", "summary", "SC", "teacher"): model + 1,
                ("consistency", "summary", "SC_text", "model"): model,
                ("consistency", "summary", "SC_text", "nn"): near,
                ("profile", "user_profile", "BC", "model"): user,
                ("profile", "user_profile", "BC", "shuffled"): other,
            }
        )
    )
    assert tests[["task", "control", "n"]].values.tolist() == [
        ["summary", "nn", 30],
        ["summary", "untrained", 12],
        ["user_profile", "shuffled", 20],
    ]
    want = [stats.ttest_rel(*pair).pvalue for pair in ((model, near), (model[:12], far), (user, other))]
    assert tests["p_value"].tolist() == pytest.approx(want)
    order = np.argsort(want)
    holm, highest = np.empty(3), 0.0
    for step, row in enumerate(order):  # Holm by its definition
        highest = max(highest, min(1.0, (3 - step) * want[row]))
        holm[row] = highest
    assert tests["p_holm"].tolist() == pytest.approx(holm)
    assert tests["beaten"].tolist() == [
        bool(d > 0 and p < 0.01) for d, p in zip(tests["difference"], holm, strict=True)
    ]
    assert tests["difference"][1] == pytest.approx((model[:12] - far).mean())
    assert (tests["low"] < tests["difference"]).all()
    assert (tests["difference"] < tests["high"]).all()


def test_a_control_above_the_model_is_not_beaten_however_sure():
    same = {
        ("consistency", "summary", "SC", "model"): np.arange(9.0),
        ("consistency", "summary", "SC", "nn"): np.arange(9.0) + 1,
    }
    tests = control_tests(table(same))
    assert tests["p_value"].tolist() == [0.0]
    assert not tests["beaten"].any()


def test_without_scores_of_the_system_there_is_no_test():
    with pytest.raises(CallError, match="scores of the system 'mine', and the table has none"):
        control_tests(table({("consistency", "summary", "SC", "model"): [1.0]}), system="mine")
    alone = control_tests(table({("consistency", "summary", "SC", "model"): [1.0, 2.0]}))
    assert alone.empty
    assert {"p_holm", "beaten"} <= set(alone)


@pytest.fixture(scope="module")
def language_model():
    """The shipped base behind an adapter for the vectors of the small film world."""
    from elm.embeddings import EmbeddingSpace

    llm, tokenizer = shipped_base()
    torch.manual_seed(0)
    vectors = np.random.default_rng(0).normal(size=(20, 256)).astype(np.float32)
    space = EmbeddingSpace.fit("hash", vectors, "cosine", {}, "hash")
    adapter = MLPAdapter.for_space(space, llm.get_input_embeddings().weight.shape[1], ("summary",), hidden=16)
    return EmbeddingLanguageModel(llm, tokenizer, {"hash": adapter}), vectors


def test_an_untrained_twin_shares_all_but_the_adapters(language_model):
    model, vectors = language_model
    before = torch.random.get_rng_state()
    twin, again, other = untrained(model, seed=3), untrained(model, seed=3), untrained(model, seed=4)
    assert torch.equal(before, torch.random.get_rng_state())
    assert twin.llm is model.llm
    fresh, known = twin.adapter("hash"), model.adapter("hash")
    assert fresh.config == known.config
    assert torch.equal(fresh.mean, known.mean)
    assert not torch.equal(fresh.outer.weight, known.outer.weight)
    assert torch.equal(fresh.outer.weight, again.adapter("hash").outer.weight)
    assert not torch.equal(fresh.outer.weight, other.adapter("hash").outer.weight)
    assert len(twin.describe(vectors[:2], "summary")) == 2


def test_the_untrained_twin_is_scored_on_the_first_items_and_tested_on_them(film_world, encoder, look_up, blind):
    controls = ControlOptions(probe=False, untrained=blind(film_world.train, film_world.teacher), first=15)
    model = look_up(film_world.table, film_world.teacher)
    found = item_consistency(model, ["summary"], film_world.held_out, encoder, controls)["summary"]
    assert len(found.texts["untrained"]) == len(found.sc["untrained"]) == 15
    assert found.left_out == {}
    frame = found.frame()
    assert frame[frame["system"] == "untrained"]["id"].unique().tolist() == film_world.test[:15]
    tests = control_tests(frame).set_index("control")
    assert tests["n"].to_dict() == {"shuffled": 50, "nn": 50, "random": 50, "untrained": 15}
    assert tests["beaten"].all()


def test_training_items_are_scored_only_when_asked_for_and_then_stand_for_no_other(film_world, encoder, look_up):
    ids = [*film_world.test[:5], *film_world.train[:20]]
    with pytest.raises(LeakageError, match="items: 20 held out are also trained on"):
        replace(film_world.held_out, ids=ids)
    held_out = replace(film_world.held_out, ids=ids, include_training=True)
    model = look_up(film_world.table, film_world.teacher)
    found = item_consistency(model, ["summary"], held_out, encoder, ControlOptions(probe=False))["summary"]
    assert found.to_dict()["trained"] == 20
    assert found.sc["nn"].max() < 0.999  # never its own text
    for copied in ("nn", "random"):
        assert not any(a == b for a, b in zip(found.texts[copied], found.texts["teacher"], strict=True))


def test_training_users_are_scored_only_when_asked_for(user_world, encoder, look_up):
    known = set(user_world.users.ids[:30])
    ratings = user_world.ratings[user_world.ratings["user"].isin(known)]
    parts = {"inputs": ratings.iloc[::2], "held": ratings.iloc[1::2]}
    with pytest.raises(LeakageError, match="users: 30 held out are also trained on"):
        replace(user_world.held_out, **parts)
    held_out = replace(user_world.held_out, **parts, include_training=True)
    model = look_up(user_world.users, user_world.teacher)
    found = user_consistency(model, "user_profile", held_out, encoder, controls=ControlOptions(probe=False))
    assert found.to_dict()["trained"] == 30
    assert all(a != b for a, b in zip(found.texts["nn"], found.texts["teacher"], strict=True))
