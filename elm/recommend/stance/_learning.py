"""How a stance reader learns: from sentences of the grammar, the same things for and against in every batch."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional

from elm.embeddings import SentenceEncoder
from elm.recommend._held_out import seeded
from elm.recommend.profiles._genre_words import genre_words
from elm.recommend.stance._grammar import STANCES, named, wish
from elm.recommend.stance._reader import StanceReader, StanceShape
from elm.recommend.stance._things import things as known_things

_PARTS = ("query", "key", "value", "dense")
_SMOOTH, _DROPOUT = 0.05, 0.2
_MIX = {1: 0.38, -1: 0.38, 0: 0.24}
"""Shares of the stances in a batch."""


@dataclass(frozen=True)
class StanceLearning:
    """steps of `batch` sentences; rate: of the updates, falling to 0, the head's is 0.001; rank: of the updates."""

    steps: int = 400
    batch: int = 48
    rate: float = 2e-3
    rank: int = 8
    seed: int = 0


def learn_stance(
    encoder: SentenceEncoder,
    options: StanceLearning | None = None,
    things: Mapping[str, Sequence[str]] | None = None,
    report: Callable[[int, StanceReader], None] = lambda step, reader: None,
) -> StanceReader:
    """A reader for an encoder, learned from the frames of the grammar alone.

    things: name -> what such things are about (none for a name alone); by default the genres of MovieLens.
    report: is told after every 50 steps.
    """
    how = options or StanceLearning()
    things = things or known_things()
    rng = np.random.default_rng(how.seed)
    body = copy.deepcopy(encoder.model).eval().requires_grad_(False)
    with seeded(how.seed):
        reader = StanceReader(encoder, _shape(encoder, how.rank))
        for down in reader.down:
            torch.nn.init.kaiming_uniform_(down, a=5**0.5)
        groups = [
            {"params": [*reader.down, *reader.up], "lr": how.rate},
            {"params": list(reader.head.parameters()), "lr": 1e-3},
        ]
        optimizer = torch.optim.AdamW(groups, weight_decay=0.01)
        pace = torch.optim.lr_scheduler.LambdaLR(
            optimizer, lambda step: min(1.0, (step + 1) / 20) * max(0.05, 1 - step / how.steps)
        )
        for step in range(how.steps):
            texts, stances = _batch(rng, how.batch, things)
            cut = [found[0] for found in _cut(encoder, texts)]
            logits = reader(body, encoder.padded(cut), dropout=_DROPOUT)
            loss = functional.cross_entropy(logits, torch.tensor(stances) + 1, label_smoothing=_SMOOTH)
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_([*reader.down, *reader.up], 1.0)
            optimizer.step()
            pace.step()
            if (step + 1) % 50 == 0:
                report(step + 1, reader)
    return reader.eval()


def _batch(rng: np.random.Generator, size: int, things: Mapping[str, Sequence[str]]) -> tuple[list[str], list[int]]:
    """Sentences and their stances."""
    names = list(things)
    stances = rng.choice(STANCES, size, p=[_MIX[stance] for stance in STANCES]).tolist()
    texts = []
    for stance in stances:
        name = names[rng.integers(len(names))]
        words = genre_words(name)
        label = words.label[rng.integers(len(words.label))]
        texts.append(wish(rng, stance, named(rng, label, ("films", "film"), {label: things[name]})))
    return texts, stances


def _cut(encoder: SentenceEncoder, texts: Sequence[str]) -> list[list[list[int]]]:
    """Token pieces of each text."""
    owner, pieces = encoder.token_pieces(texts)
    found: list[list[list[int]]] = [[] for _ in texts]
    for number, piece in zip(owner.tolist(), pieces, strict=True):
        found[number].append(piece)
    return found


def _shape(encoder: SentenceEncoder, rank: int) -> StanceShape:
    """Updates on every linear layer of the transformer's blocks."""
    layers = {
        name: (module.out_features, module.in_features)
        for name, module in encoder.model.named_modules()
        if isinstance(module, torch.nn.Linear) and name.rpartition(".")[2] in _PARTS and "pooler" not in name
    }
    return StanceShape(layers, rank, encoder.dim)
