"""Small worlds whose held-out values can be poisoned, and a digest that tells whether anything made of them changed.

Poison is laid into the data set on disk, before anything is made of it: what comes out afterwards must be, bit for bit,
what came out of the clean data, wherever it is an artefact of training, choosing or calibrating.
"""

from __future__ import annotations

import dataclasses
import hashlib
import re
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from elm.data import Dataset, Facts, film_texts, make_films, make_ratings
from elm.runs import RunConfig
from elm.runs._experiment_data import World, build_world
from elm.runs._folder import RunFolder

SHARES = {"film_shares": (0.25, 0.2), "user_shares": (0.2, 0.15)}
MARKS = "Poisoned mark: a harbour thief arrives at a night train, a duel, a wager, an heirloom; violent and romantic."


class WordVectors:
    """A sentence encoder without weights, each text by itself: what is encoded beside a text cannot touch it."""

    name, fingerprint, max_tokens, prompt, dim = "word-vectors", "word-vectors-1", 128, None, 48

    def encode(self, texts: list[str], batch_size: int = 64, progress: bool = False) -> np.ndarray:
        return np.stack([self._one(text) for text in texts])

    def _one(self, text: str) -> np.ndarray:
        words = re.findall(r"\w{4,}", text.lower()) or ["nothing"]
        total = sum(np.random.default_rng(zlib.crc32(word.encode())).normal(size=self.dim) for word in words)
        return np.asarray(total / np.linalg.norm(total), dtype=np.float32)


def generated(seed: int = 3) -> Dataset:
    """120 films and 150 users of the demo world's makers, with facts."""
    films = make_films(120, seed)
    tastes, interactions = make_ratings(films, 150, seed, density=0.25)
    return Dataset(
        "small",
        films[["title", "year", "genres"]],
        tastes[[]],
        interactions,
        film_texts(films, seed),
        Facts(films, tastes),
    )


def real(seed: int = 3) -> Dataset:
    """The same without facts: teachers quote plots, and themes are learned from them."""
    return dataclasses.replace(generated(seed), facts=None)


QUOTED: dict[str, Any] = {"vector_sources": ("note",), "target_source": "plot"}
"""Settings of a run on `real`."""


def built(dataset: Dataset, folder: Path, **settings: Any) -> tuple[World, RunConfig, RunFolder]:
    """The world that a run makes of a data set."""
    dataset.save(folder / "data")
    config = RunConfig(**{"dataset": str(folder / "data"), "factors": 8, "extra_films": 0, **SHARES, **settings})
    run = config.begin(folder / "run")
    encoder: Any = WordVectors()
    return build_world(run, config, encoder, progress=False), config, run


def poison_films(dataset: Dataset, films: list[str]) -> Dataset:
    """Other titles, years, genres, texts and facts of these films; who rated them stays."""
    of = set(films)
    texts = dataset.texts.copy()
    texts.loc[texts["item"].isin(of), "text"] = MARKS
    facts = None
    if dataset.facts is not None:
        facts = Facts(_other_facts(dataset.facts.items, films), dataset.facts.users)
    return dataclasses.replace(dataset, items=_other_facts(dataset.items, films), texts=texts, facts=facts)


def _other_facts(frame: pd.DataFrame, films: list[str]) -> pd.DataFrame:
    frame = frame.copy()
    for column in frame.columns:
        if column == "genres":
            frame[column] = [["Western"] if i in set(films) else own for i, own in frame[column].items()]
        elif column == "title":
            frame.loc[films, column] = [f"Poisoned Mark {n}" for n in range(len(films))]
        elif column == "year":
            frame.loc[films, column] = 1921
        elif pd.api.types.is_float_dtype(frame[column]):
            frame.loc[films, column] = (1 - frame.loc[films, column]).clip(0, 1)
        else:
            frame.loc[films, column] = frame.loc[films[0], column]
    return frame


def poison_ratings(dataset: Dataset, pairs: pd.DataFrame) -> Dataset:
    """The opposite rating of each of these pairs of user and item."""
    rows = dataset.interactions.copy()
    poisoned = pd.MultiIndex.from_frame(rows[["user", "item"]]).isin(pd.MultiIndex.from_frame(pairs[["user", "item"]]))
    assert poisoned.sum() == len(pairs) > 0
    rows.loc[poisoned, "rating"] = 6 - rows.loc[poisoned, "rating"]
    return dataclasses.replace(dataset, interactions=rows)


def poison_users(dataset: Dataset, users: list[str]) -> Dataset:
    """Other items and opposite ratings of these users, as many as they had; their hidden tastes, too."""
    rows = dataset.interactions.copy()
    theirs = rows["user"].isin(set(users))
    items = list(dataset.items.index)
    other = dict(zip(items, items[::-1], strict=True))
    rows.loc[theirs, "item"] = rows.loc[theirs, "item"].map(other)
    rows.loc[theirs, "rating"] = 6 - rows.loc[theirs, "rating"]
    facts = None
    if dataset.facts is not None:
        tastes = dataset.facts.users.copy()
        tastes.loc[users] = tastes.loc[users].to_numpy()[::-1]
        facts = Facts(dataset.facts.items, tastes)
    return dataclasses.replace(dataset, interactions=rows, facts=facts)


def digest(*values: Any) -> str:
    """A hash of all that values hold, bit for bit."""
    found = hashlib.sha256()
    for value in values:
        _add(found, value)
    return found.hexdigest()


def _add(found: Any, value: Any) -> None:
    found.update(type(value).__name__.encode())
    if isinstance(value, Path):
        _add(found, {str(path.relative_to(value)): path.read_bytes() for path in value.rglob("*") if path.is_file()})
    elif isinstance(value, bytes):
        found.update(value)
    elif isinstance(value, np.ndarray):
        found.update(f"{value.dtype}{value.shape}".encode() + np.ascontiguousarray(value).tobytes())
    elif sparse.issparse(value):
        _add(found, value.toarray())
    elif isinstance(value, pd.DataFrame):
        found.update(value.to_csv(index=True).encode())
    elif hasattr(value, "detach"):
        _add(found, value.detach().cpu().numpy())
    elif isinstance(value, Mapping):
        for key in sorted(value, key=str):
            _add(found, [str(key), value[key]])
    elif isinstance(value, list | tuple):
        for one in value:
            _add(found, one)
    elif hasattr(value, "space") and hasattr(value, "vectors"):
        _add(found, [value.ids, value.vectors, value.space.to_dict()])
    elif dataclasses.is_dataclass(value):
        _add(found, {field.name: getattr(value, field.name) for field in dataclasses.fields(value)})
    else:
        assert value is None or isinstance(value, str | int | float | np.generic), type(value)
        found.update(repr(value).encode())
