"""Tastes are read from ratings alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from elm._errors import CallError, UnknownNameError
from elm.data import ATTRIBUTES, GENRES, Dataset, Facts, demo
from elm.tasks import TemplateTeacher, TraitReader, UserFacts, domain_of, trait_matrix


@pytest.fixture(scope="module")
def world() -> Dataset:
    return demo(n_films=200, n_users=80)


def planted(love: str, hate: str, n: int = 400) -> Dataset:
    """Films of one genre each; user "fan" gives five stars to one genre and one to another, "others" rate all alike."""
    genres = [[GENRES[i % len(GENRES)]] for i in range(n)]
    items = pd.DataFrame(
        {"title": [f"Film {i}" for i in range(n)], "year": [1950 + i % 50 for i in range(n)], "genres": genres},
        index=[f"i{i}" for i in range(n)],
    )
    rows = [("others", item, 3.0) for item in items.index]
    rows += [
        ("fan", item, 5.0 if g == [love] else 1.0 if g == [hate] else 3.0)
        for item, g in list(zip(items.index, genres, strict=True))[: n // 2]
    ]
    return Dataset(
        "planted", items, pd.DataFrame(index=["fan", "others"]), pd.DataFrame(rows, columns=["user", "item", "rating"])
    )


@pytest.mark.parametrize(("love", "hate"), [("War", "Musical"), ("Sci-Fi", "Drama"), ("Children", "Horror")])
def test_planted_tastes_are_read_and_are_strong(love: str, hate: str) -> None:
    data = planted(love, hate)
    facts = TraitReader(data).read_all(data.interactions)["fan"]
    assert facts.likes[0] == (love, 0)
    assert facts.dislikes[0] == (hate, 0)
    scores = dict(zip((reader := TraitReader(data)).traits, reader.scores(*ratings_of(data, "fan")), strict=True))
    assert 1 <= len(facts.likes) <= 6
    assert 1 <= len(facts.dislikes) <= 4
    assert all(scores[trait] > 0 for trait, _ in facts.likes)
    assert all(scores[trait] < 0 for trait, _ in facts.dislikes)


def ratings_of(data: Dataset, user: str) -> tuple[list[str], np.ndarray]:
    own = data.interactions[data.interactions["user"] == user]
    return own["item"].tolist(), own["rating"].to_numpy(float)


def test_nobody_is_told_a_taste_that_their_ratings_do_not_show(world: Dataset) -> None:
    reader = TraitReader(world)
    for user, facts in reader.read_all(world.interactions).items():
        scores = dict(zip(reader.traits, reader.scores(*ratings_of(world, user)), strict=True))
        assert all(scores[trait] > 0 for trait, _ in facts.likes)
        assert all(scores[trait] < 0 for trait, _ in facts.dislikes)


def test_ratings_that_show_nothing_are_said_to_show_nothing() -> None:
    data = planted("War", "Musical", n=18)  # who rates all films alike has no taste
    facts = TraitReader(data).read_all(data.interactions)["others"]
    assert not [trait for trait, _ in facts.likes if trait in GENRES]
    assert TemplateTeacher({"u": UserFacts((), ())}).write("u", "user_profile") == "- They enjoy films of every genre."


def test_seeking_a_kind_counts_as_liking_it() -> None:
    """Equal stars for all, but every second film that the user picks is a war film."""
    data = planted("War", "Musical")
    items = [i for i, g in data.items["genres"].items() if g == ["War"]] + ["i0", "i1", "i2", "i3"]
    assert TraitReader(data).read(items, np.full(len(items), 4.0)).likes[0][0] == "War"


def test_a_trait_that_no_film_has_is_neither_liked_nor_disliked() -> None:
    data = planted("War", "Musical")
    data = replace(
        data, items=data.items.assign(genres=[["Drama"] if g == ["Western"] else g for g in data.items.genres])
    )
    reader = TraitReader(data)
    scores = dict(zip(reader.traits, reader.scores(["i16", "i11"], np.array([5.0, 1.0])), strict=True))
    assert "Western" not in scores


def test_scores_equal_the_formula_by_hand() -> None:
    data = planted("War", "Musical", n=36)
    reader = TraitReader(data)
    items, ratings = ["i16", "i7", "i34"], np.array([5.0, 2.0, 4.0])  # War, Drama, War
    scores = dict(zip(reader.traits, reader.scores(items, ratings), strict=True))
    centred = ratings - 11 / 3
    views = data.interactions["item"].value_counts()
    common = sum(views[i] + 1 for i in ("i16", "i34")) / sum(views[i] + 1 for i in data.items.index)
    expected = (centred[0] + centred[2]) / (2 + 4) + 0.25 * np.log(((2 + 4 * common) / (3 + 4)) / common)
    assert scores["War"] == pytest.approx(expected)


def test_the_hidden_tastes_are_never_read(world: Dataset) -> None:
    assert world.facts is not None
    hidden = world.facts.users
    garbage = pd.DataFrame(np.nan, index=hidden.index, columns=["nothing"])
    blind = replace(world, facts=Facts(world.facts.items, garbage))
    read = TraitReader(world).read_all(world.interactions)
    assert TraitReader(blind).read_all(world.interactions) == read
    assert set(read) == set(world.users.index)


def test_what_is_read_agrees_with_the_hidden_tastes(world: Dataset) -> None:
    """Ratings follow from the tastes, so tastes read from ratings go with them, or the teacher would tell nothing."""
    assert world.facts is not None
    reader = TraitReader(world)
    hidden = world.facts.users[[f"taste_{t}" for t in reader.traits]]
    above = []
    for user, group in world.interactions.groupby("user"):
        if len(group) >= 40:
            scores = reader.scores(group["item"].to_list(), group["rating"].to_numpy())
            above.append(np.corrcoef(scores, hidden.loc[str(user)].to_numpy(float))[0, 1])
    assert np.mean(above) > 0.5


def test_the_order_of_the_ratings_is_no_matter(world: Dataset) -> None:
    shuffled = world.interactions.sample(frac=1, random_state=1)
    reader = TraitReader(world)
    for user, group in list(shuffled.groupby("user"))[:20]:
        ordered = world.interactions[world.interactions["user"] == user]
        scores = [reader.scores(g["item"].to_list(), g["rating"].to_numpy()) for g in (group, ordered)]
        np.testing.assert_allclose(*scores)


def test_trait_matrix_of_a_generated_world(world: Dataset) -> None:
    assert world.facts is not None
    frame = trait_matrix(world)
    assert list(frame.columns) == [*GENRES, *ATTRIBUTES]
    assert frame.index.equals(world.items.index)
    assert frame.to_numpy().min() >= 0
    assert frame.to_numpy().max() <= 1
    np.testing.assert_array_equal(frame["funny"], world.facts.items["funny"])


def test_trait_matrix_of_real_films_has_eras_and_fame() -> None:
    data = planted("War", "Musical")
    frame = trait_matrix(data)
    eras = frame[[c for c in frame if c.startswith("era:")]]
    assert (eras.sum(axis=1) == 1).all()
    assert frame.loc["i0", "era:classic"] == 1  # 1950
    assert frame.loc["i45", "era:new"] == 1  # 1995
    assert not (frame["fame:known"].astype(bool) & frame["fame:obscure"].astype(bool)).any()


def test_ratings_that_cannot_be_read(world: Dataset) -> None:
    reader = TraitReader(world)
    with pytest.raises(CallError, match="at least one, got 0 of 0"):
        reader.read([], np.array([]))
    with pytest.raises(CallError, match="one rating per item, at least one, got 1 of 2"):
        reader.read(["f1", "f2"], np.array([3.0]))
    with pytest.raises(UnknownNameError, match=r"unknown item 'f20000'; did you mean 'f2"):
        reader.read(["f20000"], np.array([3.0]))


def test_without_years_and_with_few_kinds_only_what_is_there_is_told():
    shop = demo(n_films=60, n_users=20)
    items = shop.items.assign(year=None, genres=[["Pans"] if n % 2 else ["Pots"] for n in range(len(shop.items))])
    data = replace(shop, items=items, facts=None, texts=shop.texts[:0])
    assert not trait_matrix(data).filter(like="era:").to_numpy().any()
    for facts in TraitReader(data).read_all(data.interactions).values():
        told = [trait for trait, _ in (*facts.likes, *facts.dislikes)]
        assert set(told) <= {"Pans", "Pots", "fame:known", "fame:obscure"}
        assert len(set(told)) == len(told)


def shop(*labels: str) -> Dataset:
    """Items of these kinds in turn, without years, all rated by one user."""
    ids, kinds = [f"i{i}" for i in range(20)], [[labels[i % len(labels)]] for i in range(20)]
    years = pd.array([pd.NA] * 20, dtype="Int64")
    items = pd.DataFrame({"title": [f"Thing {i}" for i in ids], "year": years, "genres": kinds}, index=ids)
    seen = pd.DataFrame({"user": "u", "item": ids, "rating": [1.0 + i % 5 for i in range(20)]})
    return Dataset("mine", items, pd.DataFrame(index=["u"]), seen)


def test_a_shop_keeps_its_own_kinds_where_it_shares_one_with_a_domain() -> None:
    traits = list(trait_matrix(shop("Kitchen", "Guitars", "Drums"), "products").columns)
    assert traits[:3] == ["Kitchen", "Drums", "Guitars"]
    assert "Nursery" not in traits


@pytest.mark.parametrize(
    ("labels", "domain"),
    [
        (("Drama", "War", "Musical"), "films"),
        (("Kitchen", "Garden", "Pets"), "products"),
        (("Guitars", "Drums", "Drama"), "items"),
        (("Guitars",), "items"),
    ],
)
def test_the_domain_comes_from_the_data(labels: tuple[str, ...], domain: str) -> None:
    assert domain_of(shop(*labels)) == domain


def test_a_profile_of_unknown_things_speaks_of_items_and_of_no_era() -> None:
    data = shop("Guitars", "Drums")
    facts = TraitReader(data, domain="items").read_all(data.interactions)
    text = TemplateTeacher(facts).write("u", "user_summary") + TemplateTeacher(facts).write("u", "user_profile")
    assert "items" in text
    assert not [word for word in ("film", "1960", "eighties", "decades") if word in text]
