"""A concept from words alone: a sentence against its opposite, in a space whose encoder is at hand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd

from elm._errors import CallError
from elm._typing import Floats
from elm.cav._cav import CAV, spread
from elm.cav._held_out import auc_and_p
from elm.cav._labels import labels_of
from elm.embeddings import VectorTable


class SpaceEncoder(Protocol):
    """Encodes n texts to (n, dim) vectors of the space with this fingerprint, as `elm.embeddings.SentenceEncoder`."""

    @property
    def fingerprint(self) -> str: ...

    def encode(self, texts: Sequence[str], /) -> Any: ...


def from_sentences(
    encoder: SpaceEncoder,
    table: VectorTable,
    sentence: str | Sequence[str],
    opposite: str | Sequence[str],
    name: str | None = None,
    known: Iterable[str] | Mapping[str, float] | pd.Series | None = None,
) -> CAV:
    """The direction from the opposite ("a comforting film") to the sentence ("a frightening film"), by the encoder.

    Several sentences per side are averaged: they say the concept in other words and cancel what else a wording means.
    centre and unit are measured on `table`, a table of the encoder's space. known: ids of entities that show the
    concept, or grades, as in `fit`: with them auc, accuracy and p_value are measured on the whole table, since no label
    went into the direction; without them they are NaN.

    Raises `CallError` for empty sentences, sentences that mean the same to the encoder, or another encoder's table.
    """
    sides = [[side] if isinstance(side, str) else list(side) for side in (sentence, opposite)]
    if not all(sides) or any(not text.strip() for side in sides for text in side):
        raise CallError("a concept in words needs a sentence and its opposite, and neither may be empty")
    if encoder.fingerprint != table.space.fingerprint:
        raise CallError(f"the encoder did not make space {table.space.name!r}; give the encoder of the table's vectors")
    ends = [np.asarray(encoder.encode(side), dtype=np.float64).mean(0) for side in sides]
    step = ends[0] - ends[1]
    if not np.linalg.norm(step) > 1e-6:
        raise CallError(f"{sides[0][0]!r} and {sides[1][0]!r} mean the same to the encoder; choose an opposite")
    direction = (step / np.linalg.norm(step)).astype(np.float32)
    title = name or sides[0][0]
    centre, unit = spread(table, direction, title)
    auc = accuracy = p_value = float("nan")
    n_positive = n_negative = 0
    if known is not None:
        label = labels_of(table, title, known, 1).label
        auc, accuracy, p_value = _quality(table.vectors.astype(np.float64) @ direction, label)
        n_positive, n_negative = (int((label == side).sum()) for side in (1, 0))
    return CAV(
        name=title,
        direction=direction,
        centre=centre,
        unit=unit,
        auc=auc,
        accuracy=accuracy,
        p_value=p_value,
        n_positive=n_positive,
        n_negative=n_negative,
        method="sentence",
        space=table.space,
    )


def _quality(scores: Floats, label: npt.NDArray[np.int8]) -> tuple[float, float, float]:
    """AUC, accuracy and p value; the boundary lies at the mean of all scores, which no label has set."""
    positive, negative = scores[label == 1], scores[label == 0]
    middle = scores.mean()
    auc, p_value = auc_and_p(positive, negative)
    return auc, float((positive > middle).mean() + (negative <= middle).mean()) / 2, p_value
