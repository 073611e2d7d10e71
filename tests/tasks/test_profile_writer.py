"""Profiles of real users: each trait once, likes by amount, dislikes on evidence, sentences that can be cut."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from elm._errors import CallError, UnknownNameError
from elm.data import Dataset
from elm.recommend import pieces, speaks_against
from elm.tasks import ProfileWriter
from elm.tasks.facts import _profile_writer as wording
from elm.tasks.facts._evidence import evidence, variety

GENRES = ["War", "Comedy", "Drama", "Horror"]
FILMS = [f"{genre.lower()}{number}" for genre in GENRES for number in range(20)]
ABOUT = {film: ("ships",) if film.endswith(("1", "2", "3")) else () for film in FILMS}


def films(genre: str, n: int) -> list[str]:
    return [f"{genre.lower()}{number}" for number in range(n)]


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    items = pd.DataFrame(
        {"title": FILMS, "year": 1999, "genres": [(genre,) for genre in GENRES for _ in range(20)]},
        index=pd.Index(FILMS, name="item"),
    )
    rows = [(f"u{user}", film, 3.0 + user % 2) for user in range(8) for film in FILMS]
    users = pd.DataFrame(index=pd.Index([f"u{user}" for user in range(8)], name="user"))
    return Dataset("toy", items, users, pd.DataFrame(rows, columns=["user", "item", "rating"]))


@pytest.fixture(scope="module")
def writer(dataset) -> ProfileWriter:
    return ProfileWriter(dataset, topics=ABOUT)


def test_amounts_are_shares_of_what_is_liked(writer):
    items = films("War", 10) + films("Comedy", 6) + films("Drama", 3) + films("Horror", 2)
    text = writer.write(items, np.full(21, 5.0))
    assert text.startswith("They mostly enjoy war films. They often enjoy comedies. They also enjoy dramas.")


def test_dislike_needs_low_ratings_of_several_items(writer):
    items, likes = films("War", 10) + films("Horror", 6), [5.0] * 10
    assert "They do not enjoy horror films." in writer.write(items, np.asarray([*likes, *[1.0] * 6]))
    assert "horror" not in writer.write(items[:12], np.asarray([*likes, 1.0, 1.0]))  # two are chance


def test_what_was_never_chosen_is_told_as_such_and_not_as_disliked(writer):
    text = writer.write(films("War", 20), np.full(20, 5.0))
    assert "They have never picked" in text
    assert "enjoy comedies" not in text
    assert "not enjoy" not in text


def test_topics_are_told_where_they_are_liked_more_than_usual(writer):
    about = [film for film in FILMS if ABOUT[film]]
    assert "films about ships" in writer.write(about, np.full(len(about), 5.0))
    usual = [film for genre in GENRES for film in films(genre, 10)]
    assert "ships" not in writer.write(usual, np.full(len(usual), 5.0))


def test_no_trait_is_told_twice_nor_beside_its_opposite(writer):
    rng = np.random.default_rng(0)
    for _ in range(60):
        items = list(rng.choice(FILMS, rng.integers(3, 50), replace=False))
        text = writer.write(items, rng.integers(1, 6, len(items)).astype(float), rng)
        told = [name for name in ("war films", "comedies", "dramas", "horror films", "ships") if name in text]
        assert all(text.count(name) == 1 for name in told), text


def test_the_order_of_ratings_does_not_matter(writer):
    items, ratings = films("War", 9) + films("Drama", 9), np.arange(18) % 5 + 1.0
    order = np.random.default_rng(0).permutation(18)
    assert writer.write(items, ratings) == writer.write([items[i] for i in order], ratings[order])


def test_variety_beside_other_users(dataset):
    rows = [(f"u{user}", film, 4.0) for user in range(8) for film in films("War", 6) + films("Comedy", 6 + user)]
    narrow = dataclasses.replace(dataset, interactions=pd.DataFrame(rows, columns=["user", "item", "rating"]))
    writer = ProfileWriter(narrow)
    assert "Their taste ranges widely." in writer.write([f"{g.lower()}1" for g in GENRES], np.full(4, 4.0))
    assert "Their taste is a narrow one." in writer.write(films("War", 5), np.full(5, 4.0))


FOR = [
    *(said for _, _, own in wording._AMOUNTS for said in own),
    *(said for own in (wording._SOUGHT, wording._TOPICS, wording._TIMES, wording._KNOWN) for said in own),
]
AGAINST = [said for own in (wording._NEVER, wording._SELDOM, wording._WORSE, wording._BORED) for said in own]


@pytest.mark.parametrize("said", FOR + AGAINST)
def test_each_wording_is_cut_into_things_that_keep_its_lead_and_its_side(said):
    plain = said.replace("{persons}", "viewers")
    lead = plain.partition("{}")[0]
    found = pieces(plain.replace("{}", "films about exile, ships and love"))
    assert found == [f"{lead}films about {thing}" for thing in ("exile", "ships", "love")]
    assert pieces(plain.replace("{}", "dramas and war films")) == [f"{lead}dramas", f"{lead}war films"]
    assert {speaks_against(piece) for piece in found} == {said in AGAINST}


@pytest.mark.parametrize("said", [*wording._WIDE, *wording._NARROW])
def test_variety_speaks_against_nothing(said):
    assert not any(speaks_against(piece) for piece in pieces(said))


def test_evidence_by_hand(writer):
    items = films("War", 5) + films("Comedy", 5)
    found = evidence(writer.reader, items, np.asarray([5.0] * 5 + [1.0] * 5))
    at = {name: place for place, name in enumerate(writer.reader.traits)}
    assert found.share[at["War"]] == 1.0
    assert found.lift[at["War"]] == pytest.approx(4.0)
    assert found.better[at["War"]]
    assert found.worse[at["Comedy"]]
    assert found.never[at["Drama"]]
    assert not found.never[at["War"]]


def test_variety_of_equal_shares_is_their_number():
    assert variety(np.full(5, 3.0)) == pytest.approx(5.0)


@pytest.mark.parametrize(
    ("items", "ratings", "error", "message"),
    [
        ([], [], CallError, "at least one, got 0 of 0"),
        (["war0"], [5.0, 4.0], CallError, "got 2 of 1"),
        (["war0", "wra1"], [5.0, 4.0], UnknownNameError, "unknown item 'wra1'; did you mean 'war1'"),
    ],
)
def test_bad_input(writer, items, ratings, error, message):
    with pytest.raises(error, match=message):
        writer.write(items, np.asarray(ratings))
