"""GERS: shares of genres by equation 7, their encoder, and a flip of shares that moves the list."""

import numpy as np
import pytest
import torch
from scipy import sparse
from taste_groups import ITEMS

from elm._errors import CallError, UnknownNameError
from elm.recommend import GenreEncoder, HeldOut, Recommender, TearsTraining, flip_shares, genre_shares, train_tears

GENRES = [("Comedy",) if item < ITEMS // 2 else ("Horror",) for item in range(ITEMS)]
KINDS = ["Comedy", "Horror"]
FIVE = [("War",), ("War", "Drama"), ("Comedy",), (), ("Drama",)]


def shares(*rows, genres=("Comedy", "Drama", "War")):
    return genre_shares(sparse.csr_matrix(np.asarray(rows, float)), FIVE, genres)


def test_equation_seven_by_hand():
    # liked: items 0, 1 and 4, with the genres War; War, Drama; Drama: 2 of 4 each.
    np.testing.assert_allclose(shares([5, 4, 3, 0, 4.5]), [[0, 0.5, 0.5]])
    np.testing.assert_allclose(shares([5, 4, 4, 5, 0]), [[1 / 4, 1 / 4, 2 / 4]])  # item 3 has no genre


def test_without_a_liked_rating_all_ratings_count():
    np.testing.assert_allclose(shares([2, 0, 1, 0, 3]), [[1 / 3, 1 / 3, 1 / 3]])
    np.testing.assert_allclose(shares([0, 1, 0, 0, 0]), [[0, 0.5, 0.5]])


def test_without_any_item_of_these_genres_shares_are_equal():
    np.testing.assert_allclose(shares([0, 0, 0, 0, 0], [0, 0, 0, 5, 0]), np.full((2, 3), 1 / 3))
    np.testing.assert_allclose(shares([0, 0, 5, 0, 0], genres=("Drama", "War")), [[0.5, 0.5]])


def test_a_genre_that_no_item_has_is_an_error_that_names_the_nearest():
    with pytest.raises(UnknownNameError, match="unknown genre 'Comedies'; did you mean 'Comedy'"):
        shares([5, 0, 0, 0, 0], genres=("Comedies",))
    with pytest.raises(CallError, match="5 entries, one per item, got 4"):
        genre_shares(sparse.csr_matrix((1, 5)), FIVE[:4], ["War"])


@pytest.fixture(scope="module")
def gers(world, vae) -> Recommender:
    held = HeldOut(
        world.validation.inputs, world.validation.targets, genre_shares(world.validation.inputs, GENRES, KINDS)
    )
    torch.manual_seed(0)
    side = GenreEncoder(KINDS, vae.latent, hidden=16, dropout=0.0)
    options = TearsTraining(epochs=25, batch=20)
    model, _ = train_tears(vae, side, world.train, genre_shares(world.train, GENRES, KINDS), held, options)
    return Recommender(model, [f"film{i:02d}" for i in range(ITEMS)])


def comedies(places) -> int:
    return sum(int(place.item[4:]) < ITEMS // 2 for place in places)


def test_gers_reads_a_mapping_and_follows_its_flip(gers):
    assert comedies(gers.recommend(profile={"Comedy": 1.0}, k=10)) == 10
    assert comedies(gers.recommend(profile={"Horror": 1.0}, k=10)) == 0
    history = [f"film{i:02d}" for i in range(6)]
    assert comedies(gers.recommend(history, {"Horror": 1.0}, alpha=0.0, k=10)) == 10
    assert comedies(gers.recommend(history, {"Horror": 1.0}, alpha=1.0, k=10)) == 0


def test_flipped_shares_move_every_users_list(gers, world):
    before = genre_shares(world.test.inputs, GENRES, KINDS)
    liked = before.argmax(1)
    after = flip_shares(before, liked, 1 - liked)
    np.testing.assert_allclose(after, before[:, ::-1])
    best = [gers.scores(profiles=rows, alpha=1.0).argmax(1) // (ITEMS // 2) for rows in (before, after)]
    np.testing.assert_array_equal(best[0], liked)
    np.testing.assert_array_equal(best[1], 1 - best[0])


def test_all_of_the_side_is_trained(gers):
    own = {name for name in gers.model.trainable_names() if name.startswith("text.")}
    assert own == {f"text.network.{layer}.{part}" for layer in (0, 3, 5) for part in ("weight", "bias")}
    assert not {name for name in gers.model.trainable_names() if name.startswith("vae.encoder")}


@pytest.mark.parametrize(
    ("profiles", "error", "message"),
    [
        ([{"Western": 1.0}], UnknownNameError, "unknown genre 'Western'"),
        ([{"Comedy": 0.0}], CallError, "one of them above 0"),
        ([{"Comedy": -1.0, "Horror": 2.0}], CallError, "not negative"),
        ([{"Comedy": float("nan")}], CallError, "finite"),
        (["Likes comedies."], CallError, "pass a mapping genre -> share, got 'Likes comedies.'"),
        (np.ones((2, 3)), CallError, r"2 shares, one a genre, got an array of shape \(2, 3\)"),
    ],
)
def test_bad_profiles(gers, profiles, error, message):
    with pytest.raises(error, match=message):
        gers.model.text.prepare(profiles)


@pytest.mark.parametrize("genres", [[], ["War", "War"]])
def test_genres_are_at_least_one_each_once(genres):
    with pytest.raises(CallError, match="at least one, each once"):
        GenreEncoder(genres, 4)
