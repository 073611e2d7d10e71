import json

import numpy as np
import pytest

from elm.cav import fit
from elm.embeddings import interpolate
from elm.evaluation import Moves, TrainedRanker, behavioural_along, draw_candidates, semantic_along

AMOUNTS = (-2.0, 0.0, 2.0)


@pytest.fixture
def films(film_world):
    horror = [i for i in film_world.train if "Horror" in film_world.facts[i].kinds]
    cav = fit(film_world.table.subset(film_world.train), {"horror": horror})["horror"]
    known = {item: film_world.teacher.write(item, "summary") for item in film_world.train}
    return film_world, cav, known


def test_a_model_that_reads_follows_a_way_between_films_and_its_controls_do_not(films, encoder, look_up):
    world, _, known = films
    goal = world.table[world.train[0]]
    way = lambda vectors, t: np.stack([interpolate(row, goal, t, world.table.space) for row in vectors])  # noqa: E731
    model = look_up(world.table, world.teacher)
    found = semantic_along(model, "summary", world.table, world.test[:20], Moves(way, (0.0, 0.5, 1.0)), encoder, known)
    frame = found.frame()
    assert frame.index.tolist() == [0.0, 0.5, 1.0]
    assert (frame["model"] >= frame["shuffled"] - 1e-9).all()
    assert frame.loc[0.0, "model"] > frame.loc[0.0, "shuffled"] + 0.1
    # At the end all have become one film: another's text is as good, and the text of the start no longer fits.
    assert frame.loc[1.0, "model"] == pytest.approx(frame.loc[1.0, "shuffled"])
    assert frame.loc[1.0, "model"] > frame.loc[1.0, "still"] + 0.1
    # That film is a training film, so its own teacher text is the nearest one.
    assert frame.loc[1.0, "nn"] == pytest.approx(frame.loc[1.0, "model"])
    assert json.loads(json.dumps(found.to_dict(), allow_nan=False)) == found.to_dict()


def test_a_text_about_the_vector_before_the_move_loses_with_the_amount(axes):
    funny = [item for item in axes.table.ids if axes.table[item][0] > 0.5]
    train, test = axes.table.ids[:60], axes.table.ids[60:]
    cav = fit(axes.table.subset(train), {"funny": [i for i in funny if i in train]})["funny"]
    known = {item: axes.model.describe(axes.table[item][None], "summary")[0] for item in train}
    mixed = np.array([2.0, -2.0, 0.0, 2.0], np.float32)  # a way is told in order, however its amounts come
    found = semantic_along(axes.model, "summary", axes.table, test, Moves(cav.move, mixed, cav), axes.encoder, known)
    assert found.amounts == AMOUNTS
    frame = found.frame()
    assert frame.loc[2.0, "model"] > frame.loc[2.0, "nn"] > frame.loc[2.0, "shuffled"]
    assert frame.loc[2.0, "model"] > frame.loc[2.0, "still"] + 0.05
    assert frame.loc[0.0, "model"] == pytest.approx(frame.loc[0.0, "still"])
    assert frame["concept"].is_monotonic_increasing
    assert found.rises.shape == (20,)
    assert found.to_dict()["rising"] == 1.0


def test_a_model_that_ignores_its_vector_never_rises(films, encoder, blind):
    world, cav, known = films
    model = blind(world.train, world.teacher)
    found = semantic_along(
        model, "summary", world.table, world.test[:10], Moves(cav.move, AMOUNTS, cav), encoder, known
    )
    assert (found.rises == 0).all()
    assert found.to_dict()["rising"] == 0.0
    np.testing.assert_allclose(found.scores["model"], found.scores["still"], atol=1e-6)


def test_profiles_of_moved_users_order_what_is_predicted_for_them(user_world, encoder, look_up):
    w = user_world
    popularity = w.ratings["item"].value_counts().reindex(w.items.ids).fillna(0)
    candidates = draw_candidates(w.inputs, w.held, w.items, popularity, unrated=40)
    profiles = {user: w.teacher.write(user, "user_profile") for user in [*w.users.ids, *candidates.users]}
    ranker = TrainedRanker.fit(encoder, [profiles[u] for u in w.users.ids], w.users.vectors, w.items)
    level = w.data.facts.items["funny"].reindex(w.items.ids)
    cav = fit(w.items, {"funny": level})["funny"].measured_on(w.users)
    model, moves = look_up(w.users, w.teacher), Moves(cav.move, AMOUNTS, cav)
    found = behavioural_along(model, "user_profile", w.folded, moves, candidates, ranker, profiles)
    frame = found.frame()
    assert found.measure == "ndcg"
    assert (frame["model"] > frame["random"]).all()
    assert frame.loc[2.0, "model"] > frame.loc[2.0, "shuffled"]
    assert frame["teacher"].nunique() == 1
    assert frame.loc[-2.0, "concept"] < frame.loc[0.0, "concept"] < frame.loc[2.0, "concept"]


def test_wrong_calls(films, encoder, look_up):
    world, cav, known = films
    model = look_up(world.table, world.teacher)
    with pytest.raises(ValueError, match="two finite amounts"):
        semantic_along(model, "summary", world.table, world.test, Moves(cav.move, (1.0,)), encoder, known)
    with pytest.raises(ValueError, match="two finite amounts"):
        semantic_along(model, "summary", world.table, world.test, Moves(cav.move, (1.0, np.inf)), encoder, known)
    with pytest.raises(ValueError, match="is scored"):
        semantic_along(model, "summary", world.table, world.train[:3], Moves(cav.move, AMOUNTS), encoder, known)
