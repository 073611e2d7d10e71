"""NMF (Lee and Seung 2000): likes as products of two matrices without negative numbers, by scikit-learn."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy import sparse
from scipy.optimize import nnls

from elm._errors import CallError
from elm._storage.fields import is_count, strictly
from elm._storage.weights import read_exactly
from elm.recommend._held_out import HeldOut
from elm.recommend._ratings import as_histories, as_ratings, masked, positives
from elm.recommend.backbones._spec import BackboneSpec, Fitting, Settings, setting_types
from elm.recommend.backbones._tensors import as_tensor, rows_of


class NMF:
    """Rank items by w H, where w is a user's history folded in: the nearest w H to it without a negative number.

    parts: H, (components, items) float32, nothing negative.
    """

    def __init__(self, parts: np.ndarray) -> None:
        self.parts = np.asarray(parts, dtype=np.float32)
        # |H'w - x| over w is |R w - Q'x| and a constant: a small problem for each user
        self._q, self._r = np.linalg.qr(self.parts.T.astype(np.float64))

    @property
    def items(self) -> int:
        return int(self.parts.shape[1])

    @classmethod
    def fit(cls, ratings: sparse.csr_matrix, components: int = 64, iterations: int = 200, seed: int = 0) -> NMF:
        """`ratings` (users, items), raw; a rating of at least 4 is a like. components: fewer where users or items are.

        Raises `CallError` for no like, components or iterations below 1.
        """
        from sklearn.decomposition import NMF as Solver
        from sklearn.exceptions import ConvergenceWarning

        liked = positives(as_ratings(ratings))
        if components < 1 or iterations < 1 or not liked.nnz:
            came = f"got {liked.nnz}, {components} and {iterations}"
            raise CallError(f"NMF takes likes, components and iterations of at least 1, {came}")
        count = min(components, *liked.shape)
        with warnings.catch_warnings(action="ignore", category=ConvergenceWarning):
            solver = Solver(count, init="nndsvda", max_iter=iterations, random_state=seed).fit(liked)
        return cls(solver.components_)

    def scores(self, histories: sparse.csr_matrix) -> np.ndarray:
        """Scores (users, items), float32; the items in a user's history are -inf."""
        histories = as_histories(histories, self.items)
        aims = positives(histories) @ self._q
        users = np.stack([nnls(self._r, aim)[0] for aim in aims]) if len(aims) else np.zeros((0, len(self.parts)))
        return masked((users @ self.parts).astype(np.float32), histories)


class NMFSpec(BackboneSpec):
    """The parts of the items, one matrix on disk."""

    def settings(self) -> Mapping[str, Any]:
        return setting_types(NMF.fit)

    def fit(self, ratings: sparse.csr_matrix, validation: HeldOut, settings: Settings, how: Fitting) -> NMF:
        return NMF.fit(ratings, seed=how.seed, **settings)

    def packed(self, model: NMF) -> tuple[dict[str, Any], dict[str, torch.Tensor]]:
        return {"items": model.items}, {"parts": as_tensor(model.parts)}

    def unpacked(self, config: Any, weights: Path) -> NMF:
        told = strictly(config, {"items": is_count})
        parts = read_exactly(weights, {"parts": (rows_of(weights, "parts"), told["items"])})["parts"]
        if (parts < 0).any():
            raise ValueError("the parts of NMF must not be negative")
        return NMF(parts)


SPEC = NMFSpec(name="nmf", network=NMF)
