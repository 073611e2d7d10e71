import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from elm._errors import LeakageError, UnknownNameError
from elm.evaluation import RankOptions, TrainedRanker, ZeroShotRanker, user_consistency
from elm.evaluation.consistency._user_scores import TEXTS


def score(world, model, encoder, task="user_profile", seed=0, **ranking):
    return user_consistency(model, task, world.held_out, encoder, RankOptions(**ranking), seed=seed)


@pytest.mark.parametrize("task", ["user_profile", "user_summary"])
def test_a_model_that_looks_up_the_truth_stands_at_one(user_world, encoder, look_up, task):
    scores = score(user_world, look_up(user_world.folded, user_world.teacher), encoder, task).to_dict()
    assert scores["rbc"] == pytest.approx(1.0)
    assert scores["bc"] == scores["bc_teacher"] > scores["bc_shuffled"] + 0.05
    assert scores["bc_cf"] > scores["bc_popular"]
    assert scores["p_value"] < 1e-4
    assert scores["cf_bc"] > scores["cf_bc_shuffled"]


@pytest.mark.slow
def test_ndcg_against_the_collaborative_model_is_one_for_its_own_order(user_world, encoder, look_up):
    class Collaborative:
        """Scores by the vector that a held-out user's text was looked up from: no text can order more like it."""

        def __init__(self):
            self.texts = {}
            for user, vector in zip(user_world.folded.ids, user_world.folded.vectors, strict=True):
                self.texts[f"I am {user}."] = vector @ user_world.items.vectors.T

        def scores(self, texts):
            nobody = np.zeros(len(user_world.items))
            return np.array([self.texts.get(text, nobody) for text in texts])

    class Named:
        def write(self, user, task):
            return f"I am {user}."

    own = score(user_world, look_up(user_world.folded, Named()), encoder, ranker=Collaborative())
    np.testing.assert_allclose(own.cf_ndcg["model"], 1.0, atol=1e-3)
    found = score(user_world, look_up(user_world.folded, user_world.teacher), encoder).to_dict()
    systems = ("teacher", "teacher_shuffled", "shuffled", "random", "nn", "probe", "popular")
    assert {name for name in found if name.startswith("cf_ndcg")} == {"cf_ndcg", *(f"cf_ndcg_{s}" for s in systems)}
    assert found["cf_ndcg"] == found["cf_ndcg_teacher"] < 1
    assert found["cf_ndcg_random"] < found["cf_ndcg"] - 0.02
    assert found["cf_ndcg_shuffled"] < found["cf_ndcg"] - 0.02


def test_a_model_that_ignores_its_vector_does_not_pass(user_world, encoder, blind, trained):
    model = blind(user_world.users.ids, user_world.teacher)
    found = score(user_world, model, encoder, ranker=trained["user_profile"])
    assert found.p_value > 0.05
    assert abs(found.rbc) < 0.4


def test_controls_are_what_they_say(user_world, encoder, look_up, trained):
    model = look_up(user_world.folded, user_world.teacher)
    found = score(user_world, model, encoder, ranker=trained["user_profile"])
    assert sorted(found.texts["shuffled"]) == sorted(found.texts["model"])
    assert found.texts["model"] == found.texts["teacher"]
    lessons = {user_world.teacher.write(user, "user_profile") for user in user_world.users.ids}
    assert set(found.texts["random"]) | set(found.texts["nn"]) <= lessons
    assert all(len(values) == len(found.users) for values in found.bc.values())


def test_a_given_ranker_is_used_and_zero_shot_stands_beside_it(user_world, encoder, look_up):
    class Constant:
        def scores(self, texts):
            return np.zeros((len(texts), len(user_world.items)), np.float32)

    films = user_world.data.items.loc[user_world.items.ids]
    vectors = encoder.encode(
        [f"{title} {' '.join(g)}" for title, g in zip(films["title"], films["genres"], strict=True)]
    )
    zero = ZeroShotRanker(encoder, vectors)
    model = look_up(user_world.folded, user_world.teacher)
    scores = score(user_world, model, encoder, ranker=Constant(), rankers={"zero_shot": zero}).to_dict()
    assert scores["bc"] == scores["bc_teacher"] == 0.0
    assert scores["rbc"] is None
    assert scores["rbc_interval"] == [None, None]
    assert scores["ranker_p"] == 1.0  # a constant order tells nothing
    assert {"bc", "bc_teacher", "bc_shuffled", "bc_random", "bc_nn"} <= set(scores["zero_shot"])
    assert scores["rankers"] == {"zero_shot": scores["zero_shot"]}
    assert scores["zero_shot"]["bc_teacher"] != 0.0


def test_the_names_of_the_report_plain_json_and_the_same_every_time(user_world, encoder, look_up):
    model = look_up(user_world.users, user_world.teacher)
    ranker = TrainedRanker.fit(
        encoder,
        [user_world.teacher.write(u, "user_profile") for u in user_world.users.ids],
        user_world.users.vectors,
        user_world.items,
    )
    first, second = (score(user_world, model, encoder, ranker=ranker, seed=4).to_dict() for _ in range(2))
    assert first == second
    names = "n bc bc_teacher bc_shuffled bc_random bc_nn bc_cf bc_popular rbc ndcg ndcg_cf cf_bc p_value rbc_interval"
    assert set(names.split()) <= set(first)
    assert json.loads(json.dumps(first, allow_nan=False)) == first
    assert first["rbc_interval"][0] < first["rbc"] < first["rbc_interval"][1]


def test_uniform_candidates_are_easier_for_popularity(user_world, encoder, look_up, trained):
    model = look_up(user_world.folded, user_world.teacher)
    found = score(user_world, model, encoder, unrated=60, ranker=trained["user_profile"])
    assert found.other_bc["popular"].mean() > found.bc["popular"].mean() + 0.05


def test_leakage_and_missing_facts_are_refused(user_world, encoder, look_up):
    model = look_up(user_world.folded, user_world.teacher)
    known = user_world.held_out.known
    unrated = replace(known, ratings=known.ratings.iloc[:0])  # users whose vectors alone were trained on
    assert set(user_world.ratings["user"]) & set(unrated.users.ids)
    with pytest.raises(LeakageError, match="users: "):
        replace(user_world.held_out, known=unrated, held=user_world.ratings)
    nobody = replace(known, users=user_world.users.subset([]))  # and users whose ratings alone were
    with pytest.raises(LeakageError, match="users: "):
        replace(user_world.held_out, known=nobody, held=user_world.ratings)
    trained = {u: f for u, f in user_world.facts.items() if u in user_world.users}
    with pytest.raises(ValueError, match=r"every held-out user \(\d+ missing\)"):
        user_consistency(model, "user_profile", replace(user_world.held_out, facts=trained), encoder)


@pytest.mark.slow
def test_given_texts_score_as_the_model_that_wrote_them(user_world, encoder, look_up, trained):
    ranker = trained["user_profile"]
    by_model = score(user_world, look_up(user_world.folded, user_world.teacher), encoder, ranker=ranker)
    texts = {user: user_world.teacher.write(user, "user_profile") for user in user_world.folded.ids}
    given = score(user_world, {"user_profile": texts}, encoder, ranker=ranker)
    pd.testing.assert_frame_equal(given.frame(), by_model.frame())
    frame = given.frame()
    assert set(frame["measure"]) >= {"BC", "NDCG", "BC_predicted", "NDCG_predicted"}
    bc = frame[(frame["measure"] == "BC") & (frame["system"] == "nn")]
    assert bc["id"].tolist() == given.users
    assert bc["value"].mean() == pytest.approx(given.to_dict()["bc_nn"])
    assert set(given.texts_frame()["system"]) == set(frame["system"]) - {"cf", "popular"} == set(TEXTS) - {"untrained"}
    assert given.left_out == {"untrained": "texts were given, so there is no model to ask without training"}
    with pytest.raises(UnknownNameError, match="unknown scored entity 'nobody'"):
        score(user_world, {"user_profile": {**texts, "nobody": "They love war films."}}, encoder)
