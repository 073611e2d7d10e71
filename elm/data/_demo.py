"""The demo world: a generated catalogue with known facts, its users and their ratings, and texts about the films."""

from __future__ import annotations

from elm._errors import CallError
from elm.data._dataset import Dataset, Facts
from elm.data._demo_films import film_texts, make_films
from elm.data._demo_users import film_quality, make_ratings


def demo(n_films: int = 2000, n_users: int = 2000, seed: int = 0) -> Dataset:
    """Make the demo world in a few seconds; the same seed gives the same world on every machine.

    items, users and texts hold what a real data set would; everything else that is true stands in `facts`: the
    films' setting, protagonist, conflict, soft attributes, popularity and quality, and the users' hidden tastes
    (`taste_<genre or attribute>`), generosity and activity. Text sources: see `film_texts`.

    >>> world = demo(n_films=60, n_users=10)
    >>> world.n_items, world.n_users, world.has_times
    (60, 10, True)
    >>> world.facts.users.filter(like="taste_").shape
    (10, 26)
    """
    if n_films < 5 or n_users < 1 or seed < 0:
        raise CallError(
            f"the demo world needs at least 5 films, 1 user and a seed of 0 or more, but {n_films}, {n_users} and "
            f"{seed} came"
        )
    films = make_films(n_films, seed)
    films["quality"] = film_quality(films, seed)
    tastes, interactions = make_ratings(films, n_users, seed)
    return Dataset(
        name="demo",
        items=films[["title", "year", "genres"]],
        users=tastes[[]],
        interactions=interactions,
        texts=film_texts(films, seed),
        facts=Facts(items=films, users=tastes),
    )
