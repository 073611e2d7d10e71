"""The large-scope edit: words swapped in the text, genre-wise NDCG, and that the list follows."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse
from taste_groups import ITEMS

from elm._errors import CallError, UnknownNameError
from elm.data import GENRES
from elm.evaluation import draw_flips, genre_attributes, guided, large_scope
from elm.metrics import genre_ndcg
from elm.recommend import (
    EditOptions,
    RuleEditor,
    all_on,
    edit_genres,
    evaluate_edit,
    evaluate_profiles,
    flip_shares,
    genre_preferences,
    names_genre,
    ndcg_at,
    swap_genres,
)
from elm.recommend.profiles._genre_words import genre_words

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


def test_a_genre_of_other_data_goes_by_its_own_name():
    assert swap_genres("Loves toys, not comedies.", "Toys", "Comedy") == "Loves comedy, not toys films."
    assert list(genre_attributes([["Home & Garden"], ["Toys"]], ["Home & Garden", "Toys"])) == ["home & garden", "toys"]
    with pytest.raises(CallError, match="a genre must hold a word, got ' '"):
        swap_genres("text", " ", "War")
    with pytest.raises(UnknownNameError, match="unknown genre 'Comedi'; did you mean 'Comedy'"):
        genre_attributes(KINDS, ["Comedi"])  # a slip of the pen is found where the catalogue is known


def test_every_movielens_genre_has_words():
    assert all(names_genre(f"Loves {genre_words(genre).label[0]} films", genre) for genre in GENRES)
    assert genre_words("children's") == genre_words("Children")


def test_genre_ndcg_of_a_short_list_and_of_empty_places():
    last = np.array([False, True])  # an empty place, -1, is not the last item
    np.testing.assert_allclose(genre_ndcg(np.array([[0, -1]]), last, k=2), [0.0])
    np.testing.assert_allclose(genre_ndcg(np.array([[1]]), last, k=2), [1 / (1 + 1 / np.log2(3))])


def test_genre_ndcg_counts_all_places_in_its_ideal():
    mask = np.array([True, True, False, False])
    ranked = np.array([[0, 1, 2], [2, 3, 0], [3, 2, 3]])
    weights = 1 / np.log2([2, 3, 4])
    expected = [weights[:2].sum(), weights[2], 0] / weights.sum()
    np.testing.assert_allclose(genre_ndcg(ranked, mask, k=3), expected)
    np.testing.assert_allclose(genre_ndcg(ranked, np.tile(mask, (3, 1)), k=3), expected)
    np.testing.assert_allclose(genre_ndcg(np.array([[0, 1]]), mask, k=2), [1.0])


def test_a_soft_attribute_counts_by_how_much_items_have_of_it():
    ranked = np.array([[0, 1, 2], [2, 1, 0]])
    weights = np.array([1.0, 0.5, 0.0])
    discounts = 1 / np.log2([2, 3, 4])
    expected = np.array([weights @ discounts, weights[::-1] @ discounts]) / discounts.sum()
    np.testing.assert_allclose(genre_ndcg(ranked, weights, k=3), expected)
    with pytest.raises(CallError, match="between 0 and 1 of a genre or attribute"):
        genre_ndcg(ranked, weights * 2, k=3)


def test_the_list_follows_the_edit_and_more_so_with_alpha(recommender, world):
    kinds = [("Comedy", "Horror") if group == 0 else ("Horror", "Comedy") for group in world.test_groups]
    favourite, least = zip(*kinds, strict=True)
    effect = evaluate_edit(
        recommender, world.test.profiles, world.test.inputs, favourite, least, KINDS, options=EditOptions(k=5)
    )
    rise = effect.rise.mean(axis=1)
    assert effect.rise.shape == (5, len(favourite))
    assert effect.changed.all()
    np.testing.assert_allclose(rise[0], 0)
    assert rise[-1] > 0.9
    assert (np.diff(rise) >= 0).all()
    np.testing.assert_allclose(effect.fall, effect.rise)  # with two genres one gains what the other loses


def test_a_trained_model_is_guided_and_flipped(recommender, world):
    test, own = world.test, world.test_groups
    attributes = genre_attributes(KINDS, ["Comedy", "Horror"])
    phrases = "Likes {} films.", "Dislikes {} films."
    found = {
        less: guided(recommender, test.inputs, attributes, (0.5, 1.0), k=5, phrases=phrases, less=less)
        for less in ("added", "subtracted")
    }
    for genre in (0, 1):  # whose history is of the other genre gets more, whose is of this one gets less
        assert found["added"].rise[genre, 1, own != genre].mean() > 0.9
        assert found["added"].fall[genre, 1, own == genre].mean() > 0.9
        assert found["subtracted"].fall[genre, 1, own == genre].mean() < 0.5  # "dislikes" is understood already

    flips = draw_flips(RuleEditor(), test.profiles, ["Comedy", "Horror"])
    large = large_scope(recommender, test, flips, KINDS, (0.0, 1.0), k=5)
    assert large.summary()["rise"].tolist() == pytest.approx([0, 1], abs=0.05)
    assert large.summary()["fall_share"].tolist() == [0, 1]


def test_an_edit_without_histories(recommender, world):
    effect = evaluate_edit(recommender, ["Sings."], None, ["Comedy"], ["Horror"], KINDS, alphas=(1.0,))
    assert not effect.changed.any()
    assert effect.rise.item() == 0
    with pytest.raises(CallError, match="only alpha 1"):
        evaluate_edit(recommender, ["Sings."], None, ["Comedy"], ["Horror"], KINDS)


def test_an_edit_by_somebody_else_and_the_ndcg_of_the_text_before(recommender, world):
    test = world.test
    other = [text + " Sings." for text in test.profiles]
    pair = (["Comedy"] * 24, ["Horror"] * 24, KINDS)
    options = EditOptions(edited=other, targets=test.targets)
    effect = evaluate_edit(recommender, test.profiles, test.inputs, *pair, (0.5,), options)
    np.testing.assert_allclose(
        effect.ndcg[0], ndcg_at(recommender.scores(test.inputs, test.profiles, 0.5), test.targets)
    )
    swapped = evaluate_edit(recommender, test.profiles, test.inputs, *pair, (0.5,))
    assert abs(effect.rise).sum() < abs(swapped.rise).sum()
    assert swapped.ndcg is None


def test_shares_of_genres_are_flipped_and_gathered():
    shares = np.array([[0.6, 0.3, 0.1], [0.0, 0.5, 0.5]])
    np.testing.assert_allclose(flip_shares(shares, [0, 2], [2, 0]), [[0.1, 0.3, 0.6], [0.5, 0.5, 0.0]])
    np.testing.assert_allclose(all_on(shares, [2, 0]), [[0, 0, 1], [1, 0, 0]])
    np.testing.assert_allclose(shares[0], [0.6, 0.3, 0.1])  # the caller's stays
    with pytest.raises(CallError, match=r"shares are \(n, genres\) with a column a user"):
        flip_shares(shares, [0], [1])
    with pytest.raises(CallError, match="columns lie between 0 and 2, got 0 to 3"):
        all_on(shares, [0, 3])


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"options": EditOptions(edited=[])}, CallError, "1 profiles, 0 after the edit"),
        ({"favourite": []}, CallError, "1 profiles, 0 favourites"),
        ({"item_genres": KINDS[:3]}, CallError, "40 entries, one per item, got 3"),
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
