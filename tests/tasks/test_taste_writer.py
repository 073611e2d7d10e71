"""The four-part summary by template: amounts by hand, what is told and what is not, themes, and bad input."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from elm._errors import CallError, UnknownNameError
from elm.data import Dataset
from elm.recommend import pieces, speaks_against
from elm.tasks import TasteWriter
from elm.tasks.facts._user_summaries import _AMOUNTS, _DRAWN, _HATED, _LOVED, _MISSED, _OFF

# 40 films, ten of each genre; everybody has rated every film, so that nothing is common or rare by choice.
GENRES = ["War", "Comedy", "Drama", "Horror"]
FILMS = [f"{genre.lower()}{number}" for genre in GENRES for number in range(10)]


def films(genre: str, n: int) -> list[str]:
    return [f"{genre.lower()}{number}" for number in range(n)]


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    items = pd.DataFrame(
        {"title": FILMS, "year": 1999, "genres": [(genre,) for genre in GENRES for _ in range(10)]},
        index=pd.Index(FILMS, name="item"),
    )
    rows = [(f"u{user}", film, 3.0) for user in range(4) for film in FILMS]
    users = pd.DataFrame(index=pd.Index([f"u{user}" for user in range(4)], name="user"))
    interactions = pd.DataFrame(rows, columns=["user", "item", "rating"])
    return Dataset(name="toy", items=items, users=users, interactions=interactions)


@pytest.fixture(scope="module")
def writer(dataset) -> TasteWriter:
    return TasteWriter(dataset)


def said(text: str, lead: str) -> str | None:
    """What follows a lead; None where the text does not have it."""
    found = [part.removeprefix(f"{lead}: ") for part in text.removesuffix(".").split(". ") if part.startswith(lead)]
    return found[0] if found else None


def test_amounts_are_shares_of_what_is_liked(writer):
    # 10 of 20 liked are war, 7 comedy, 2 drama and 1 horror: 0.5, 0.35, 0.1 and 0.05.
    items = films("War", 10) + films("Comedy", 7) + films("Drama", 2) + films("Horror", 1)
    text = writer.write([*items, "horror5"], np.asarray([5.0] * 20 + [1.0]))
    assert said(text, "Most of what they enjoy are") == "war films"
    assert said(text, "Much of what they enjoy are") == "comedy films"
    assert said(text, "A part of what they enjoy are") is None
    assert said(text, "Some of what they enjoy are") == "drama films"


def test_what_is_rated_low_is_told_against_and_no_title_is_named(writer):
    items = films("War", 10) + films("Horror", 10)
    text = writer.write([*items, *films("Drama", 4)], np.asarray([5.0] * 10 + [1.0] * 10 + [3.0] * 4))
    assert said(text, "Most of what they enjoy are") == "war films"
    assert said(text, "More than others they love") == "war films"
    assert (said(text, "They cannot stand") or "").startswith("horror films")
    assert "horror" not in text.partition("They cannot stand")[0]
    assert not any(film in text for film in FILMS)


def test_a_user_without_a_liked_rating_is_told_by_what_was_rated_best(writer):
    text = writer.write(films("War", 2) + films("Horror", 8), np.asarray([3.0] * 2 + [1.0] * 8))
    assert said(text, "Most of what they enjoy are") == "war films"
    assert writer.write(["war0"], np.asarray([0.5])).startswith("Most of what they enjoy are: war films.")


def test_order_of_the_ratings_does_not_matter(writer):
    items, ratings = films("War", 5) + films("Drama", 3), np.asarray([5.0, 4, 4, 3, 5, 2, 1, 4])
    order = np.random.default_rng(0).permutation(8)
    assert writer.write(items, ratings) == writer.write([items[i] for i in order], ratings[order])


def test_themes_are_tastes_once_they_are_met_three_times(dataset):
    themes = {film: ("exile",) for film in FILMS if film[-1] in "012"}
    writer = TasteWriter(dataset, themes=themes)
    items = films("War", 10) + films("Drama", 10)
    ratings = np.asarray([5.0 if item[-1] in "012" else 1.0 for item in items])
    assert "films about exile" in writer.write(items, ratings)
    assert "exile" not in writer.write(["war0", "war1", "war5", "war6"], np.asarray([5.0, 5, 1, 1]))
    assert "films about exile" in (said(writer.write(items, 6 - ratings), "They are put off by") or "")


def test_what_was_never_chosen_is_not_told_as_disliked(writer):
    text = writer.write([*films("War", 10), *films("Drama", 10)], np.full(20, 5.0))
    assert said(text, "They never choose") == "horror films and comedy films"
    assert "stand" not in text
    assert "avoid" not in text


def test_what_is_enjoyed_less_than_others_do_is_not_told_as_seldom_chosen(dataset):
    rows = [(f"u{user}", film, 3.0) for user in range(20) for film in films("Comedy", 10)]
    many = pd.concat([dataset.interactions, pd.DataFrame(rows, columns=["user", "item", "rating"])])
    users = pd.DataFrame(index=pd.Index([f"u{user}" for user in range(20)], name="user"))
    writer = TasteWriter(dataclasses.replace(dataset, users=users, interactions=many.drop_duplicates()))
    text = writer.write([*films("War", 10), *films("Drama", 8), "comedy0", "comedy1"], np.full(20, 5.0))
    assert said(text, "Some of what they enjoy are") == "comedy films"
    assert text.count("comedy") == 1


FOR = [*(wording for _, own in _AMOUNTS for wording in own), *_LOVED, *_DRAWN[0], *_DRAWN[1]]
AGAINST = [wording for group in (_MISSED, _HATED, _OFF) for own in group for wording in own]


@pytest.mark.parametrize("wording", FOR + AGAINST)
def test_each_wording_is_cut_into_things_that_keep_its_lead_and_its_side(wording):
    found = pieces(wording.format("war films, big twists and films about exile"))
    lead = wording.partition("{}")[0]
    assert found == [lead + thing for thing in ("war films", "big twists", "films about exile")]
    assert {speaks_against(piece) for piece in found} == {wording in AGAINST}


def test_drawn_wordings_say_the_same_of_the_same_things(writer):
    items, ratings = films("War", 8) + films("Horror", 4), np.asarray([5.0] * 8 + [1.0] * 4)

    def sides(text: str) -> list[tuple[str, bool]]:
        return [(piece.split()[-2], speaks_against(piece)) for piece in pieces(text)]

    drawn = [writer.write(items, ratings, np.random.default_rng(seed)) for seed in range(20)]
    assert len(set(drawn)) > 10
    assert {tuple(sides(text)) for text in drawn} == {tuple(sides(writer.write(items, ratings)))}
    assert drawn[0] == writer.write(items, ratings, np.random.default_rng(0))


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
