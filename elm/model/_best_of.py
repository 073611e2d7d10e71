"""Best of n: several texts about each vector, of which the one whose own vector is nearest to it is taken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from elm._errors import CallError, UnknownNameError, VectorError
from elm._typing import Array
from elm.embeddings import encoder_of, unit
from elm.model._generate import generate
from elm.model._parts import ModelParts
from elm.model._reading import Reading

WAYS = ("nearest",)
"""How one of several texts is chosen."""

WARM = 0.8
"""The temperature at which several texts are drawn, where the task's own is lower: they should differ."""


@dataclass(frozen=True)
class Choosing:
    """How many texts are drawn about a vector, and how one of them is chosen.

    encoder: that of the vectors' space, its name or its folder; None: the one that the space names, on this machine.
    Raises `CallError` for n below 1, `UnknownNameError` for another way to choose.
    """

    n: int = 1
    choose: str = "nearest"
    encoder: Any = None

    def __post_init__(self) -> None:
        if not isinstance(self.n, int) or isinstance(self.n, bool) or self.n < 1:
            raise CallError(f"n counts the texts that are drawn about a vector, at least 1, got {self.n!r}")
        if self.choose not in WAYS:
            raise UnknownNameError("way to choose a text", self.choose, WAYS)

    def temperature(self, asked: float | None, own: float) -> float:
        """The temperature to draw at: as asked, else the task's own, a warmer one where several texts are drawn.

        Raises `CallError` where several texts would be one and the same.
        """
        if self.n > 1 and asked == 0:
            raise CallError(
                f"at temperature 0 all {self.n} texts about a vector are one: n needs a temperature above 0"
            )
        return asked if asked is not None else own if self.n == 1 else max(own, WARM)


@dataclass(frozen=True)
class BestOf:
    """Texts that were drawn about one vector; scores: the cosine of each, encoded again, to the vector; chosen: which
    of them is the nearest, the first of several. Where the vector is a pair, the mean of the two stands for it.

    >>> BestOf(("a storm", "a calm"), (0.2, 0.6), 1).text
    'a calm'
    """

    texts: tuple[str, ...]
    scores: tuple[float, ...]
    chosen: int

    @property
    def text(self) -> str:
        """The one that is nearest to the vector."""
        return self.texts[self.chosen]

    @property
    def score(self) -> float:
        """Its cosine to the vector, by which it was chosen: it says no more about how good it is than that."""
        return self.scores[self.chosen]

    def frame(self) -> pd.DataFrame:
        """One row per text: columns text, score and chosen."""
        chosen = [number == self.chosen for number in range(len(self.texts))]
        return pd.DataFrame({"text": self.texts, "score": self.scores, "chosen": chosen})


def best_of(
    model: ModelParts, read: Reading, how: Choosing, *, seed: int, temperature: float, batch_size: int, progress: bool
) -> list[BestOf]:
    """`how.n` texts about each vector or pair of a reading, with their scores; errors of `encoder_of`, and
    `VectorError` for a vector of zeros, to which no text is near.
    """
    encoder = encoder_of(_space(read), how.encoder, str(model.device))
    _wanted(read)  # before work is done in vain
    read = replace(read, draws=how.n)
    texts = generate(model, read, seed=seed, temperature=temperature, batch_size=batch_size, progress=progress)
    return best_of_texts(read, texts, encoder)


def best_of_texts(read: Reading, texts: Sequence[str], encoder: Any) -> list[BestOf]:
    """The texts of a reading, `read.draws` in a row about each vector, with their scores; errors of `best_of`."""
    _space(read)
    scores = scored(texts, np.repeat(_wanted(read), read.draws, axis=0), encoder).reshape(-1, read.draws)
    return [
        BestOf(tuple(texts[row * read.draws : (row + 1) * read.draws]), tuple(found.tolist()), int(found.argmax()))
        for row, found in enumerate(scores)
    ]


def _wanted(read: Reading) -> Array:
    """Where a text about each vector should lie: the vector's direction, or the mean of a pair's, (n, dim)."""
    wanted: Array = unit(np.mean([unit(part.vectors) for part in read.parts], axis=0))
    if (empty := np.flatnonzero(~wanted.any(axis=1))).size:
        raise VectorError(f"no text is near a vector without a direction, and vector {empty[0]} is all zeros")
    return wanted


def scored(texts: Sequence[str], wanted: Array, encoder: Any) -> Array:
    """The cosine (n,) of each text's vector to the unit vector (n, dim) beside it; 0 for a text without words."""
    said = {text: row for row, text in enumerate(dict.fromkeys(t for t in texts if any(map(str.isalnum, t))))}
    vectors = np.zeros((len(said) + 1, wanted.shape[1]), np.float32)
    if said:
        found = np.asarray(encoder.encode(list(said)), dtype=np.float32)
        if found.shape != vectors[:-1].shape:
            raise CallError(
                f"the encoder of the vectors' space writes {wanted.shape[1]} numbers per text, and this one gave "
                f"{found.shape} for {len(said)} texts"
            )
        vectors[:-1] = unit(found)
    rows = vectors[[said.get(text, len(said)) for text in texts]]
    result: Array = (rows * wanted).sum(axis=1)
    return result


def _space(read: Reading) -> Any:
    """The one space of all vectors that a text is compared with."""
    first, *others = (part.space for part in read.parts)
    if any((other.fingerprint, other.dim) != (first.fingerprint, first.dim) for other in others):
        raise CallError("a text is compared with two vectors by their mean, and these are of two spaces: take n=1")
    return first
