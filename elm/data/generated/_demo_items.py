"""How a generated world comes about: items with known facts, drawn by a recipe, and the texts behind their vectors."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from elm._errors import CallError
from elm._typing import Floats
from elm.data._constants import ATTRIBUTES
from elm.data._dataset import Dataset, Facts
from elm.data.generated._demo_users import item_quality, make_ratings
from elm.data.generated._vocabulary import Vocabulary

STRONG, IN_PART = 0.65, 0.4
"""Above these levels a quality is called strong, or present in part; below it goes unsaid."""


@dataclass(frozen=True)
class Recipe:
    """What makes a generated world of one kind: its words, what goes with what, and how its texts are put."""

    vocabulary: Vocabulary
    kind_weights: Callable[[Sequence[str]], Floats]  # values of the aspects -> how likely each kind is
    leanings: Mapping[str, tuple[str, ...]]  # kind -> the qualities that it tends to have
    titles: tuple[Sequence[str], Sequence[str], Sequence[str]]  # words for {a}, words for {b}, patterns
    sources: Mapping[str, tuple[tuple[str, ...], ...]]  # text source -> its parts -> patterns
    more: Callable[[np.random.Generator], dict[str, object]] = lambda rng: {}  # further columns
    stream: tuple[int, ...] = ()  # keeps the draws of two worlds with one seed apart


def draw_items(recipe: Recipe, n: int, seed: int, prefix: str, skip: pd.DataFrame | None = None) -> pd.DataFrame:
    """Draw `n` items with known facts, no two with the same aspects; none of those in `skip` comes up either.

    Columns: title, those of `Recipe.more`, genres (one to three kinds), the aspects, the qualities in [0, 1] and
    popularity (a positive weight with a long tail).
    """
    rng = np.random.default_rng([seed, n, *recipe.stream])
    words = recipe.vocabulary
    pools = [list(values) for values in words.aspects.values()]
    taken = set() if skip is None else set(zip(*(skip[aspect] for aspect in words.aspects), strict=True))
    titles: set[str] = set() if skip is None else set(skip["title"])
    rows: list[dict[str, object]] = []
    while len(rows) < n:
        combination = tuple(pick(rng, pool) for pool in pools)
        if combination in taken:
            continue
        taken.add(combination)
        count = rng.choice([1, 2, 3], p=[0.3, 0.45, 0.25])
        weights = recipe.kind_weights(combination)
        kinds = sorted(rng.choice(words.kinds, size=count, replace=False, p=weights / weights.sum()).tolist())
        rows.append(
            {
                "title": _title(rng, titles, *recipe.titles),
                **recipe.more(rng),
                "genres": kinds,
                **dict(zip(words.aspects, combination, strict=True)),
                **_qualities(rng, kinds, recipe),
                "popularity": float(rng.lognormal(0.0, 1.3)),
            }
        )
    index = pd.Index([f"{prefix}{i + 1}" for i in range(n)], name="item")
    return pd.DataFrame(rows, index=index)


def _qualities(rng: np.random.Generator, kinds: list[str], recipe: Recipe) -> dict[str, float]:
    """Graded qualities that lean on the kinds, yet leave room: a comedy can be dark, a western funny."""
    names = tuple(recipe.vocabulary.qualities)
    pull = {q: sum(q in recipe.leanings[kind] for kind in kinds) for q in names}
    level = {q: 0.12 + 0.3 * min(pull[q], 2) + 0.2 * float(rng.standard_normal()) for q in names}
    surprise = pick(rng, names)
    level[surprise] = float(rng.uniform(0.7, 1.0))
    return {q: float(np.clip(v, 0.0, 1.0)) for q, v in level.items()}


def _title(
    rng: np.random.Generator, taken: set[str], first: Sequence[str], second: Sequence[str], patterns: Sequence[str]
) -> str:
    while True:
        pattern = pick(rng, patterns)
        title = pattern.format(a=pick(rng, first), b=pick(rng, second))
        if title in taken:
            title = f"{title} {pick(rng, ['II', 'III', 'IV', 'V', 'VI'])}"
        if title not in taken:
            taken.add(title)
            return title


def strongest(
    item: pd.Series | Mapping[str, float], most: int, names: Sequence[str] = ATTRIBUTES
) -> list[tuple[str, int]]:
    """The attributes that are worth a word, strongest first, as (name, level): level 0 is strong, 1 is in part."""
    ranked = sorted(((float(item[a]), a) for a in names), key=lambda pair: (-pair[0], pair[1]))
    return [(a, 0 if value >= STRONG else 1) for value, a in ranked if value >= IN_PART][:most]


def item_texts(recipe: Recipe, items: pd.DataFrame, seed: int = 0) -> pd.DataFrame:
    """A text of each source for every item, in the second wordings of its facts: columns item, source, text.

    Patterns hold the names of the aspects, {kinds} and {qualities} (the three strongest).
    """
    rng = np.random.default_rng([seed, 1, *recipe.stream])
    words = recipe.vocabulary
    rows = []
    for item, row in items.iterrows():
        strong = strongest(row, 3, tuple(words.qualities))
        said = {
            **{aspect: second[row[aspect]] for aspect, second in words.aspects.items()},
            "kinds": ", ".join(words.kind_texts[kind] for kind in rng.permutation(row["genres"])),
            "qualities": ", ".join(words.qualities[q][1][level] for q, level in strong),
        }
        for source, parts in recipe.sources.items():
            pattern = " ".join(pick(rng, patterns) for patterns in parts)
            rows.append((item, source, _sentences(pattern.format(**said))))
    return pd.DataFrame(rows, columns=["item", "source", "text"])


def make_world(
    name: str, recipe: Recipe, n_items: int, n_users: int, seed: int, prefix: str, columns: Sequence[str]
) -> Dataset:
    """Items, their users, ratings and texts as a data set with facts; `columns` of the facts stand in `items`, too."""
    if n_items < 5 or n_users < 1 or seed < 0:
        raise CallError(
            f"a generated world needs at least 5 {recipe.vocabulary.name}, 1 user and a seed of 0 or more, but "
            f"{n_items}, {n_users} and {seed} came"
        )
    items = draw_items(recipe, n_items, seed, prefix)
    items["quality"] = item_quality(items, seed)
    tastes, interactions = make_ratings(items, n_users, seed, vocabulary=recipe.vocabulary)
    return Dataset(
        name=name,
        items=items.reindex(columns=list(columns)),
        users=tastes[[]],
        interactions=interactions,
        texts=item_texts(recipe, items, seed),
        facts=Facts(items=items, users=tastes),
    )


def pick(rng: np.random.Generator, choices: Sequence[str]) -> str:
    """One of the choices, each as likely; takes one draw."""
    return choices[int(rng.integers(len(choices)))]


def _sentences(text: str) -> str:
    """Capital letters where sentences begin."""
    parts = text.split(". ")
    return ". ".join(part[:1].upper() + part[1:] for part in parts)
