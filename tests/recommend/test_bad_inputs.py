"""What people hand in by mistake or at the edge: each an error that says what to do, or a recovery that is written."""

import dataclasses
import time

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from taste_groups import ITEMS, TEXTS

from elm._errors import CallError, UnknownNameError
from elm.data import demo
from elm.recommend import (
    Popularity,
    RecommendationSplit,
    Thresholds,
    evaluate_edit,
    evaluate_profiles,
    fit_backbone,
    genre_shares,
    pieces,
    split_dataset,
)

FIRST = [f"film{i:02d}" for i in range(6)]
GENRES = [("Comedy",) if item < ITEMS // 2 else ("Horror",) for item in range(ITEMS)]


@pytest.mark.parametrize("profile", ["", " \n\t", "...", "- \n* \n", "!?"])
def test_an_empty_profile_is_an_error_everywhere(recommender, profile):
    calls = (
        lambda: recommender.recommend(FIRST, profile),
        lambda: recommender.z(profile=profile),
        lambda: recommender.scores(profiles=["Likes wit.", profile]),
        lambda: recommender.diff("Likes wit.", profile),
        lambda: recommender.explain_edit("Likes wit.", profile),
    )
    for call in calls:
        with pytest.raises(CallError, match=r"empty|must hold"):
            call()


@pytest.mark.parametrize(
    "profile",
    [
        "J'aime les comédies tendres. Je n'aime pas les films d'horreur.",
        "Любит комедии. Не любит ужасы.",
        "喜欢喜剧片。不喜欢恐怖片。",
        "يحب الأفلام الكوميدية ويكره الرعب",
        "😀 😱",
        "likes\x00comedy \u202efilms\u202c",
    ],
)
def test_a_profile_in_any_language_gives_a_whole_list_of_finite_scores(recommender, profile):
    if not pieces(profile):  # signs alone, such as emoji, hold no word
        with pytest.raises(CallError, match="must hold at least one word"):
            recommender.recommend(FIRST, profile)
        return
    places = recommender.recommend(FIRST, profile, alpha=1.0, k=20)
    assert len(places) == 20
    assert np.isfinite([place.score for place in places]).all()
    assert np.isfinite(recommender.z(FIRST, profile, 0.5)).all()


def long_profile(words: int, last: str) -> str:
    """Sentences of ten words, every one of them another, and a last one."""
    start = " ".join(f"Number {i} of these sentences says nothing of any use." for i in range(words // 10))
    return f"{start} {last}"


@pytest.mark.slow
@pytest.mark.parametrize("words", [5_000, 50_000])
def test_an_edit_of_the_last_sentence_of_a_very_long_profile_counts(recommender, words):
    started = time.perf_counter()
    before, after = (
        recommender.z(profile=long_profile(words, f"Likes {kind} films.")) for kind in ("comedy", "horror")
    )
    assert time.perf_counter() - started < 60  # a hang, not a speed
    assert np.isfinite(before).all()
    assert np.abs(before - after).max() > 1e-6


@pytest.mark.parametrize(
    "text",
    [
        "word " * 50_000,
        "They like " + " and ".join(f"thing{i}" for i in range(20_000)),
        "They like " + ", ".join(f"thing{i}" for i in range(20_000)),
        "they are not " + "very " * 50_000,
        "a" + " " * 100_000 + "b",
        "a" + "\n" * 50_000 + "b",
        "x" * 200_000,
        "(" * 50_000 + "a",
        ": " * 50_000 + "a",
    ],
    ids=["words", "ands", "commas", "leads", "spaces", "lines", "letters", "brackets", "colons"],
)
def test_no_form_of_a_long_text_takes_a_time_that_is_square_in_it(text):
    started = time.perf_counter()
    assert pieces(text)
    assert time.perf_counter() - started < 10  # square: minutes


def test_unknown_items_are_named_with_the_nearest(recommender):
    for call in (recommender.recommend, recommender.z, lambda history: recommender.rows([history])):
        with pytest.raises(UnknownNameError, match="unknown item 'film400'; did you mean 'film00'"):
            call(["film01", "film400"])
        with pytest.raises(UnknownNameError, match="unknown item '7'"):
            call({7: 5.0})


@pytest.mark.parametrize("alpha", [-0.01, 1.01, float("nan"), float("inf")])
def test_an_alpha_outside_its_range_is_refused_by_every_call(recommender, world, alpha):
    test = world.test
    calls = (
        lambda: recommender.recommend(FIRST, TEXTS[0], alpha),
        lambda: recommender.guide(FIRST, "More horror.", alpha),
        lambda: recommender.diff(*TEXTS, FIRST, alpha),
        lambda: recommender.scores(test.inputs, test.profiles, alpha),
        lambda: recommender.latents(test.inputs, test.profiles, alpha),
        lambda: evaluate_profiles(recommender, test.inputs, test.profiles, test.targets, alpha),
    )
    for call in calls:
        with pytest.raises(CallError, match="must lie between 0 and 1, got"):
            call()


@pytest.mark.parametrize("alpha", ["0.5", [0.5]])
def test_an_alpha_is_a_number(recommender, alpha):
    with pytest.raises(CallError, match="alpha is the weight of the text, a number"):
        recommender.recommend(FIRST, TEXTS[0], alpha=alpha)


@pytest.mark.parametrize("k", [2.5, "3", True, None, 0, ITEMS + 1])
def test_k_is_a_whole_number(recommender, k):
    with pytest.raises(CallError, match=f"k must be a whole number between 1 and {ITEMS}"):
        recommender.recommend(FIRST, k=k)
    assert len(recommender.recommend(FIRST, k=np.int64(3))) == 3


def test_nobody_and_a_user_without_a_history(recommender):
    for call in (recommender.scores, recommender.latents):
        with pytest.raises(CallError, match="got no profile; pass at least one"):
            call(None, [])
    with pytest.raises(CallError, match="history 1 is None; leave that user out"):
        recommender.rows([FIRST, None, FIRST])
    assert recommender.scores(recommender.rows([])).shape == (0, ITEMS)


def test_a_user_without_positives_gets_a_list_from_what_they_rated(recommender):
    low = dict.fromkeys(FIRST, 1.0)
    assert len(recommender.recommend(low, k=10)) == 10
    assert genre_shares(recommender.rows([low]), GENRES, ["Comedy", "Horror"]).tolist() == [[1.0, 0.0]]


def test_training_users_without_positives_teach_nothing_and_do_no_harm(world):
    dull = sparse.csr_matrix((np.ones(3, np.float32), ([0, 0, 1], [1, 2, 3])), shape=(2, ITEMS))
    train = sparse.csr_matrix(sparse.vstack([world.train, dull, sparse.csr_matrix((1, ITEMS))]))
    for name, settings in (("ease", {"penalty": 10.0}), ("multi-vae", {"epochs": 2, "hidden": 8, "latent": 4})):
        model = fit_backbone(name, train, world.validation, **settings)
        scores = model.scores(world.test.inputs)
        assert np.isfinite(scores[world.test.inputs.toarray() == 0]).all()


def test_a_genre_that_no_item_has_is_an_error(recommender, world):
    with pytest.raises(UnknownNameError, match="unknown genre 'Western'"):
        genre_shares(world.train, GENRES, ["Comedy", "Western"])
    with pytest.raises(UnknownNameError, match="'Western'"):
        evaluate_edit(recommender, [TEXTS[0]], None, ["Comedy"], ["Western"], GENRES, alphas=(1.0,))


def test_ratings_that_come_twice_are_refused_by_name():
    world = demo(n_films=60, n_users=10)
    rows = pd.concat([world.interactions, world.interactions.head(1)])
    with pytest.raises(CallError, match=r"'u1'.*drop_duplicates"):
        dataclasses.replace(world, interactions=rows)
    split = split_dataset(demo(n_films=150, n_users=60), "weak", thresholds=Thresholds(5, 3))
    twice = pd.concat([split.rows, split.rows.head(1)])
    with pytest.raises(CallError, match="some pairs of user and item repeat"):
        RecommendationSplit(twice, split.about)


def test_entries_of_a_matrix_that_come_twice_are_summed_as_scipy_does():
    twice = sparse.coo_matrix(([2.0, 2.0, 5.0], ([0, 0, 1], [1, 1, 2])), shape=(2, 4))
    once = sparse.csr_matrix([[0, 4.0, 0, 0], [0, 0, 5.0, 0]])
    np.testing.assert_array_equal(Popularity.fit(twice).counts, Popularity.fit(once).counts)


@pytest.mark.parametrize("rating", [-1.0, float("nan"), float("inf")])
def test_negative_and_infinite_ratings_are_refused(recommender, world, rating):
    with pytest.raises(CallError, match="a rating must be a number above 0"):
        recommender.recommend({"film01": rating})
    bad = world.train.copy()
    bad.data[3] = rating
    for call in (
        lambda: Popularity.fit(bad),
        lambda: recommender.scores(bad),
        lambda: fit_backbone("ease", bad, world.validation),
    ):
        with pytest.raises(CallError, match=r"must not be negative|must be finite"):
            call()


def test_fractional_ratings_count_by_the_threshold(recommender):
    z = [recommender.z({**dict.fromkeys(FIRST, 5.0), "film30": rating}) for rating in (3.5, 4.0, 4.5)]
    assert all(np.isfinite(one).all() for one in z)
    shares = genre_shares(recommender.rows([{"film01": 3.99, "film30": 4.0}]), GENRES, ["Comedy", "Horror"])
    assert shares.tolist() == [[0.0, 1.0]]
