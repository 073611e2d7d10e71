"""Semantic vectors: an item's texts through a sentence encoder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from elm._errors import CallError
from elm.data import ids_of
from elm.embeddings._encoder import SentenceEncoder, unit
from elm.embeddings._space import EmbeddingSpace
from elm.embeddings._table import VectorTable


def semantic(
    dataset_texts: Mapping[str, Sequence[str]],
    encoder: SentenceEncoder,
    name: str = "semantic",
    batch_size: int = 64,
    progress: bool = False,
) -> VectorTable:
    """Items with their texts (as `Dataset.texts_of` gives them) -> a table in a cosine space, vectors of length 1.

    Every text is encoded in pieces, an item's texts are averaged with equal weight, and the mean is set to length 1
    (the dual-encoder item vectors of the ELM paper, with a public encoder). The fingerprint is the encoder's: tables
    of different items by one encoder are one space.

    Raises `CallError` when there are no items, or an item has no text.
    """
    if not dataset_texts:
        raise CallError("semantic needs at least one item with a text, got none")
    bare = [item for item, texts in dataset_texts.items() if isinstance(texts, str) or len(texts) == 0]
    if bare:
        raise CallError(f"every item needs a list of at least one text, but {len(bare)} have none (first: {bare[0]!r})")
    items = ids_of(dataset_texts, "item")
    owner = np.repeat(np.arange(len(items)), [len(texts) for texts in dataset_texts.values()])
    texts = [text for texts in dataset_texts.values() for text in texts]
    encoded = encoder.encode(texts, batch_size, progress)
    total = np.zeros((len(items), encoder.dim))
    np.add.at(total, owner, encoded)
    vectors = unit(total)
    made = {"by": "semantic", "encoder": encoder.name, "max_tokens": encoder.max_tokens, "prompt": encoder.prompt}
    space = EmbeddingSpace.fit(name, vectors, "cosine", made, encoder.fingerprint)
    return VectorTable(items, vectors, space)
