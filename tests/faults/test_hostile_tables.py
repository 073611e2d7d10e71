"""Changed folders of tables, concepts, data sets, splits, recommenders and adapters: refused, or read as they were."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from hostile_tables import change
from scipy import sparse

from elm._errors import ElmError
from elm.adapters import AdapterConfig, FlaxAdapter, MLPAdapter, load_adapter, save_adapter
from elm.cav import CAV, CAVs
from elm.data import Dataset, Facts
from elm.embeddings import EmbeddingSpace, VectorTable
from elm.recommend import (
    EASE,
    GenreEncoder,
    Popularity,
    RecommendationSplit,
    Recommender,
    Tears,
    load_backbone,
    make_autoencoder,
    save_backbone,
)

IDS = [f"i{number}" for number in range(6)]
TRIES = 50
VERSION = 0
"""Of the objects below: a script that needs two different ones sets this and `IDS`."""


def table() -> VectorTable:
    vectors = np.random.default_rng(0).normal(size=(6, 3)).astype(np.float32)
    return VectorTable(IDS, vectors, EmbeddingSpace.fit("toy", vectors, "dot", {"by": "hand"}, "f"))


def concepts() -> CAVs:
    space = table().space
    first, second = np.eye(3, dtype=np.float32)[:2]
    return CAVs(
        {
            "funny": CAV("funny", first, 0.1 + VERSION, 1.2, 0.9, 0.8, 0.01, 3, 3, "logistic", space, 2.0),
            "dark": CAV("dark", second, 0.0, 0.7, 0.7, 0.6, 0.2, 2, 4, "mean", space),
        }
    )


def dataset() -> Dataset:
    films = pd.DataFrame({"title": IDS, "year": [1990, None, *range(2000, 2004)], "genres": [["War"], []] * 3}, IDS)
    users = pd.DataFrame(index=["u1", "u2"])
    seen = pd.DataFrame({"user": ["u1", "u1", "u2"], "item": IDS[:3], "rating": [4.0, 5.0, 1.0], "time": [1, 2, 3]})
    texts = pd.DataFrame({"item": IDS[:2], "source": ["plot", "plot"], "text": ["A war.", "A peace."]})
    facts = Facts(pd.DataFrame({"funny": np.arange(6.0)}, IDS), pd.DataFrame({"likes": [1.0, 2.0]}, users.index))
    return Dataset("tiny", films, users, seen, texts, facts, ("made by hand",))


def split() -> RecommendationSplit:
    rows = [
        (f"u{user}", item, 4.0, part, role)
        for user, part in enumerate(("train", "validation", "test"))
        for item, role in zip(IDS, ["input", "target"] * 3, strict=True)
    ]
    frame = pd.DataFrame(rows, columns=["user", "item", "rating", "part", "role"]).astype({"rating": "float32"})
    return RecommendationSplit(frame, {"dataset": "tiny", "protocol": "paper"})


def backbone(name: str) -> Any:
    ratings = sparse.csr_matrix(np.random.default_rng(1).integers(0, 6, (9, 6)).astype(np.float32))
    if name in ("ease", "popularity"):
        return (EASE if name == "ease" else Popularity).fit(ratings)
    return make_autoencoder(name, 9, 6, **({"size": 4} if name == "macridvae" else {"hidden": 5, "latent": 4}))


def recommender() -> Recommender:
    return Recommender(Tears(backbone("multi-vae"), GenreEncoder(["War", "Peace"], 4, hidden=5)), IDS, [*"abcdef"])


def adapter() -> MLPAdapter:
    torch.manual_seed(VERSION)
    return MLPAdapter(AdapterConfig("toy", "f", "dot", dim=3, token_dim=4, soft_tokens=2, hidden=5, tasks=("summary",)))


def weights_of(model: Any) -> Any:
    if isinstance(model, EASE):
        return model.weights, model.values, model.scale
    return model.counts if isinstance(model, Popularity) else ({**model.state_dict()}, model.config)


def read_table(folder: Path) -> Any:
    found = VectorTable.load(folder)
    return found.ids, found.vectors, found.space.to_dict()


def read_concepts(folder: Path) -> Any:
    return {key: {**vars(cav), "space": cav.space.to_dict()} for key, cav in CAVs.load(folder).items()}


def read_dataset(folder: Path) -> Any:
    found = Dataset.load(folder)
    facts = found.facts and (found.facts.items.reset_index(), found.facts.users.reset_index())
    return found.name, found.items.reset_index(), found.users.reset_index(), found.interactions, found.texts, facts


def read_split(folder: Path) -> Any:
    return RecommendationSplit.load(folder).rows


def read_backbone(folder: Path) -> Any:
    model, items = load_backbone(folder)
    return type(model).__name__, weights_of(model), items


def read_recommender(folder: Path) -> Any:
    found = Recommender.load(folder)
    model, text = found.model, found.model.text
    return (
        {**model.state_dict()},
        model.vae.config,
        text.shape(),
        model.pooling,
        model.history,
        found.items,
        found.titles,
    )


def read_adapter(folder: Path) -> Any:
    one = load_adapter(folder)
    return {**one.state_dict()}, one.config


def read_flax(folder: Path) -> Any:
    one = FlaxAdapter.load(folder)
    return {name: np.asarray(value[...]) for name, value in one._by_name().items()}, one.config


KINDS: dict[str, tuple[Callable[[Path], object], Callable[[Path], Any]]] = {
    "table": (lambda folder: table().save(folder), read_table),
    "half table": (lambda folder: table().save(folder, "float16"), read_table),
    "concepts": (lambda folder: concepts().save(folder, {"labels.txt": b"x"}), read_concepts),
    "data set": (lambda folder: dataset().save(folder), read_dataset),
    "split": (lambda folder: split().save(folder), read_split),
    "split as CSV": (lambda folder: split().save(folder, "csv"), read_split),
    **{
        name: (lambda folder, name=name: save_backbone(backbone(name), IDS, folder), read_backbone)  # type: ignore[misc]
        for name in ("ease", "popularity", "multi-vae", "recvae", "macridvae")
    },
    "recommender": (lambda folder: recommender().save(folder), read_recommender),
    "adapter": (lambda folder: save_adapter(adapter(), folder), read_adapter),
    "adapter in JAX": (lambda folder: save_adapter(adapter(), folder), read_flax),
}


def same(one: Any, other: Any) -> bool:
    """Whether two values of the same make are the same, to the bit; frames in their kinds too."""
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, tuple):
        return isinstance(other, tuple) and len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, pd.DataFrame):
        return isinstance(other, pd.DataFrame) and one.equals(other)
    if isinstance(one, torch.Tensor):
        return one.dtype == other.dtype and torch.equal(one, other)
    if isinstance(one, np.ndarray):
        return one.dtype == other.dtype and np.array_equal(one, other)
    return type(one) is type(other) and bool(one == other)


@pytest.mark.parametrize("kind", KINDS)
def test_a_changed_folder_is_refused_or_read_as_it_was(kind: str, tmp_path: Path) -> None:
    save, read = KINDS[kind]
    save(tmp_path / "good")
    right = read(tmp_path / "good")
    assert same(right, read(tmp_path / "good"))
    refused, wrong = 0, []
    for number in range(TRIES):
        folder = Path(shutil.copytree(tmp_path / "good", tmp_path / "changed"))
        told = change(random.Random(f"{kind} {number}"), folder)
        try:
            came = read(folder)
        except ElmError:
            refused += 1
        except Exception as error:  # what a caller would meet as a traceback
            wrong.append(f"{number}: {told}: {type(error).__name__}: {error}")
        else:
            if not same(came, right):
                wrong.append(f"{number}: {told}: loaded")
        shutil.rmtree(folder)
    assert not wrong, "\n".join(wrong)
    assert refused > TRIES // 2  # the changes are not empty
