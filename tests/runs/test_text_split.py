"""A split with texts: written from inputs alone, brought from elsewhere, with genres, words and views beside them."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from elm._errors import CallError
from elm.data import demo
from elm.recommend import RecommendationSplit, Thresholds, split_dataset
from elm.recommend.tears._text_split import _wording
from elm.runs import text_split

LIMITS = Thresholds(user_ratings=8, item_ratings=2, held_out=40)
PARTS = ("train", "validation", "test")


@pytest.fixture(scope="module")
def world():
    return demo(n_films=150, n_users=150)


@pytest.fixture(scope="module", params=["paper", "weak"])
def split(world, request) -> RecommendationSplit:
    return split_dataset(world, request.param, 0, LIMITS)


def test_each_user_of_each_part_has_a_text_in_the_order_of_the_matrices(world, split):
    found = text_split(world, split)
    writer = found.writer
    for part in PARTS:
        assert len(found.texts[part]) == len(split.users(part)) == found.inputs(part).shape[0]
    if split.weak:
        return
    for number, row in enumerate(found.inputs("test")[:5]):
        ids = [split.items[column] for column in row.indices]
        assert found.texts["test"][number] == writer.write(ids, row.data, _wording(split.users("test")[number]))
    held = found.held_out("test")
    assert held.profiles == found.texts["test"]
    np.testing.assert_array_equal(held.targets.toarray(), split.held_out("test").targets.toarray())


def test_texts_come_from_inputs_alone(world):
    split = split_dataset(world, "paper", 0, LIMITS)
    rows = split.rows.copy()
    hidden = (rows["part"] != "train") & (rows["role"] == "target")
    assert hidden.any()
    rows.loc[hidden, "rating"] = 6 - rows.loc[hidden, "rating"]
    before, after = (text_split(world, one).texts for one in (split, RecommendationSplit(rows, split.about)))
    assert before == after
    rows.loc[rows["role"] == "input", "rating"] = 6 - rows.loc[rows["role"] == "input", "rating"]
    assert text_split(world, RecommendationSplit(rows, split.about)).texts["test"] != before["test"]


def test_what_is_common_is_learned_from_training_users(world):
    split = split_dataset(world, "paper", 0, LIMITS)
    rows = world.interactions.copy()
    others = ~rows["user"].isin(set(split.users("train")))
    rows.loc[others, "rating"] = 6 - rows.loc[others, "rating"]
    changed = dataclasses.replace(world, interactions=rows[~others | (rows.index % 2 == 0)])
    assert text_split(changed, split).texts == text_split(world, split).texts


def test_what_a_weak_split_holds_out_is_not_learned_from(world):
    split = split_dataset(world, "weak", 0, LIMITS)
    hidden = set(map(tuple, split.rows.loc[split.rows["part"] != "train", ["user", "item"]].to_numpy()))
    kept = [pair not in hidden for pair in zip(world.interactions["user"], world.interactions["item"], strict=True)]
    assert not all(kept)
    known = dataclasses.replace(world, interactions=world.interactions[kept])
    assert text_split(known, split).texts == text_split(world, split).texts


def test_users_without_inputs_are_told(world):
    split = split_dataset(world, "paper", 0, LIMITS)
    user = split.users("test")[0]
    rows = split.rows[(split.rows["user"] != user) | (split.rows["role"] == "target")]
    with pytest.raises(CallError, match=f"1 users of the split have none, such as '{user}'; keep users with 3"):
        text_split(world, RecommendationSplit(rows, split.about))


def test_texts_of_another_hand(world, split):
    own = {user: f"The person called {user} likes war films." for part in PARTS for user in split.users(part)}
    found = text_split(world, split, texts=own | {"nobody": "A text too many."})
    assert found.texts["test"] == [own[user] for user in split.users("test")]
    lacking = split.users("test")[0]
    with pytest.raises(CallError, match=f"1 have none, such as '{lacking}'"):
        text_split(world, split, texts={user: text for user, text in own.items() if user != lacking})


def test_genres_words_and_shares(world, split):
    found = text_split(world, split)
    assert found.genres == [tuple(world.items.loc[item, "genres"]) for item in split.items]
    assert found.kinds == sorted({genre for genres in found.genres for genre in genres})
    assert all(len(words) == 3 for words in found.words)  # the moods of a generated film
    shares = found.shares("test")
    assert shares.shape == (len(split.users("test")), len(found.kinds))
    np.testing.assert_allclose(shares.sum(1), 1, rtol=1e-5)
    np.testing.assert_array_equal(found.held_out("test", shares=True).profiles, shares)


def test_plots_bring_themes(world):
    split = split_dataset(world, "paper", 0, LIMITS)
    items = world.items.index
    plots = [f"A tale of {'exile' if n % 3 == 0 else 'harvest'} and of a stranger {n}." for n in range(len(items))]
    texts = pd.DataFrame({"item": items, "source": "plot", "text": plots})
    found = text_split(dataclasses.replace(world, texts=texts, facts=None), split)
    about = {split.items.index(item) for n, item in enumerate(items) if n % 3 == 0 and item in set(split.items)}
    assert {n for n, words in enumerate(found.words) if "exile" in words} == about
    bare = text_split(dataclasses.replace(world, texts=texts[:0], facts=None), split)
    assert set(bare.words) == {()}


def test_views_have_texts_or_shares(world):
    found = text_split(world, split_dataset(world, "paper", 0, LIMITS))
    assert found.views(0) is None
    views, shares = found.views(2, seed=1), found.views(2, seed=1, shares=True)
    assert all("enjoy" in profile or "favourites" in profile for profile in views.profiles)
    np.testing.assert_array_equal(views.targets.toarray(), shares.targets.toarray())
    assert shares.profiles.shape == (views.targets.shape[0], len(found.kinds))
    assert isinstance(views.targets, sparse.csr_matrix)
    assert found.views(2, seed=1).profiles == views.profiles != found.views(2, seed=2).profiles


@pytest.mark.parametrize(("name", "noun"), [("goodbooks-10k", "books"), ("amazon-toys", "products"), ("mine", "items")])
def test_kinds_that_no_domain_knows_are_told_in_the_data_sets_own_nouns(name, noun):
    """Goodbooks, a shop and anything else: the kinds are those that items have."""
    world = demo(n_films=60, n_users=40, seed=3)
    genres = [["Zithers"] if number % 2 else ["Kazoos"] for number in range(len(world.items))]
    data = dataclasses.replace(
        world, name=name, items=world.items.assign(genres=genres), facts=None, texts=world.texts[:0]
    )
    found = text_split(data, split_dataset(data, "weak", thresholds=Thresholds(5, 2)))
    assert found.kinds == ["Kazoos", "Zithers"]
    assert all(f"kazoos {noun}" in text or f"zithers {noun}" in text for text in found.texts["test"])


def test_without_kinds_there_is_still_something_to_read():
    world = demo(n_films=60, n_users=40, seed=3)
    items = world.items.assign(genres=[[] for _ in world.items.index], year=None)
    data = dataclasses.replace(world, items=items, facts=None, texts=world.texts[:0])
    assert all(text_split(data, split_dataset(data, "weak", thresholds=Thresholds(5, 2))).texts["train"])


def test_a_style_that_is_none_is_refused():
    world = demo(n_films=120, n_users=120)
    split = split_dataset(world, "paper", 0, Thresholds(user_ratings=8, item_ratings=2, held_out=30))
    with pytest.raises(CallError, match="one of parts, prose, got 'poems'"):
        text_split(world, split, style="poems")
    parts, prose = (text_split(world, split, style=style).texts["test"] for style in ("parts", "prose"))
    assert parts == text_split(world, split).texts["test"]
    assert parts != prose
