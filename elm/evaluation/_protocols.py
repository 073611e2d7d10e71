"""What every evaluation needs: a model to ask, texts encoded once each, and partners for the shuffled control."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from elm._errors import CallError, OutsideDataWarning, UnknownNameError
from elm._typing import Array

Asked = Array | tuple[Array, ...]


class Describer(Protocol):
    """Anything that writes the text of a task about each of n vectors, or of n pairs given as two arrays, such as
    `elm.model.EmbeddingLanguageModel`.
    """

    def describe(self, vectors: Asked, task: str, /, *, seed: int = 0) -> Any: ...


Texts = Mapping[str, Mapping[str, str]]
"""Texts that another system wrote: task -> id of the entity, "a,b" for a pair -> text."""


GIVEN, UNASKED = "texts were given, so there is no model to ask without training", "not asked for"
"""Why there is no text of an untrained adapter."""


class Encoder(Protocol):
    """Anything that turns texts (n) into unit vectors (n, dim), such as `elm.embeddings.SentenceEncoder`."""

    def encode(self, texts: list[str], /) -> Array: ...


class CachedEncoder:
    """An encoder that keeps the vector of every text it has seen, for controls that several models are scored against.

    Holds 4 * dim bytes per text; the texts themselves once.
    """

    def __init__(self, encoder: Encoder) -> None:
        self.encoder = encoder
        self._known: dict[str, Array] = {}

    @property
    def dim(self) -> int:
        """Numbers of a vector."""
        known: Any = self.encoder
        return int(known.dim)

    @property
    def fingerprint(self) -> str:
        """That of the encoder behind it, "" for one without."""
        return str(getattr(self.encoder, "fingerprint", ""))

    def encode(self, texts: list[str], /) -> Array:
        """Vectors (n, dim); only texts that are new go to the encoder."""
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        if new:
            self._known.update(zip(new, self.encoder.encode(new), strict=True))
        return np.stack([self._known[text] for text in texts])


def written(model: Describer, vectors: Asked, task: str, seed: int) -> list[str]:
    """The model's texts, (n, dim) or two of them -> n; `CallError` where it does not give a text per vector or pair."""
    texts = list(model.describe(vectors, task, seed=seed))
    count = len(vectors[0] if isinstance(vectors, tuple) else vectors)
    if len(texts) != count:
        raise CallError(f"a model writes one text per vector, but {count} vectors gave {len(texts)} texts")
    return [str(text) for text in texts]


def written_moved(model: Describer, vectors: Asked, task: str, seed: int) -> list[str]:
    """`written` for vectors that were moved on purpose: that some lie outside the training data is intended."""
    with warnings.catch_warnings(action="ignore", category=OutsideDataWarning):
        return written(model, vectors, task, seed)


def texts_about(
    model: Describer | Texts, vectors: Asked, task: str, ids: Sequence[str], seed: int, others: Sequence[str] = ()
) -> list[str]:
    """The texts of a task about entities (n ids and vectors): asked of a model, or looked up among given `Texts`.

    An empty text is a text that says nothing, and is scored as such. others: entities that may have a text, too.
    Raises `CallError` where given texts lack the task or an entity, `UnknownNameError` for one about something else.
    """
    if not isinstance(model, Mapping):
        return written(model, vectors, task, seed)
    if task not in model:
        raise CallError(
            f"given texts must cover every scored task, and have none of {task!r}, only: {', '.join(model)}"
        )
    given = model[task]
    missing = [id for id in ids if id not in given]
    if missing:
        raise CallError(
            f"every scored entity needs a text, an empty one at least: task {task!r} lacks {len(missing)} of "
            f"{len(ids)}, such as {missing[0]!r}"
        )
    known = {*ids, *others}
    for id, text in given.items():
        if id not in known:
            raise UnknownNameError("scored entity", id, ids, f"(in the texts of task {task!r})")
        if not isinstance(text, str):
            raise CallError(f"a text is a string, but that of {id!r} for task {task!r} is {type(text).__name__}")
    return [given[id] for id in ids]


def encoded(encoder: Encoder, texts: Sequence[str]) -> Array:
    """Vectors (n, dim) of texts; each distinct text is encoded once, an empty one is zeros (it says nothing)."""
    distinct = list(dict.fromkeys(text for text in texts if text.strip()))
    if not distinct:
        raise CallError(f"there is no text to encode: all {len(texts)} are empty")
    vectors = np.asarray(encoder.encode(distinct), dtype=np.float32)
    row = {text: number for number, text in enumerate(distinct)}
    padded = np.vstack([vectors, np.zeros((1, vectors.shape[1]), np.float32)])
    return padded[[row.get(text, len(distinct)) for text in texts]]
