import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from elm._errors import CallError, LeakageError, UnknownNameError
from elm.evaluation import CachedEncoder, ControlOptions, entities_asked, fact_scores, item_consistency
from elm.metrics import partners, ratio_interval

TASKS = ("summary", "five_positive")


def score(world, model, encoder, probe=True, seed=0):
    return item_consistency(model, TASKS, world.held_out, encoder, ControlOptions(probe=probe), seed)


def test_a_model_that_looks_up_the_truth_stands_at_one(film_world, encoder, look_up):
    found = score(film_world, look_up(film_world.table, film_world.teacher), encoder)
    for task in TASKS:
        scores = found[task].to_dict()
        assert scores["rsc"] == pytest.approx(1.0)
        assert scores["rsc_interval"] == pytest.approx([1.0, 1.0])
        assert scores["sc"] == scores["sc_teacher"] > scores["sc_nn"] > scores["sc_shuffled"]
        assert scores["p_value"] < 1e-6
        assert set(scores["fact_precision"].values()) == set(scores["fact_recall"].values()) == {1.0}
        assert scores["n"] == 50


def test_a_model_that_copies_the_neighbour_stands_at_zero(film_world, encoder, look_up):
    copier = look_up(film_world.table.subset(film_world.train), film_world.teacher)
    scores = score(film_world, copier, encoder, probe=False)["summary"].to_dict()
    assert scores["rsc"] == pytest.approx(0.0)
    assert scores["fact_recall"] == scores["nn_recall"]
    assert scores["fact_recall"]["overall"] < 0.6
    assert scores["sc_probe"] is None
    assert scores["probe_recall"] is None


def test_a_model_that_ignores_its_vector_does_not_pass(film_world, encoder, blind):
    found = score(film_world, blind(film_world.train, film_world.teacher), encoder, probe=False)
    for scores in found.values():
        assert scores.p_value > 0.05
        assert scores.rsc < 0


def test_controls_are_what_they_say(film_world, encoder, look_up):
    found = score(film_world, look_up(film_world.table, film_world.teacher), encoder)["summary"]
    texts, teacher = found.texts, film_world.teacher
    assert sorted(texts["shuffled"]) == sorted(texts["model"])
    assert all(a != b for a, b in zip(texts["shuffled"], texts["model"], strict=True))
    own = {teacher.write(item, "summary") for item in film_world.test}
    assert not own & set(texts["nn"])
    assert not own & set(texts["random"])
    similar = film_world.table.rows(film_world.test) @ film_world.table.rows(film_world.train).T
    wanted = [teacher.write(film_world.train[row], "summary") for row in similar.argmax(1)]
    assert texts["nn"] == wanted
    by_hand = (encoder.encode(texts["nn"]) * film_world.table.rows(film_world.test)).sum(1)
    np.testing.assert_allclose(found.sc["nn"], by_hand, atol=1e-5)


def test_the_probe_reads_better_than_the_neighbour(film_world, encoder, look_up):
    scores = score(film_world, look_up(film_world.table, film_world.teacher), encoder)["summary"].to_dict()
    assert scores["probe_recall"]["overall"] > scores["nn_recall"]["overall"] + 0.1
    assert scores["sc_probe"] > scores["sc_nn"]


def test_the_names_of_the_report_and_plain_json(film_world, encoder, blind):
    scores = score(film_world, blind(film_world.train, film_world.teacher), encoder)["summary"].to_dict()
    wanted = "sc sc_teacher sc_nn sc_shuffled sc_random sc_probe rsc rsc_interval p_value n fact_precision fact_recall"
    assert set(wanted.split()) <= set(scores)
    assert list(scores["fact_recall"]) == ["overall", "setting", "protagonist", "conflict", "genres"]
    assert json.loads(json.dumps(scores, allow_nan=False)) == scores


def test_the_same_seed_gives_the_same_scores_and_each_text_is_encoded_once(film_world, encoder, look_up):
    cached = CachedEncoder(encoder)
    model = look_up(film_world.table, film_world.teacher)
    first = score(film_world, model, cached, seed=3)
    asked = len(encoder.asked)
    assert asked == len(set(encoder.asked))
    second = score(film_world, model, cached, seed=3)
    assert len(encoder.asked) == asked
    assert first["summary"].to_dict() == second["summary"].to_dict()


def test_an_empty_text_scores_zero(film_world, encoder):
    class Silent:
        def describe(self, vectors, task, *, seed=0):
            return ["" for _ in vectors]

    scores = score(film_world, Silent(), encoder, probe=False)["summary"].to_dict()
    assert scores["sc"] == scores["fact_recall"]["overall"] == 0.0


def test_real_films_are_scored_on_genres_alone(film_world, encoder, look_up):
    from elm.tasks import ItemFacts, TemplateTeacher

    facts = {item: ItemFacts(film.kinds, text=f"{film.aspects['setting']}.") for item, film in film_world.facts.items()}
    teacher = TemplateTeacher(facts, 0)
    held_out = replace(film_world.held_out, facts=facts, teacher=teacher)
    found = item_consistency(look_up(film_world.table, teacher), ["summary"], held_out, encoder)
    scores = found["summary"].to_dict()
    assert scores["fact_recall"] == {"overall": 1.0, "genres": 1.0}
    assert scores["fact_precision"]["genres"] == 1.0


def test_leakage_and_wrong_models_are_refused(film_world, encoder, look_up):
    model = look_up(film_world.table, film_world.teacher)
    held_out = film_world.held_out
    with pytest.raises(LeakageError, match="items: 1 held out"):
        replace(held_out, ids=film_world.train[:1])
    with pytest.raises(ValueError, match="at least two held-out"):
        item_consistency(model, TASKS, replace(held_out, ids=film_world.test[:1]), encoder)

    twice = replace(held_out, ids=[*film_world.test[:3], film_world.test[0]])
    with pytest.raises(CallError, match="1 come twice and 0 have no facts, such as 'f1"):
        item_consistency(model, TASKS, twice, encoder)
    bare = {item: film for item, film in film_world.facts.items() if item != film_world.test[1]}
    with pytest.raises(CallError, match=f"0 come twice and 1 have no facts, such as '{film_world.test[1]}'"):
        item_consistency(model, TASKS, replace(held_out, facts=bare), encoder)
    strange = film_world.facts | {"f9999": film_world.facts[film_world.test[0]]}
    ids = [*film_world.test, "f9999"]
    with pytest.raises(UnknownNameError, match="unknown id 'f9999'"):
        item_consistency(model, TASKS, replace(held_out, ids=ids, facts=strange), encoder)

    class Short:
        def describe(self, vectors, task, *, seed=0):
            return ["one text"]

    with pytest.raises(ValueError, match="50 vectors gave 1 texts"):
        score(film_world, Short(), encoder, probe=False)
    with pytest.raises(ValueError, match="it writes vectors of 8 numbers"):
        score(film_world, model, type(encoder)(dim=8), probe=False)


@pytest.mark.parametrize("n", [2, 3, 10, 101])
def test_partners_are_one_cycle(n):
    partner = partners(n, seed=n)
    seen, at = {0}, int(partner[0])
    while at != 0:
        seen.add(at)
        at = int(partner[at])
    assert len(seen) == n


def test_ratio_interval_covers_the_truth_and_owns_up_when_undefined():
    rng = np.random.default_rng(0)
    base = rng.normal(size=400)
    low, high = ratio_interval(base + 0.5, base, base + 1.0 + 0.3 * rng.normal(size=400), seed=0)
    assert low < 0.5 < high
    assert high - low < 0.1
    assert np.isnan(ratio_interval(base, base, base - 1.0, seed=0)).all()


def test_scores_of_facts_are_the_public_ones(film_world, encoder, look_up):
    found = score(film_world, look_up(film_world.table, film_world.teacher), encoder, probe=False)["summary"]
    again = fact_scores(found.texts["nn"], [film_world.facts[item] for item in found.ids])
    assert found.facts["nn"].recall == again.recall


PAIRS = ("similarities", "interpolation", "common_with_nn")


def score_pairs(world, model, encoder):
    return item_consistency(model, PAIRS, world.held_out, encoder, ControlOptions(probe=False))


def test_pairs_are_scored_by_another_wording_and_mixtures_by_the_mean_vector(film_world, encoder, look_up):
    found = score_pairs(film_world, look_up(film_world.table, film_world.teacher), encoder)
    for task, scores in found.items():
        assert scores.to_dict()["rsc"] == pytest.approx(1.0)
        assert scores.sc["teacher"].mean() > scores.sc["nn"].mean()
        assert scores.sc["teacher"].mean() > scores.sc["shuffled"].mean()
        assert scores.facts == {}
        first, second = zip(*(pair.split(",") for pair in scores.ids), strict=True)
        assert list(first) == film_world.test
        assert all(a != b for a, b in zip(first, second, strict=True))
        assert scores.texts["teacher"][0] == film_world.teacher.write((first[0], second[0]), task)
    mixed = found["interpolation"]
    rows = [film_world.table.rows(pair.split(",")).mean(0) for pair in mixed.ids]
    by_hand = encoder.encode(mixed.texts["nn"]) * (rows / np.linalg.norm(rows, axis=1, keepdims=True))
    np.testing.assert_allclose(mixed.sc["nn"], by_hand.sum(1), atol=1e-5)


def test_neighbours_are_the_nearest_held_out_items(film_world, encoder, look_up):
    scores = score_pairs(film_world, look_up(film_world.table, film_world.teacher), encoder)["common_with_nn"]
    similar = film_world.table.rows(film_world.test) @ film_world.table.rows(film_world.test).T
    np.fill_diagonal(similar, -1)
    assert scores.ids == [f"{film_world.test[a]},{film_world.test[b]}" for a, b in enumerate(similar.argmax(1))]


def test_a_model_of_pairs_that_copies_neighbours_stands_at_zero(film_world, encoder, look_up):
    copier = look_up(film_world.table.subset(film_world.train), film_world.teacher)
    for scores in score_pairs(film_world, copier, encoder).values():
        assert scores.rsc == pytest.approx(0.0)


def test_scores_and_texts_as_tidy_tables(film_world, encoder, look_up):
    found = score(film_world, look_up(film_world.table, film_world.teacher), encoder)["summary"]
    frame, texts = found.frame(), found.texts_frame()
    assert list(frame) == ["section", "task", "measure", "system", "id", "value"]
    assert list(texts) == ["task", "system", "id", "text"]
    means = frame.groupby(["measure", "system"])["value"].mean()
    assert means["SC", "nn"] == pytest.approx(found.to_dict()["sc_nn"])
    assert {"SC", "SC_text", "fact_recall", "fact_precision"} <= set(frame["measure"])
    assert set(frame["system"]) == set(texts["system"]) == set(found.texts)
    assert not frame.duplicated(["task", "measure", "system", "id"]).any()
    one = texts[(texts["system"] == "model") & (texts["id"] == film_world.test[3])]
    assert one["text"].tolist() == [found.texts["model"][3]]


def given_texts(world, tasks):
    """The teacher's texts about every entity that is asked about, as another system would hand them in."""
    asked = entities_asked(tasks, world.table, world.test)
    return {
        task: {id: world.teacher.write(tuple(id.split(",")) if "," in id else id, task) for id in ids}
        for task, ids in asked.items()
    }


def test_given_texts_score_as_the_model_that_wrote_them(film_world, encoder, look_up):
    tasks = ("summary", "similarities", "common_with_nn")
    asked = (tasks, film_world.held_out, encoder, ControlOptions(probe=False))
    by_model = item_consistency(look_up(film_world.table, film_world.teacher), *asked)
    given = item_consistency(given_texts(film_world, tasks), *asked)
    for task in tasks:
        pd.testing.assert_frame_equal(given[task].frame(), by_model[task].frame())
        assert given[task].left_out == {"untrained": "texts were given, so there is no model to ask without training"}


def test_given_texts_are_about_exactly_what_is_asked(film_world, encoder):
    texts = given_texts(film_world, ["summary"])["summary"]
    first = film_world.test[0]
    with pytest.raises(UnknownNameError, match=r"unknown scored entity 'f9999'.*texts of task 'summary'"):
        score(film_world, {"summary": {**texts, "f9999": "A film."}}, encoder)
    with pytest.raises(CallError, match=f"task 'summary' lacks 1 of 50, such as '{first}'"):
        score(film_world, {"summary": {k: v for k, v in texts.items() if k != first}}, encoder)
    with pytest.raises(CallError, match="have none of 'five_positive', only: summary"):
        score(film_world, {"summary": texts}, encoder)
    with pytest.raises(CallError, match=f"that of '{first}' for task 'summary' is NoneType"):
        score(film_world, {"summary": {**texts, first: None}}, encoder)
