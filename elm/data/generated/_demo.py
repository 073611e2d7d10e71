"""The demo world: a generated catalogue with known facts, its users and their ratings, and texts about the films."""

from __future__ import annotations

import pickle
from functools import lru_cache

from elm.data._dataset import Dataset
from elm.data.generated._demo_films import FILMS
from elm.data.generated._demo_items import make_world


@lru_cache(maxsize=1)
def _made(n_films: int, n_users: int, seed: int) -> bytes:
    """The world in a form of which each caller gets a copy of their own: a tenth of the work of making it."""
    return pickle.dumps(make_world("demo", FILMS, n_films, n_users, seed, "f", ("title", "year", "genres")))


def demo(n_films: int = 2000, n_users: int = 2000, seed: int = 0) -> Dataset:
    """Make the demo world in a few seconds, once a process; the same seed gives the same world on every machine.

    items, users and texts hold what a real data set would; everything else that is true stands in `facts`: the
    films' setting, protagonist, conflict, soft attributes, popularity and quality, and the users' hidden tastes
    (`taste_<genre or attribute>`), generosity and activity. Text sources: see `film_texts`.

    >>> world = demo(n_films=60, n_users=10)
    >>> world.n_items, world.n_users, world.has_times
    (60, 10, True)
    >>> world.facts.users.filter(like="taste_").shape
    (10, 26)
    """
    world: Dataset = pickle.loads(_made(n_films, n_users, seed))
    return world
