"""Data sets: the `Dataset` type, loaders, the demo world, splits and guards against leakage."""

from elm.data._constants import ATTRIBUTES, GENRES
from elm.data._dataset import Dataset, Facts
from elm.data._demo import demo
from elm.data._demo_films import film_texts, make_films, strongest
from elm.data._demo_users import make_ratings
from elm.data._demo_words import ATTRIBUTE_WORDS, GENRE_WORDS
from elm.data._splits import EntitySplit, guard_disjoint, split_entities, split_ratings

__all__ = [
    "ATTRIBUTES",
    "ATTRIBUTE_WORDS",
    "GENRES",
    "GENRE_WORDS",
    "Dataset",
    "EntitySplit",
    "Facts",
    "demo",
    "film_texts",
    "guard_disjoint",
    "make_films",
    "make_ratings",
    "split_entities",
    "split_ratings",
    "strongest",
]
