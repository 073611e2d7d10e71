"""Texts read into a space that no encoder of texts made: the ridge, semantic consistency through it, linear probes."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.linear_model import RidgeCV

from elm._errors import CallError, VectorError
from elm.embeddings import EmbeddingSpace, VectorTable
from elm.evaluation import ControlOptions, TextProjection, TraitProbe, item_consistency, user_consistency
from elm.tasks import UserFacts


def test_the_ridge_is_that_of_scikit_learn_on_the_same_features(encoder):
    rng = np.random.default_rng(0)
    words = [f"word{n:02d}" for n in range(12)]
    texts = [" ".join(rng.choice(words, 5)) for _ in range(60)]
    targets = encoder.encode(texts) @ rng.normal(size=(256, 3)) + 0.1 * rng.normal(size=(60, 3))
    found = TextProjection.of_texts(encoder, texts, targets)
    rows = encoder.encode(texts)
    want = RidgeCV(alphas=np.logspace(-3, 3, 13)).fit(rows, targets)
    assert found.alpha == want.alpha_
    new = [" ".join(rng.choice(words, 5)) for _ in range(8)]
    assert found.encode(new) == pytest.approx(want.predict(encoder.encode(new)), abs=1e-2)


def test_a_text_without_a_word_stands_for_nothing(encoder):
    texts = [f"They love the number{n}." for n in range(12)]
    found = TextProjection.of_profiles(encoder, texts, np.eye(12) + 1)
    assert found.encode(["", " \n", "..."]).tolist() == np.zeros((3, 12)).tolist()
    assert found.encode(texts).shape == (12, 12)
    assert found.encode([]).shape == (0, 12)


@pytest.mark.parametrize(
    ("texts", "targets", "error", "message"),
    [
        (["a"] * 9, np.ones((9, 2)), CallError, "ten entities; got 9 texts, 9 vectors"),
        ([f"word{n}" for n in range(12)], np.ones((11, 2)), CallError, "got 12 texts, 11 vectors"),
        (["the same text"] * 12, np.ones((12, 2)), CallError, "say the same or nothing"),
        ([f"word{n}" for n in range(12)], np.full((12, 2), np.nan), VectorError, "NaN, infinity"),
        ([f"word{n}" for n in range(12)], np.ones(12), VectorError, r"shape \(12,\)"),
    ],
)
def test_what_a_projection_cannot_learn_from(encoder, texts, targets, error, message):
    with pytest.raises(error, match=message):
        TextProjection.of_texts(encoder, texts, targets)


def turned(world, dim=20):
    """The films' vectors in another space: a linear image of them that no encoder of texts gives."""
    rows = world.table.vectors @ np.random.default_rng(5).normal(size=(256, dim)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return VectorTable(world.table.ids, rows, EmbeddingSpace.fit("turned", rows, "cosine", {}, "turned"))


def test_items_of_another_space_are_scored_through_it_and_the_teacher_shows_its_error(film_world, encoder, look_up):
    table = turned(film_world)
    lessons = [film_world.teacher.write(item, "summary") for item in film_world.train]
    projection = TextProjection.of_texts(encoder, lessons, table.rows(film_world.train))

    held_out, quick = replace(film_world.held_out, table=table), ControlOptions(probe=False)

    def score(model):
        return item_consistency(model, ["summary"], held_out, projection, quick)["summary"]

    found = score(look_up(table, film_world.teacher))
    assert found.rsc == pytest.approx(1.0)
    means = {name: values.mean() for name, values in found.sc.items()}
    assert 0.5 < means["teacher"] < 0.999  # the projection's own error is the ceiling
    assert means["teacher"] > means["nn"] > means["shuffled"]
    assert score(look_up(table.subset(film_world.train), film_world.teacher)).rsc == pytest.approx(0.0)
    with pytest.raises(ValueError, match="it writes vectors of 256 numbers, the table holds 20"):
        item_consistency(look_up(table, film_world.teacher), ["summary"], held_out, encoder, quick)


@pytest.mark.slow
def test_users_have_a_semantic_consistency_too(user_world, encoder, look_up):
    model = look_up(user_world.folded, user_world.teacher)
    found = user_consistency(model, "user_profile", user_world.held_out, encoder)
    plain = found.to_dict()
    assert plain["sc"] == plain["sc_teacher"] > plain["sc_nn"] > plain["sc_shuffled"] + 0.1
    lessons = [user_world.teacher.write(user, "user_profile") for user in user_world.users.ids]
    projection = TextProjection.of_profiles(encoder, lessons, user_world.users.vectors)
    read, vectors = projection.encode(found.texts["nn"]), user_world.folded.rows(found.users)
    by_hand = (read * vectors).sum(1) / (np.linalg.norm(read, axis=1) * np.linalg.norm(vectors, axis=1))
    assert found.sc["nn"] == pytest.approx(by_hand, abs=1e-5)
    assert plain["bc_probe"] > plain["bc_nn"]  # tastes are linear in these vectors: what a simple method reaches


TRAITS = ("War", "Drama", "Horror", "Comedy")


def tastes(n, seed=0):
    """Vectors whose axes are the traits: the largest is loved, the smallest hated."""
    vectors = np.random.default_rng(seed).normal(size=(n, len(TRAITS)))
    order = np.argsort(-vectors, axis=1)
    level = [int(abs(row[best[0]]) < 1.2) for row, best in zip(vectors, order, strict=True)]
    facts = [
        UserFacts(((TRAITS[best[0]], mild), (TRAITS[best[1]], 1)), ((TRAITS[best[-1]], 1),), "films")
        for best, mild in zip(order, level, strict=True)
    ]
    return vectors, facts


def test_a_probe_reads_tastes_that_are_linear_in_the_vector():
    vectors, facts = tastes(400)
    probe = TraitProbe.fit(vectors[:300], facts[:300])
    read = probe.read(vectors[300:])
    assert {len(user.likes) for user in read} == {2}
    assert {len(user.dislikes) for user in read} == {1}
    best = [ours.likes[0][0] == true.likes[0][0] for ours, true in zip(read, facts[300:], strict=True)]
    worst = [ours.dislikes[0][0] == true.dislikes[0][0] for ours, true in zip(read, facts[300:], strict=True)]
    assert np.mean(best) > 0.85
    assert np.mean(worst) > 0.85
    strong = [level == 0 for user in read for _, level in user.likes]
    assert np.mean(strong) == pytest.approx(np.mean([level == 0 for u in facts for _, level in u.likes]), abs=0.2)


def test_what_a_trait_probe_cannot_learn_from():
    vectors, facts = tastes(30)
    with pytest.raises(CallError, match="twenty users; got 19, 19"):
        TraitProbe.fit(vectors[:19], facts[:19])
    with pytest.raises(CallError, match="got 30, 29"):
        TraitProbe.fit(vectors[:29], facts)
    with pytest.raises(CallError, match="0 traits"):
        TraitProbe.fit(vectors, [UserFacts((), ())] * 30)
    with pytest.raises(VectorError, match="NaN"):
        TraitProbe.fit(vectors * np.nan, facts)
