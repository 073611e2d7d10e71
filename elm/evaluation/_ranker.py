"""Language rankers: from a profile text to scores over items (the judge in ELM's behavioural consistency)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from elm._errors import CallError, VectorError
from elm.embeddings import VectorTable
from elm.evaluation._profile_parts import ProfileVectors
from elm.evaluation._texts import Encoder, unit

Array = npt.NDArray[np.float32]

_KEPT = 0.9999  # share of the features' variance that the ridge works with


class Ranker(Protocol):
    """Scores texts (n) against the items of one table, in its order: (n, n_items), larger is better."""

    def scores(self, texts: Sequence[str], /) -> Array: ...


class TrainedRanker:
    """A ridge from a profile's text to the collaborative space, then the dot product with the items' vectors.

    Made by `fit` on training users. It reads likes and dislikes apart, since a sentence encoder puts "loves westerns"
    and "hates westerns" side by side, and weighs what is named first once more.
    """

    def __init__(self, profiles: ProfileVectors, weights: Array, bias: Array, items: VectorTable, alpha: float) -> None:
        self.profiles, self.weights, self.bias, self.items, self.alpha = profiles, weights, bias, items, alpha

    @classmethod
    def fit(cls, encoder: Encoder, texts: Sequence[str], targets: npt.ArrayLike, items: VectorTable) -> TrainedRanker:
        """Fit on training users: their teacher texts (n) and collaborative vectors, `targets` (n, factors).

        items: the item table of the same space. The ridge's weight is chosen by leave-one-out error on these users.
        Raises `CallError` for fewer than ten users, another number of texts or texts all alike, `VectorError` for
        targets of another size.
        """
        vectors = np.asarray(targets, dtype=np.float64)
        if vectors.ndim != 2 or vectors.shape[1] != items.space.dim or not np.isfinite(vectors).all():
            raise VectorError(
                f"targets must be finite user vectors (n, {items.space.dim}) of the items' space, got {vectors.shape}"
            )
        if len(texts) != len(vectors) or len(texts) < 10:
            raise CallError(
                f"a ranker needs one text a user and ten users; got {len(texts)} texts, {len(vectors)} users"
            )
        from sklearn.decomposition import PCA
        from sklearn.linear_model import RidgeCV

        profiles = ProfileVectors(encoder)
        read = profiles.features(texts).astype(np.float64)
        if not np.ptp(read, axis=0).any():
            raise CallError("a ranker learns from texts that differ, but all of these say the same or nothing")
        # Profiles share few phrases, so their features fill few dimensions: the ridge in those is the same and quick.
        pca = PCA(_KEPT, svd_solver="covariance_eigh").fit(read)
        ridge = RidgeCV(alphas=np.logspace(-3, 3, 13)).fit(pca.transform(read), vectors)
        weights = pca.components_.T @ ridge.coef_.T
        bias = ridge.intercept_ - pca.mean_ @ weights
        return cls(profiles, weights.astype(np.float32), bias.astype(np.float32), items, float(ridge.alpha_))

    def predict(self, texts: Sequence[str]) -> Array:
        """The collaborative vectors (n, factors) that the texts stand for."""
        return self.profiles.features(texts) @ self.weights + self.bias

    def scores(self, texts: Sequence[str], /) -> Array:
        """(n, n_items)."""
        return self.predict(texts) @ self.items.vectors.T


class ZeroShotRanker:
    """The ranker of the ELM paper: cosine of the profile and the item's text in a sentence encoder's space.

    The profile is the mean of its likes minus half the mean of its dislikes. Trained on nothing, and nearly blind to
    whose profile it reads: reported beside the trained one.
    """

    def __init__(self, encoder: Encoder, vectors: npt.ArrayLike) -> None:
        """vectors: (n_items, dim), the mean vectors of the items' texts; zeros for an item without a text."""
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
        """(n, n_items), from -1 to 1."""
        return unit(self.profiles.direction(texts)) @ self.vectors.T
