from __future__ import annotations

import hashlib

import numpy as np
import pandas as pd
import pytest

from elm._errors import CallError
from elm.data import ATTRIBUTES, GENRES, Dataset, demo, make_ratings

ML100K = np.array([0.06110, 0.11370, 0.27145, 0.34174, 0.21201])


def stand_in_films(n: int = 200) -> pd.DataFrame:
    """Films by arithmetic alone, so that the hash below depends on `make_ratings` only."""
    k = np.arange(n)
    films = pd.DataFrame({"popularity": 1.0 / (1 + (37 * k) % n)}, index=[f"f{i}" for i in k])
    films["genres"] = [sorted({GENRES[i % 18], GENRES[(i * 7 + i // 18) % 18]}) for i in k]
    for j, name in enumerate(ATTRIBUTES):
        films[name] = ((k * (2 * j + 3)) % 23) / 22
    return films


def fingerprint(interactions: pd.DataFrame) -> str:
    rows = zip(interactions["user"], interactions["item"], interactions["rating"], interactions["time"], strict=True)
    return hashlib.sha256("\n".join(f"{u} {i} {r:g} {t}" for u, i, r, t in rows).encode()).hexdigest()[:16]


def test_the_same_seed_gives_the_same_ratings_on_every_machine() -> None:
    _, interactions = make_ratings(stand_in_films(), n_users=100, seed=3)
    assert fingerprint(interactions) == "82eecb6e7c8dcba2"


def test_a_world_is_its_seed() -> None:
    one, two, other = demo(60, 30, seed=5), demo(60, 30, seed=5), demo(60, 30, seed=6)
    assert fingerprint(one.interactions) == fingerprint(two.interactions)
    assert one.texts.equals(two.texts)
    assert fingerprint(one.interactions) != fingerprint(other.interactions)


def test_histogram_and_density_are_those_of_movielens_100k(world: Dataset) -> None:
    shares = world.interactions["rating"].value_counts(normalize=True).sort_index()
    assert shares.index.tolist() == [1, 2, 3, 4, 5]
    assert np.abs(shares.to_numpy() - ML100K).max() < 0.005
    assert world.density == pytest.approx(0.063, abs=0.001)


def test_activity_and_popularity_have_long_tails() -> None:
    users, interactions = make_ratings(stand_in_films(1682), n_users=600)
    per_user = interactions.groupby("user").size()
    assert per_user.min() >= 20
    assert 55 <= per_user.median() <= 75
    assert per_user.max() > 5 * per_user.median()
    assert (per_user.reindex(users.index) == users["activity"]).all()
    per_item = interactions.groupby("item").size().sort_values(ascending=False)
    assert per_item.iloc[: 1682 // 5].sum() > 0.5 * len(interactions)


def test_nobody_rates_twice_and_times_rise(world: Dataset) -> None:
    assert not world.interactions.duplicated(["user", "item"]).any()
    rising = world.interactions.groupby("user")["time"].is_monotonic_increasing
    assert rising.all()


def test_tastes_are_sparse_and_distinct(world: Dataset) -> None:
    assert world.facts is not None
    tastes = world.facts.users[[f"taste_{g}" for g in GENRES]]
    assert (tastes > 0.5).sum(axis=1).between(2, 4).all()
    assert (tastes < -0.5).sum(axis=1).between(2, 3).all()
    assert not tastes.round(3).duplicated().any()


def test_tastes_show_in_the_ratings(world: Dataset) -> None:
    """The mean rating a user gives to a genre, above his own mean, correlates with his hidden taste for it."""
    assert world.facts is not None
    ratings = world.ratings_matrix().toarray()
    seen = ratings > 0
    centred = np.where(seen, ratings - (ratings.sum(1) / seen.sum(1))[:, None], 0)
    for genre in GENRES:
        inside = world.items["genres"].map(lambda names, genre=genre: genre in names).to_numpy(bool)
        count = (seen & inside).sum(1)
        enough = count >= 3
        mean = (centred * inside).sum(1)[enough] / count[enough]
        taste = world.facts.users[f"taste_{genre}"].to_numpy()[enough]
        assert np.corrcoef(mean, taste)[0, 1] > 0.3, genre


def test_taste_explains_about_half_of_a_rating() -> None:
    films = stand_in_films(400)
    users, interactions = make_ratings(films, n_users=300)
    tastes = users.filter(like="taste_").to_numpy()
    table = np.zeros((len(films), 18))
    for row, names in enumerate(films["genres"]):
        table[row, [GENRES.index(g) for g in names]] = 1 / np.sqrt(len(names))
    moods = films[list(ATTRIBUTES)].to_numpy()
    fit = tastes @ np.hstack([table, 0.3 * (moods - moods.mean(0)) / moods.std(0)]).T
    rows, columns = users.index.get_indexer(interactions["user"]), films.index.get_indexer(interactions["item"])
    explained = np.corrcoef(fit[rows, columns], interactions["rating"])[0, 1] ** 2
    assert 0.45 < explained < 0.65


def test_the_truth_stays_readable(world: Dataset) -> None:
    assert world.facts is not None
    assert {"setting", "protagonist", "conflict", "popularity", "quality", *ATTRIBUTES} <= set(world.facts.items)
    assert not {"setting", "popularity"} & set(world.items)
    assert not len(world.users.columns)
    assert world.texts["text"].is_unique
    assert len(world.sources) == 2


@pytest.mark.parametrize("wrong", [{"n_films": 2}, {"n_users": 0}, {"seed": -1}])
def test_worlds_that_cannot_be_are_refused(wrong) -> None:
    with pytest.raises(CallError, match="at least 5 films, 1 user and a seed of 0 or more"):
        demo(**wrong)


def test_impossible_densities_are_refused() -> None:
    with pytest.raises(CallError, match="a density in"):
        make_ratings(stand_in_films(), 10, density=0.9)
