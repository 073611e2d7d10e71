"""The films of the demo world: their facts, and the texts that their semantic vectors are made from."""

from __future__ import annotations

import numpy as np
import pandas as pd

from elm.data._constants import GENRES
from elm.data.generated._demo_items import Recipe, draw_items, item_texts
from elm.data.generated._demo_words import TITLE_FIRST, TITLE_PATTERNS, TITLE_SECOND
from elm.data.generated._vocabulary import FILM_VOCABULARY

# How often a genre comes up, roughly as in MovieLens but flatter, so that every genre can be learned.
_GENRE_WEIGHT = {
    "Action": 6,
    "Adventure": 5,
    "Animation": 3,
    "Children": 4,
    "Comedy": 10,
    "Crime": 5,
    "Documentary": 3,
    "Drama": 12,
    "Fantasy": 3,
    "Film-Noir": 3,
    "Horror": 5,
    "Musical": 3,
    "Mystery": 4,
    "Romance": 7,
    "Sci-Fi": 5,
    "Thriller": 7,
    "War": 4,
    "Western": 3,
}
_GENRE_MOODS: dict[str, tuple[str, ...]] = {
    "Action": ("violent", "fast_paced"),
    "Adventure": ("fast_paced", "uplifting"),
    "Animation": ("funny", "uplifting"),
    "Children": ("uplifting", "funny"),
    "Comedy": ("funny",),
    "Crime": ("violent", "dark"),
    "Documentary": ("thought_provoking",),
    "Drama": ("thought_provoking", "dark"),
    "Fantasy": ("uplifting",),
    "Film-Noir": ("dark",),
    "Horror": ("frightening", "dark"),
    "Musical": ("uplifting", "romantic"),
    "Mystery": ("thought_provoking", "frightening"),
    "Romance": ("romantic",),
    "Sci-Fi": ("thought_provoking",),
    "Thriller": ("fast_paced", "frightening"),
    "War": ("violent", "dark"),
    "Western": ("violent",),
}

_PLOTS = (
    "{protagonist} arrives at {setting} and is drawn into {conflict}.",
    "The story follows {protagonist} in {setting}, where everything turns on {conflict}.",
    "{conflict} upsets life in {setting} until {protagonist} steps in.",
    "Set in {setting}: {protagonist} must deal with {conflict}.",
    "In {setting} we meet {protagonist}, who is soon caught up in {conflict}.",
    "What begins in {setting} with {conflict} ends as the test of {protagonist}.",
    "{protagonist} has to face {conflict}, and there is no way out of {setting}.",
    "Nothing happens in {setting}, until {conflict} reaches {protagonist}.",
)
_LABELS = (
    "Filed under {kinds}.",
    "Genres: {kinds}.",
    "A picture for lovers of {kinds}.",
    "Shelf: {kinds}.",
    "Tagged {kinds} by the archive.",
    "Mainly {kinds}.",
)
_NOTES = (
    "Viewers call it {qualities}; it is {kinds} through and through, with {protagonist}, {setting} and {conflict} at "
    "its heart.",
    "Seen as {kinds} about {conflict}. The audience found it {qualities}, above all for {protagonist} and the look of "
    "{setting}.",
    "{qualities}, say those who saw it: {kinds}, {protagonist}, {setting}, and then {conflict}.",
    "Programme note: {kinds}. Think of {setting}, of {protagonist}, of {conflict}. Mood: {qualities}.",
    "A diary entry: {protagonist} stayed with me, so did {setting} and {conflict}. Good {kinds}, {qualities}.",
    "Guests asked for {kinds} and got {conflict}, {protagonist} and {setting}. They left calling it {qualities}.",
)


FILMS = Recipe(
    FILM_VOCABULARY,
    kind_weights=lambda combination: np.array([_GENRE_WEIGHT[genre] for genre in GENRES], float),
    leanings=_GENRE_MOODS,
    titles=(TITLE_FIRST, TITLE_SECOND, TITLE_PATTERNS),
    sources={"plot": (_PLOTS, tuple(f"{label} It is {{qualities}}." for label in _LABELS)), "note": (_NOTES,)},
    more=lambda rng: {"year": int(rng.integers(1950, 2021))},
)
"""The recipe of the demo world."""


def make_films(n: int = 2000, seed: int = 0, prefix: str = "f", skip: pd.DataFrame | None = None) -> pd.DataFrame:
    """Draw `n` films with known facts; no two share setting, protagonist and conflict all at once.

    Columns: title, year, genres (one to three), setting, protagonist, conflict, the eight soft attributes in [0, 1]
    and popularity (a positive weight with a long tail). `skip` names films whose combination of setting,
    protagonist and conflict must not come up: for drawing further films that stay apart from a catalogue.

    >>> films = make_films(3, seed=0)
    >>> films.loc["f1", ["setting", "protagonist"]].notna().all()
    np.True_
    """
    return draw_items(FILMS, n, seed, prefix, skip)


def film_texts(films: pd.DataFrame, seed: int = 0) -> pd.DataFrame:
    """Two texts per film for its semantic vector: source "plot" and source "note", columns item, source, text.

    They use the second wording of every fact, so that they share few phrases with what a teacher writes.
    """
    return item_texts(FILMS, films, seed)
