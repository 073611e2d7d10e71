"""What a reader of somebody's own pairs learns: poisoned vectors and texts of held-out ones change nothing of it."""

from __future__ import annotations

import numpy as np

from elm.embeddings import EmbeddingSpace, VectorTable
from elm.runs.readers._config import ReaderConfig
from elm.runs.readers._lessons import ReaderWorld
from elm.runs.readers._pairs import Pairs

IDS = [f"v{number}" for number in range(60)]
WORDS = ("harbour", "garden", "village", "forest", "river")
CONFIG = ReaderConfig("data", "mine", "shipped", shares=(0.2, 0.2))


def world(held: tuple[str, ...] = ()) -> ReaderWorld:
    """60 vectors with texts; those of `held` are poisoned."""
    vectors = np.random.default_rng(0).normal(size=(60, 5)).astype(np.float32)
    texts = {i: [f"A {WORDS[n % 5]} by the {WORDS[n // 5 % 5]}, number {n}."] for n, i in enumerate(IDS)}
    for name in held:
        vectors[IDS.index(name)] *= -3.0  # twins are split together, so no two may come to be alike
        texts[name] = [f"Poisoned {name}: {name}x {name}y {name}z."]
    space = EmbeddingSpace.fit("mine", vectors, "cosine", {}, "f")
    return ReaderWorld.of(Pairs(VectorTable(IDS, vectors, space), texts), CONFIG)


def test_statistics_and_key_words_are_those_of_training_pairs() -> None:
    clean = world()
    split = clean.split
    poisoned = world((*split.validation, *split.test))
    assert poisoned.split == split
    assert poisoned.pairs.table.space.to_dict() == clean.pairs.table.space.to_dict()
    learned = [[*made.key_words.words, *made.key_words._vectorizer.idf_] for made in (poisoned, clean)]
    assert learned[0] == learned[1]
    assert world(split.train[:3]).pairs.table.space.to_dict() != clean.pairs.table.space.to_dict()
