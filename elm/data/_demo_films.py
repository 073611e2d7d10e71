"""The films of the demo world: their facts, and the texts that their semantic vectors are made from."""

from __future__ import annotations

import numpy as np
import pandas as pd

from elm.data._constants import ATTRIBUTES, GENRES
from elm.data._demo_words import (
    ATTRIBUTE_WORDS,
    CONFLICTS,
    GENRE_WORDS,
    PROTAGONISTS,
    SETTINGS,
    TITLE_FIRST,
    TITLE_PATTERNS,
    TITLE_SECOND,
)

# How often a genre comes up, roughly as in MovieLens but flatter, so that every genre can be learned.
_GENRE_WEIGHT = {
    "Action": 6, "Adventure": 5, "Animation": 3, "Children": 4, "Comedy": 10, "Crime": 5, "Documentary": 3, "Drama": 12,
    "Fantasy": 3, "Film-Noir": 3, "Horror": 5, "Musical": 3, "Mystery": 4, "Romance": 7, "Sci-Fi": 5, "Thriller": 7,
    "War": 4, "Western": 3,
}  # fmt: skip
_GENRE_MOODS: dict[str, tuple[str, ...]] = {
    "Action": ("violent", "fast_paced"), "Adventure": ("fast_paced", "uplifting"), "Animation": ("funny", "uplifting"),
    "Children": ("uplifting", "funny"), "Comedy": ("funny",), "Crime": ("violent", "dark"),
    "Documentary": ("thought_provoking",), "Drama": ("thought_provoking", "dark"), "Fantasy": ("uplifting",),
    "Film-Noir": ("dark",), "Horror": ("frightening", "dark"), "Musical": ("uplifting", "romantic"),
    "Mystery": ("thought_provoking", "frightening"), "Romance": ("romantic",), "Sci-Fi": ("thought_provoking",),
    "Thriller": ("fast_paced", "frightening"), "War": ("violent", "dark"), "Western": ("violent",),
}  # fmt: skip

STRONG, IN_PART = 0.65, 0.4
"""Above these levels an attribute is called strong, or present in part; below it goes unsaid."""


def make_films(n: int = 2000, seed: int = 0, prefix: str = "f", skip: pd.DataFrame | None = None) -> pd.DataFrame:
    """Draw `n` films with known facts; no two share setting, protagonist and conflict all at once.

    Columns: title, year, genres (one to three), setting, protagonist, conflict, the eight soft attributes in [0, 1]
    and popularity (a positive weight with a long tail). `skip` names films whose combination of setting,
    protagonist and conflict must not come up: for drawing further films that stay apart from a catalogue.

    >>> films = make_films(3, seed=0)
    >>> films.loc["f1", ["setting", "protagonist"]].notna().all()
    np.True_
    """
    rng = np.random.default_rng([seed, n])
    weights = np.array([_GENRE_WEIGHT[g] for g in GENRES], float) / sum(_GENRE_WEIGHT.values())
    settings, protagonists, conflicts = list(SETTINGS), list(PROTAGONISTS), list(CONFLICTS)
    taken = set() if skip is None else set(zip(skip["setting"], skip["protagonist"], skip["conflict"], strict=True))
    titles: set[str] = set() if skip is None else set(skip["title"])

    def pick(pool: list[str]) -> str:
        return pool[rng.integers(len(pool))]

    rows: list[dict[str, object]] = []
    while len(rows) < n:
        combination = pick(settings), pick(protagonists), pick(conflicts)
        if combination in taken:
            continue
        taken.add(combination)
        count = rng.choice([1, 2, 3], p=[0.3, 0.45, 0.25])
        genres = sorted(rng.choice(GENRES, size=count, replace=False, p=weights).tolist())
        rows.append(
            {
                "title": _title(rng, titles),
                "year": int(rng.integers(1950, 2021)),
                "genres": genres,
                "setting": combination[0],
                "protagonist": combination[1],
                "conflict": combination[2],
                **_attributes(rng, genres),
                "popularity": float(rng.lognormal(0.0, 1.3)),
            }
        )
    index = pd.Index([f"{prefix}{i + 1}" for i in range(n)], name="item")
    return pd.DataFrame(rows, index=index)


def _attributes(rng: np.random.Generator, genres: list[str]) -> dict[str, float]:
    """Graded attributes that lean on the genres, yet leave room: a comedy can be dark, a western funny."""
    pull = {a: sum(a in _GENRE_MOODS[g] for g in genres) for a in ATTRIBUTES}
    level = {a: 0.12 + 0.3 * min(pull[a], 2) + 0.2 * float(rng.standard_normal()) for a in ATTRIBUTES}
    surprise = ATTRIBUTES[rng.integers(len(ATTRIBUTES))]
    level[surprise] = float(rng.uniform(0.7, 1.0))
    return {a: float(np.clip(v, 0.0, 1.0)) for a, v in level.items()}


def _title(rng: np.random.Generator, taken: set[str]) -> str:
    while True:
        pattern = TITLE_PATTERNS[rng.integers(len(TITLE_PATTERNS))]
        first, second = TITLE_FIRST[rng.integers(len(TITLE_FIRST))], TITLE_SECOND[rng.integers(len(TITLE_SECOND))]
        title = pattern.format(a=first, b=second)
        if title in taken:
            title = f"{title} {['II', 'III', 'IV', 'V', 'VI'][rng.integers(5)]}"
        if title not in taken:
            taken.add(title)
            return title


def strongest(film: pd.Series | dict, most: int) -> list[tuple[str, int]]:
    """The attributes that are worth a word, strongest first, as (name, level): level 0 is strong, 1 is in part."""
    ranked = sorted(((float(film[a]), a) for a in ATTRIBUTES), key=lambda pair: (-pair[0], pair[1]))
    return [(a, 0 if value >= STRONG else 1) for value, a in ranked if value >= IN_PART][:most]


_PLOTS = (
    "{hero} arrives at {place} and is drawn into {trouble}.",
    "The story follows {hero} in {place}, where everything turns on {trouble}.",
    "{trouble} upsets life in {place} until {hero} steps in.",
    "Set in {place}: {hero} must deal with {trouble}.",
    "In {place} we meet {hero}, who is soon caught up in {trouble}.",
    "What begins in {place} with {trouble} ends as the test of {hero}.",
    "{hero} has to face {trouble}, and there is no way out of {place}.",
    "Nothing happens in {place}, until {trouble} reaches {hero}.",
)
_LABELS = ("Filed under {genres}.", "Genres: {genres}.", "A picture for lovers of {genres}.", "Shelf: {genres}.",
           "Tagged {genres} by the archive.", "Mainly {genres}.")  # fmt: skip
_NOTES = (
    "Viewers call it {moods}; it is {genres} through and through, with {hero}, {place} and {trouble} at its heart.",
    "Seen as {genres} about {trouble}. The audience found it {moods}, above all for {hero} and the look of {place}.",
    "{moods}, say those who saw it: {genres}, {hero}, {place}, and then {trouble}.",
    "Programme note: {genres}. Think of {place}, of {hero}, of {trouble}. Mood: {moods}.",
    "A diary entry: {hero} stayed with me, so did {place} and {trouble}. Good {genres}, {moods}.",
    "Guests asked for {genres} and got {trouble}, {hero} and {place}. They left calling it {moods}.",
)


def film_texts(films: pd.DataFrame, seed: int = 0) -> pd.DataFrame:
    """Two texts a film for its semantic vector: source "plot" and source "note", columns item, source, text.

    They use the second wording of every fact, so that they share few phrases with what a teacher writes.
    """
    rng = np.random.default_rng([seed, 1])
    rows = []
    for item, film in films.iterrows():
        words = {
            "hero": PROTAGONISTS[film["protagonist"]],
            "place": SETTINGS[film["setting"]],
            "trouble": CONFLICTS[film["conflict"]],
            "genres": ", ".join(GENRE_WORDS[g] for g in rng.permutation(film["genres"])),
            "moods": ", ".join(ATTRIBUTE_WORDS[a][1][level] for a, level in strongest(film, 3)),
        }
        plot = f"{_pick(rng, _PLOTS)} {_pick(rng, _LABELS)} It is {{moods}}."
        for source, pattern in (("plot", plot), ("note", _pick(rng, _NOTES))):
            rows.append((item, source, _sentences(pattern.format(**words))))
    return pd.DataFrame(rows, columns=["item", "source", "text"])


def _pick(rng: np.random.Generator, choices: tuple[str, ...]) -> str:
    return choices[rng.integers(len(choices))]


def _sentences(text: str) -> str:
    """Capital letters where sentences begin."""
    parts = text.split(". ")
    return ". ".join(part[:1].upper() + part[1:] for part in parts)
