"""Film texts order users as they rated the film, where texts know anything; versions of films do as they say."""

from __future__ import annotations

import dataclasses
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from elm import cav
from elm._errors import CallError, UnknownNameError
from elm.data import GENRES
from elm.embeddings import EmbeddingSpace, VectorTable, wals
from elm.evaluation import (
    Collaborative,
    ControlOptions,
    ZeroShotRanker,
    item_behaviour,
    item_consistency,
    liked_vectors,
    version_scores,
)


@pytest.fixture(scope="module")
def rated(film_world):
    """Users who each like films of some first genres, ratings that follow, and tables that WALS made of them."""
    rng = np.random.default_rng(0)
    films = [str(i) for i in film_world.films.index]
    group = np.array([sorted(set(GENRES)).index(genres[0]) % 3 for genres in film_world.films["genres"]])
    likes = rng.integers(3, size=90)
    rows = [
        (f"u{u}", films[f], 5.0 if group[f] == likes[u] else 1.0)
        for u in range(90)
        for f in rng.choice(len(films), 70, replace=False)
    ]
    ratings = pd.DataFrame(rows, columns=["user", "item", "rating"])
    users, items = wals(ratings, factors=4, iterations=10)
    return Collaborative(users, items, ratings)


def behaviour(film_world, rated, model, encoder, tasks=("summary", "negative_review")):
    found = item_consistency(model, tasks, film_world.held_out, encoder, ControlOptions(probe=False))
    return item_behaviour(found, film_world.held_out, rated, encoder, unrated=10, draw="uniform")


def test_a_model_that_knows_the_film_stands_at_one(film_world, rated, encoder, look_up):
    model = look_up(film_world.table, film_world.teacher)
    found = behaviour(film_world, rated, model, encoder, ("summary", "negative_review", "similarities"))
    assert set(found) == {"summary", "negative_review"}  # nobody rates a pair
    for scores in found.values():
        plain = scores.to_dict()
        assert plain["rbc"] == pytest.approx(1.0)
        assert plain["bc"] == plain["bc_teacher"] > plain["bc_shuffled"] + 0.1
        assert plain["p_value"] < 0.01
        assert plain["bc_cf"] > plain["bc"] > plain["bc_popular"]
        frame = scores.frame()
        assert set(frame["section"]) == {"behaviour"}
        assert frame.groupby(["measure", "system"])["value"].mean()["BC", "cf"] == pytest.approx(plain["bc_cf"])


def test_a_blind_model_does_not_pass(film_world, rated, encoder, blind):
    for scores in behaviour(film_world, rated, blind(film_world.train, film_world.teacher), encoder).values():
        assert scores.p_value > 0.01
        assert scores.rbc < 0.5


def test_further_rankers_of_users_stand_beside_the_trained_one(film_world, rated, encoder, look_up):
    users, ratings = rated.users, rated.ratings
    model = look_up(film_world.table, film_world.teacher)
    controls = ControlOptions(probe=False, untrained=model, first=10)
    found = item_consistency(model, ["summary"], film_world.held_out, encoder, controls)
    liked = ZeroShotRanker(encoder, liked_vectors(users, film_world.table, ratings, film_world.train), reads="text")
    scores = item_behaviour(found, film_world.held_out, rated, encoder, {"liked_films": liked}, unrated=10)["summary"]
    plain = scores.to_dict()
    assert plain["users_as"] == "collaborative vectors of their ratings of training items"
    assert plain["rankers"]["liked_films"]["bc"] > plain["rankers"]["liked_films"]["bc_shuffled"] + 0.02
    assert plain["rankers"]["liked_films"]["ranker_p"] < 0.05
    assert "BC_liked_films" in set(scores.frame()["measure"])
    # the "untrained" model looked up the first ten, so that its texts score as the model's own do
    some = len(scores.bc["untrained"])
    assert scores.ids[:some] == [item for item in film_world.test[:10] if item in scores.ids]
    assert scores.bc["untrained"] == pytest.approx(scores.bc["model"][:some])

    class Nan:
        def scores(self, texts):
            return np.full((len(texts), len(users)), np.nan)

    with pytest.raises(CallError, match="Nan gave NaN"):
        item_behaviour(found, film_world.held_out, rated, encoder, {"odd": Nan()}, unrated=10)


def test_nobodys_opinion_of_a_held_out_film_is_known(film_world, rated, encoder, look_up, monkeypatch):
    import elm.evaluation.consistency._item_behaviour as module

    seen = []
    real = module.fold_in

    def spy(items, ratings, users):
        seen.append(set(items.ids) | set(ratings["item"]))
        return real(items, ratings, users)

    monkeypatch.setattr(module, "fold_in", spy)
    behaviour(film_world, rated, look_up(film_world.table, film_world.teacher), encoder)
    assert seen
    assert not any(known & set(film_world.test) for known in seen)


def test_too_few_films_of_the_table_are_refused(film_world, rated, encoder, look_up):
    with pytest.raises(CallError, match="ten training items of the collaborative table, got 2"):
        item_behaviour({}, replace(film_world.held_out, train_ids=film_world.train[:2]), rated, encoder)


def test_a_funnier_version_is_funnier_and_a_summary_is_not(film_world, encoder, look_up):
    model = look_up(film_world.table, film_world.teacher)
    tasks = ("summary", "funnier", "scarier", "long_description")
    found = item_consistency(model, tasks, film_world.held_out, encoder, ControlOptions(probe=False))
    texts = [film_world.teacher.write(i, t) for i in film_world.train for t in ("summary", "funnier", "scarier")]
    rows = encoder.encode(texts)
    table = VectorTable([str(n) for n in range(len(texts))], rows, EmbeddingSpace.fit("t", rows, "cosine", {}, "t"))
    concepts = cav.fit(
        table,
        {
            "funny": pd.Series([float("funny" in t or "joke" in t) for t in texts], table.ids),
            "frightening": pd.Series([float("frightening" in t) for t in texts], table.ids),
        },
    )
    scores = version_scores(found, concepts, encoder, film_world.table)
    assert set(scores) == {"funnier", "scarier"}
    funnier = scores["funnier"]
    assert funnier.share() > 0.9
    assert funnier.to_dict()["score"] > funnier.to_dict()["own"]
    for control in ("shuffled", "fixed"):  # they are funny, and about another film
        assert funnier.rises(control) > 0.9
        assert funnier.share(control) < 0.2
        assert funnier.to_dict()[control] == funnier.share(control)
    same = version_scores(
        {"summary": found["summary"], "funnier": found["summary"]}, concepts, encoder, film_world.table
    )
    assert same["funnier"].share() == 0.0
    joke = dataclasses.replace(found["funnier"], texts={"model": ["A funny film full of jokes."] * len(funnier.own)})
    one = version_scores({**found, "funnier": joke}, concepts, encoder, film_world.table)["funnier"]
    assert one.rises() > 0.9
    assert one.share() <= 0.1 + 1 / len(one.own)
    with pytest.raises(UnknownNameError, match="unknown concept 'frightening'"):
        version_scores(found, {"funny": concepts["funny"]}, encoder, film_world.table)
    with pytest.raises(UnknownNameError, match="unknown scored task 'pitch'"):
        version_scores(found, concepts, encoder, film_world.table, own="pitch")
