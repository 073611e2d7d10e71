"""The large-scope edit: words swapped in the text, genre-wise NDCG, and that the list follows."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse
from taste_groups import ITEMS

from elm._errors import CallError, UnknownNameError
from elm.data import GENRES
from elm.recommend import (
    edit_genres,
    evaluate_edit,
    evaluate_profiles,
    genre_ndcg,
    genre_preferences,
    names_genre,
    swap_genres,  # fmt: skip
)
from elm.recommend._genre_words import genre_words

KINDS = [["Comedy"] if i < ITEMS // 2 else ["Horror"] for i in range(ITEMS)]


@pytest.mark.parametrize(
    ("text", "one", "two", "expected"),
    [
        ("They love comedy films.", "Comedy", "Horror", "They love horror films."),
        ("Comedies delight; HORROR bores.", "Comedy", "Horror", "Horror films delight; COMEDY bores."),
        ("Romantic dramas and mysteries", "Drama", "Mystery", "Romantic mysteries and dramas"),
        ("A dramatic, mysterious tale", "Drama", "Mystery", "A mysterious, dramatic tale"),
        ("Sci-fi and sci-fi", "Sci-Fi", "War", "War and war"),
        ("loves science fiction, not war", "Sci-Fi", "War", "loves war, not science fiction"),
        ("An action film, a comedy", "Action", "Comedy", "A comedy film, an action"),
        ("Children’s films and film noir", "Children", "Film-Noir", "Film noir films and children's"),
        ("Star Wars warms the heart", "War", "Comedy", "Star Wars warms the heart"),
        ("melodrama", "Drama", "War", "melodrama"),
        ("Loves drama.", "Drama", "Drama", "Loves drama."),
        ("animated films, not westerns", "Animation", "Western", "western films, not animations"),
    ],
)
def test_swaps(text, one, two, expected):
    assert swap_genres(text, one, two) == expected


@given(st.lists(st.sampled_from(GENRES), min_size=2, max_size=2, unique=True), st.integers(0, 10**6))
def test_swapping_twice_gives_the_text_back_and_the_order_does_not_matter(pair, seed):
    one, two = pair
    rng = np.random.default_rng(seed)
    named = [genre_words(genre).label[0] for genre in rng.choice(GENRES, 6)]
    text = " ".join(f"They {rng.choice(['love', 'avoid'])} {name} films." for name in named)
    edited = swap_genres(text, one, two)
    assert swap_genres(edited, one, two) == text
    assert swap_genres(text, two, one) == edited
    assert names_genre(edited, two) == names_genre(text, one)


def test_an_unknown_genre_is_named():
    with pytest.raises(UnknownNameError, match="unknown genre 'Comedi'; did you mean 'Comedy'"):
        swap_genres("text", "Comedi", "War")


def test_every_movielens_genre_has_words():
    assert all(names_genre(f"Loves {genre_words(genre).label[0]} films", genre) for genre in GENRES)
    assert genre_words("children's") == genre_words("Children")


def test_genre_ndcg_counts_all_places_in_its_ideal():
    mask = np.array([True, True, False, False])
    ranked = np.array([[0, 1, 2], [2, 3, 0], [3, 2, 3]])
    weights = 1 / np.log2([2, 3, 4])
    expected = [weights[:2].sum(), weights[2], 0] / weights.sum()
    np.testing.assert_allclose(genre_ndcg(ranked, mask, k=3), expected)
    np.testing.assert_allclose(genre_ndcg(ranked, np.tile(mask, (3, 1)), k=3), expected)
    np.testing.assert_allclose(genre_ndcg(np.array([[0, 1]]), mask, k=2), [1.0])


def test_the_list_follows_the_edit_and_more_so_with_alpha(recommender, world):
    kinds = [("Comedy", "Horror") if group == 0 else ("Horror", "Comedy") for group in world.test_groups]
    favourite, least = zip(*kinds, strict=True)
    effect = evaluate_edit(recommender, world.test.profiles, world.test.inputs, favourite, least, KINDS, k=5)
    rise = effect.rise.mean(axis=1)
    assert effect.rise.shape == (5, len(favourite))
    assert effect.changed.all()
    np.testing.assert_allclose(rise[0], 0)
    assert rise[-1] > 0.9
    assert (np.diff(rise) >= 0).all()
    np.testing.assert_allclose(effect.fall, effect.rise)  # with two genres one gains what the other loses


def test_an_edit_without_histories(recommender, world):
    effect = evaluate_edit(recommender, ["Sings."], None, ["Comedy"], ["Horror"], KINDS, alphas=(1.0,))
    assert not effect.changed.any()
    assert effect.rise.item() == 0
    with pytest.raises(CallError, match="only alpha 1"):
        evaluate_edit(recommender, ["Sings."], None, ["Comedy"], ["Horror"], KINDS)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"favourite": []}, CallError, "1 profiles, 0 favourites"),
        ({"item_genres": KINDS[:3]}, CallError, "40 entries, one an item, got 3"),
        ({"least": ["War"]}, UnknownNameError, "unknown genre 'War'; known: Comedy, Horror"),
    ],
)
def test_wrong_edits(recommender, change, error, message):
    call = {"profiles": ["Likes comedy."], "histories": None, "favourite": ["Comedy"], "least": ["Horror"]}
    with pytest.raises(error, match=message):
        evaluate_edit(recommender, **{**call, "item_genres": KINDS, "alphas": (1.0,), **change})


def test_profiles_of_the_own_group_rank_the_targets(recommender, world):
    test = world.test
    right = evaluate_profiles(recommender, test.inputs, test.profiles, test.targets, alpha=1.0)
    wrong_texts = [swap_genres(text, "Comedy", "Horror") for text in test.profiles]
    wrong = evaluate_profiles(recommender, test.inputs, wrong_texts, test.targets, alpha=1.0)
    assert right.shape == (24,)
    assert (right > wrong).all()


def test_preferences_are_shrunk_deviations():
    ratings = sparse.csr_matrix([[5.0, 5.0, 2.0, 0.0]])
    found = genre_preferences(ratings, [["War"], ["War", "Drama"], ["Drama"], ["Comedy"]], shrink=2.0)
    assert list(found.columns) == ["Comedy", "Drama", "War"]
    np.testing.assert_allclose(found.iloc[0], [0.0, (1 - 2) / 4, (1 + 1) / 4])


def test_edit_genres_picks_among_those_the_text_names():
    preference = {"Comedy": 0.5, "War": -0.5, "Drama": 2.0, "Horror": 0.1}
    assert edit_genres("Loves comedies and horror, avoids war films.", preference) == ("Comedy", "War")
    assert edit_genres("Loves dramas.", preference) is None
