"""A world small enough for a whole quickstart in a test: 120 films, 150 users, a sentence encoder of one layer."""

from __future__ import annotations

import math
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from elm.data import Dataset, Facts, film_texts, make_films, make_ratings
from elm.runs import RunConfig, trust
from elm.training import LoopConfig, TwoStage

FILMS, USERS = 120, 150

AMOUNTS = (-2.0, 2.0)
"""How far the concept is moved here: fewer texts than in the product, for writing them takes most of the time."""


def small_dataset(seed: int = 3) -> Dataset:
    """Films, users and texts by the demo world's own makers, under a name that has no shipped twin."""
    films = make_films(FILMS, seed)
    tastes, interactions = make_ratings(films, USERS, seed, density=0.25)
    items = films[["title", "year", "genres"]]
    return Dataset("small", items, tastes[[]], interactions, film_texts(films, seed), Facts(films, tastes))


def save_encoder(folder: Path, texts: list[str]) -> Path:
    """A random BERT of one layer with a vocabulary of whole words, as an ordinary sentence-transformers folder."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from transformers import BertConfig, BertModel, BertTokenizer

    torch.manual_seed(0)
    letters = [chr(c) for c in range(33, 127)]
    words = sorted({word for text in texts for word in text.lower().replace(".", " ").replace(",", " ").split()})
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *dict.fromkeys([*letters, *words])]
    BertTokenizer(vocab={word: i for i, word in enumerate(vocabulary)}).save_pretrained(folder / "bert")
    config = BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=130,
        initializer_range=0.5,
    )
    BertModel(config).save_pretrained(folder / "bert")
    body = Transformer(str(folder / "bert"), max_seq_length=128)
    SentenceTransformer(modules=[body, Pooling(32)], device="cpu").save(str(folder / "encoder"))
    return folder / "encoder"


def save_base(folder: Path) -> Path:
    """A random language model of one layer with the shipped base's words, for runs whose texts need not make sense.

    Writing takes most of a small run's time, and this one writes several times as fast as the shipped base.
    """
    from elm.model import BaseConfig, load_llm, new_base, save_llm

    _, tokenizer = load_llm("shipped")
    shape = BaseConfig(vocabulary=len(tokenizer), width=64, layers=1, heads=2, feed_forward=128, context=512)
    save_llm(new_base(tokenizer, shape), tokenizer, folder / "base")
    return folder / "base"


def small_config(**settings: object) -> RunConfig:
    """Three steps of each stage, each kept on disk."""
    stage = LoopConfig(steps=3, lr=4e-3, warmup=1, save_every=1)
    values: dict[str, object] = {
        "training": TwoStage(one=stage, two=stage, batch_tokens=600),
        "soft_tokens": 2,
        "hidden": 32,
        "factors": 8,
        "scored_films": 6,
        "scored_users": 14,
    }
    return RunConfig(**{**values, **settings})  # type: ignore[arg-type]


@dataclass(frozen=True)
class Small:
    """Where the small data set, its encoder and a small base lie."""

    data: Path
    encoder: Path
    base: Path

    def config(self, **settings: object) -> RunConfig:
        return small_config(**{"dataset": str(self.data), "encoder": str(self.encoder), **settings})


@dataclass(frozen=True)
class Finished:
    """A run that went through (not to be changed), what `quickstart` returned, and the steps that it showed."""

    folder: Path
    result: dict[str, Any]
    shown: list[str]


def alike(first: Any, second: Any) -> bool:
    """Whether two results are the same but for the rounding of sums, whose order follows what is encoded together."""
    if isinstance(first, dict) and isinstance(second, dict):
        return first.keys() == second.keys() and all(alike(first[key], second[key]) for key in first)
    if isinstance(first, list | tuple) and isinstance(second, list | tuple):
        return len(first) == len(second) and all(map(alike, first, second))
    if isinstance(first, float) and isinstance(second, float):
        return math.isclose(first, second, rel_tol=1e-3, abs_tol=1e-6)
    return bool(first == second)


def trusted_copy(run: Path, to: Path) -> Path:
    """A copy of a run that may read the data and the encoder that the run names."""
    copy = Path(shutil.copytree(run, to))
    trust(copy)
    return copy
