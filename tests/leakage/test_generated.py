"""Generated films never repeat a held-out combination of facts, where chance alone would repeat every one of them.

60 of 216,000 combinations hardly meet by chance, so the films that are held out here are those that the next draw would
make if nothing were left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from poisoned import WordVectors, built, generated

from elm.data import Dataset, Facts, make_films, split_entities
from elm.runs.making import _train_base
from elm.runs.making._train_model import extra_films
from elm.tasks import FILMS

DRAWN = 60


def combinations(films: pd.DataFrame) -> set[tuple[str, ...]]:
    return set(films[list(FILMS.aspects)].itertuples(index=False, name=None))


def with_facts_of(dataset: Dataset, ids: list[str], films: pd.DataFrame) -> Dataset:
    """The data set, in which these items are these films."""
    assert dataset.facts is not None
    items = dataset.facts.items.copy()
    for column in FILMS.aspects:
        items.loc[ids, column] = films[column].to_numpy()[: len(ids)]
    return replace(dataset, facts=Facts(items, dataset.facts.users))


@pytest.mark.parametrize("part", ["validation", "test"])
def test_extra_films(tmp_path: Path, part: str) -> None:
    world, config, run = built(generated(), tmp_path, extra_films=DRAWN)
    held = getattr(world.film_split, part)
    likely = make_films(DRAWN, seed=config.seed + 1, prefix="x")  # what comes where nothing is left out
    taken = combinations(likely.head(len(held)))
    assert len(taken) == len(held) >= 20
    world = replace(world, dataset=with_facts_of(world.dataset, held, likely))
    encoder: Any = WordVectors()
    table, facts = extra_films(run, world, config, encoder, progress=False)
    assert len(table) == DRAWN
    assert not taken & {tuple(found.aspects.values()) for found in facts.values()}


@pytest.mark.parametrize("part", ["validation", "test"])
def test_the_base(monkeypatch: pytest.MonkeyPatch, part: str) -> None:
    seed, dataset = 0, generated()
    monkeypatch.setattr(_train_base, "_DRAWN", DRAWN)
    split = split_entities(list(dataset.items.index), *_train_base.RunConfig.film_shares, seed=seed)
    held = getattr(split, part)
    likely = make_films(DRAWN, seed=seed + 7, prefix="b")
    taken = combinations(likely.head(len(held)))
    monkeypatch.setattr(_train_base, "load_dataset", lambda *_, **__: with_facts_of(dataset, held, likely))
    (film, pair, _), _ = _train_base._generated("demo", seed)
    rng, seen = np.random.default_rng(0), set()
    for source in (film, pair) * 400:
        seen |= set(told(source(rng)[0]))
    assert len(seen) > DRAWN
    assert not seen & taken


def told(prompt: str) -> Iterator[tuple[str, ...]]:
    """The combinations of facts in a prompt of the base."""
    for line in prompt.split("genres: ")[1:]:
        facts = dict(part.split(": ", 1) for part in line.split("; ") if ": " in part)
        yield facts["setting"], facts["lead"], facts["conflict"]
