"""Language rankers: from a text to scores over items or users (the judge in ELM's behavioural consistency)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt

from elm._errors import CallError, VectorError
from elm._typing import Array
from elm.embeddings import VectorTable, unit
from elm.evaluation._protocols import Encoder, encoded
from elm.evaluation.rankers._likes_and_dislikes import ProfileVectors
from elm.evaluation.rankers._projection import TextProjection, says_something
from elm.recommend import Recommender


class Ranker(Protocol):
    """Scores texts (n) against the entries of one table, in its order: (n, entries), finite, larger is better.

    A text without a word gets one score everywhere: it orders nothing.
    """

    def scores(self, texts: Sequence[str], /) -> Array: ...


def scored(ranker: Ranker, texts: Sequence[str], entries: int) -> Array:
    """What the ranker gives, (n, entries); `CallError` for another shape, NaN or infinity."""
    found = np.asarray(ranker.scores(texts))
    name = type(ranker).__name__
    if found.shape != (len(texts), entries):
        raise CallError(
            f"a ranker gives each text a score of every entry: {name} gave {found.shape}, not {(len(texts), entries)}"
        )
    if not np.isfinite(found).all():
        row = int(np.flatnonzero(~np.isfinite(found).all(1))[0])
        raise CallError(f"a ranker gives finite scores, but {name} gave NaN or infinity for {texts[row][:60]!r}")
    return found


class TrainedRanker:
    """A projection of a profile's text into the collaborative space, then the dot product with the items' vectors.

    Made by `fit` on training users. It reads likes and dislikes apart, see `TextProjection.of_profiles`.
    """

    def __init__(self, projection: TextProjection, items: VectorTable) -> None:
        self.projection, self.items = projection, items

    @classmethod
    def fit(cls, encoder: Encoder, texts: Sequence[str], targets: npt.ArrayLike, items: VectorTable) -> TrainedRanker:
        """Fit on training users: their teacher texts (n) and collaborative vectors, `targets` (n, factors).

        items: the item table of the same space. Raises what `TextProjection.fit` raises, `VectorError` for targets of
        another size.
        """
        vectors = np.asarray(targets, dtype=np.float64)
        if vectors.ndim != 2 or vectors.shape[1] != items.space.dim:
            raise VectorError(
                f"targets must be finite user vectors (n, {items.space.dim}) of the items' space, got {vectors.shape}"
            )
        return cls(TextProjection.of_profiles(encoder, texts, vectors), items)

    def predict(self, texts: Sequence[str]) -> Array:
        """The collaborative vectors (n, factors) that the texts stand for."""
        return self.projection.encode(texts)

    def scores(self, texts: Sequence[str], /) -> Array:
        """(n, n_items)."""
        return self.predict(texts) @ self.items.vectors.T


class ZeroShotRanker:
    """The ranker of the ELM paper: cosine of the text and the entry's own vector in a sentence encoder's space.

    Trained on nothing, and nearly blind to whose profile it reads: reported beside the trained one. A profile is read
    as the mean of its likes minus half the mean of its dislikes, another text as a whole.
    """

    def __init__(self, encoder: Encoder, vectors: npt.ArrayLike, reads: Literal["profile", "text"] = "profile") -> None:
        """vectors: (entries, dim), such as the mean vectors of the items' texts; zeros for an entry without any."""
        self.encoder, self.reads = encoder, reads
        self.vectors = unit(np.asarray(vectors, dtype=np.float32))
        self.profiles = ProfileVectors(encoder, self.vectors.shape[1])

    @classmethod
    def from_table(cls, encoder: Encoder, semantic: VectorTable, items: VectorTable) -> ZeroShotRanker:
        """For the items of a collaborative table, from their semantic vectors by the same encoder."""
        vectors = np.zeros((len(items), semantic.space.dim), dtype=np.float32)
        known = [row for row, item in enumerate(items.ids) if item in semantic]
        vectors[known] = semantic.rows([items.ids[row] for row in known])
        return cls(encoder, vectors)

    def scores(self, texts: Sequence[str], /) -> Array:
        """(n, entries), from -1 to 1."""
        read = self.profiles.direction(texts) if self.reads == "profile" else encoded(self.encoder, texts)
        return unit(read) @ self.vectors.T


class TextEncoderRanker:
    """The recommender's own text encoder and decoder (TEARS at alpha 1): what the profile alone would recommend."""

    def __init__(self, recommender: Recommender, items: VectorTable) -> None:
        """items: what is ordered, in this order. Raises `CallError` where the recommender does not know one of them."""
        column = {item: number for number, item in enumerate(recommender.items)}
        absent = [item for item in items.ids if item not in column]
        if absent:
            raise CallError(
                f"the recommender must know every item that is ordered; {len(absent)} of {len(items)} it does not, "
                f"such as {absent[0]!r}"
            )
        self.recommender, self._columns = recommender, np.array([column[item] for item in items.ids])

    def scores(self, texts: Sequence[str], /) -> Array:
        """(n, n_items) log-probabilities."""
        found = np.zeros((len(texts), len(self._columns)), np.float32)
        said = [row for row, text in enumerate(texts) if says_something(text)]
        if said:
            found[said] = self.recommender.scores(None, [texts[row] for row in said], 1.0)[:, self._columns]
        return found
