import json
import zlib

import numpy as np
import pytest
from scipy import sparse

from elm.evaluation import ListSettings, edit_scores, loop_scores
from elm.recommend import (
    HeldOut,
    MultiVAEConfig,
    MultiVAETraining,
    Popularity,
    Recommender,
    TearsRun,
    TearsTraining,
    train_multivae,
    train_tears,
)

ITEMS, HALF = 40, 20
GENRES = [["Comedy"] if item < HALF else ["Horror"] for item in range(ITEMS)]
TEXTS = ("They love comedy films.\nThey avoid horror films.", "They love horror films.\nThey avoid comedy films.")


class FixedVectors:
    def encode(self, texts):
        rows = [np.random.default_rng(zlib.crc32(text.lower().encode())).normal(size=16) for text in texts]
        return np.stack([row / np.linalg.norm(row) for row in rows]).astype(np.float32)


def users_of_two_kinds(n, seed):
    """Every user rates 10 items of the own genre with 5 and 2 of the other with 1."""
    rng = np.random.default_rng(seed)
    kinds, ratings = rng.integers(0, 2, n), np.zeros((n, ITEMS), np.float32)
    for row, kind in enumerate(kinds):
        ratings[row, rng.choice(HALF, 10, replace=False) + kind * HALF] = 5
        ratings[row, rng.choice(HALF, 2, replace=False) + (1 - kind) * HALF] = 1
    return sparse.csr_matrix(ratings), [TEXTS[kind] for kind in kinds]


@pytest.fixture(scope="module")
def world():
    train, profiles = users_of_two_kinds(120, 0)
    ratings, texts = users_of_two_kinds(24, 1)
    split = HeldOut.fold_in(ratings, seed=1)
    validation = HeldOut(split.inputs, split.targets, texts)
    vae, _ = train_multivae(
        train, validation, MultiVAEConfig(ITEMS, hidden=32, latent=8), MultiVAETraining(epochs=30, batch=20)
    )
    tears, _ = train_tears(
        vae, FixedVectors(), train, profiles, validation, TearsTraining(epochs=20, batch=20), run=TearsRun(hidden=32)
    )
    recommender = Recommender(tears, [f"i{n}" for n in range(ITEMS)])
    ratings, texts = users_of_two_kinds(30, 2)
    test = HeldOut.fold_in(ratings, seed=2)
    return recommender, Popularity.fit(train), test, texts


def test_right_profiles_beat_others_and_popularity(world):
    recommender, popularity, test, texts = world
    scores = loop_scores(recommender, test.inputs, test.targets, texts, texts, popularity).to_dict()
    assert scores["ndcg_elm"] == scores["ndcg_teacher"] > scores["ndcg_shuffled"] + 0.1
    assert scores["ndcg_elm"] > scores["ndcg_popular"]
    assert scores["ndcg_history"] > scores["ndcg_popular"]
    assert scores["p_value"] < 0.01
    assert scores["n"] == 30
    assert json.loads(json.dumps(scores, allow_nan=False)) == scores


def test_the_round_trip_keeps_what_the_words_say(world):
    recommender, popularity, test, texts = world
    found = loop_scores(recommender, test.inputs, test.targets, texts, texts, popularity)
    scores = found.to_dict()
    there = recommender.latents(test.inputs, None, 0.0)[found.users]
    back = recommender.latents(None, [texts[user] for user in found.users], 1.0)
    by_hand = (there * back).sum(1) / np.linalg.norm(there, axis=1) / np.linalg.norm(back, axis=1)
    np.testing.assert_allclose(found.cosine["elm"], by_hand, atol=1e-5)
    assert scores["cosine_elm"] > scores["cosine_shuffled"] + 0.1
    assert scores["survives_elm"] == pytest.approx(scores["ndcg_elm"] / scores["ndcg_history"])
    low, high = scores["survives_elm_interval"]
    assert low <= scores["survives_elm"] <= high
    assert scores["survives_shuffled"] < low


def test_lists_may_be_shorter_and_read_less_of_the_text(world):
    recommender, popularity, test, texts = world
    given = (recommender, test.inputs, test.targets, texts, texts, popularity)
    found = loop_scores(*given, ListSettings(alpha=0.0, k=5))
    assert (found.alpha, found.k) == (0.0, 5)
    np.testing.assert_array_equal(found.ndcg["elm"], found.ndcg["history"])  # at alpha 0 no text is read
    assert (found.ndcg["popular"] <= loop_scores(*given).ndcg["popular"] + 1e-9).mean() > 0.5


def test_users_without_a_target_are_left_out(world):
    recommender, popularity, test, texts = world
    targets = test.targets.copy().tolil()
    targets[0] = 0
    found = loop_scores(recommender, test.inputs, targets.tocsr(), texts, texts, popularity)
    assert found.users.tolist() == list(range(1, 30))
    assert all(np.isfinite(values).all() for values in found.ndcg.values())


def test_the_edit_moves_the_list_and_more_so_with_alpha(world):
    recommender, _, test, texts = world
    found = edit_scores(recommender, texts, test.inputs, GENRES, alphas=(0.0, 0.5, 1.0))
    scores = found.to_dict()
    assert scores["n"] == 30
    assert set(zip(found.favourite, found.least, strict=True)) == {("Comedy", "Horror"), ("Horror", "Comedy")}
    assert scores["ndcg_genre_after"] > scores["ndcg_genre_before"] + 0.25
    rises = [row["least_after"] - row["least_before"] for row in scores["by_alpha"]]
    assert rises[0] == pytest.approx(0.0)
    assert rises[-1] > rises[0]
    assert scores["p_value"] < 0.01


def test_profiles_that_name_fewer_than_two_genres_are_left_out(world):
    recommender, _, test, texts = world
    mixed = ["They love comedy films.", *texts[1:]]
    assert edit_scores(recommender, mixed, test.inputs, GENRES, alphas=(1.0,)).users.tolist() == list(range(1, 30))
    with pytest.raises(ValueError, match="names two genres, got 0"):
        edit_scores(recommender, ["They love films."] * 30, test.inputs, GENRES)


def test_wrong_calls(world):
    recommender, popularity, test, texts = world
    with pytest.raises(ValueError, match="got 30, 30, 30 and 29"):
        loop_scores(recommender, test.inputs, test.targets, texts, texts[:-1], popularity)
    with pytest.raises(ValueError, match="30 histories, 29 profiles"):
        edit_scores(recommender, texts[:-1], test.inputs, GENRES)
