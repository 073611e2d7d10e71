"""From texts to the vectors of a space that no encoder of texts made: a linear projection (P in ELM's Section 3.2)."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from elm._errors import CallError, VectorError
from elm._typing import Array
from elm.evaluation._protocols import Encoder, encoded
from elm.evaluation.rankers._likes_and_dislikes import ProfileVectors

Features = Callable[[Sequence[str]], Array]
"""Texts (n) -> numbers (n, k) that a ridge reads."""

_KEPT = 0.9999  # share of the features' variance that the ridge works with
_ALPHAS = np.logspace(-3, 3, 13)
_WORD = re.compile(r"\w")


class TextProjection:
    """A ridge from texts to vectors, fitted on training entities: an `Encoder` for a space such as that of WALS.

    Its own error shows in the score of the teacher's text, which is the ceiling of any text that is read through it.

    >>> words = ["war", "love", "sea"]
    >>> count = lambda texts: np.array([[text.split().count(word) for word in words] for text in texts], np.float32)
    >>> texts = ["war " * n + "love " * (n % 3) + "sea" for n in range(1, 13)]
    >>> TextProjection.fit(count, texts, count(texts)[:, :2]).encode(["war war", ""]).round(1).tolist()
    [[2.0, 0.0], [0.0, 0.0]]
    """

    def __init__(self, features: Features, weights: Array, bias: Array, alpha: float) -> None:
        self.features, self.weights, self.bias, self.alpha = features, weights, bias, alpha

    @classmethod
    def fit(cls, features: Features, texts: Sequence[str], targets: npt.ArrayLike) -> TextProjection:
        """Fit on the texts (n) of training entities and their vectors, `targets` (n, dim).

        The ridge's strength is the one with the least leave-one-out error on these entities. Raises `CallError` for
        fewer than ten entities, another number of texts or texts all alike, `VectorError` for targets that are not
        finite.
        """
        vectors = np.asarray(targets, dtype=np.float64)
        if vectors.ndim != 2 or not np.isfinite(vectors).all():
            raise VectorError(f"targets must be finite vectors (n, dim), got NaN, infinity or shape {vectors.shape}")
        if len(texts) != len(vectors) or len(texts) < 10:
            raise CallError(
                f"a projection of texts needs one text per entity and ten entities; got {len(texts)} texts, "
                f"{len(vectors)} vectors"
            )
        from sklearn.decomposition import PCA
        from sklearn.linear_model import RidgeCV

        read = features(texts).astype(np.float64)
        if not np.ptp(read, axis=0).any():
            raise CallError("a projection learns from texts that differ, but all of these say the same or nothing")
        # Texts share phrases, so their features fill few dimensions: the ridge in those is the same and quick.
        pca = PCA(_KEPT, svd_solver="covariance_eigh").fit(read)
        ridge = RidgeCV(alphas=_ALPHAS).fit(pca.transform(read), vectors)
        weights = pca.components_.T @ np.atleast_2d(ridge.coef_).T
        bias = ridge.intercept_ - pca.mean_ @ weights
        return cls(features, weights.astype(np.float32), bias.astype(np.float32), float(ridge.alpha_))

    @classmethod
    def of_profiles(cls, encoder: Encoder, texts: Sequence[str], targets: npt.ArrayLike) -> TextProjection:
        """One that reads profiles: likes and dislikes apart, and what is named first once more.

        A sentence encoder puts "loves westerns" and "hates westerns" side by side, so that the whole text would not do.
        """
        return cls.fit(ProfileVectors(encoder).features, texts, targets)

    @classmethod
    def of_texts(cls, encoder: Encoder, texts: Sequence[str], targets: npt.ArrayLike) -> TextProjection:
        """One that reads the vector of the whole text."""
        return cls.fit(lambda some: encoded(encoder, some), texts, targets)

    def encode(self, texts: Sequence[str], /) -> Array:
        """Texts (n) -> the vectors (n, dim) that they stand for; zeros for a text without a word."""
        found = np.zeros((len(texts), len(self.bias)), np.float32)
        said = [row for row, text in enumerate(texts) if says_something(text)]
        if said:
            found[said] = self.features([texts[row] for row in said]) @ self.weights + self.bias
        return found


def says_something(text: str) -> bool:
    """Whether a text holds a word."""
    return _WORD.search(text) is not None
