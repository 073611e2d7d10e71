"""GERS: the twin of TEARS that reads a vector of genres in place of a text (TEARS, Section 3.4)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from scipy import sparse
from torch import nn

from elm._errors import CallError, UnknownNameError
from elm.recommend._ratings import as_ratings, positives
from elm.recommend.backbones._gaussian import Gaussian
from elm.recommend.profiles._genre_swap import genre_masks
from elm.recommend.tears._text_encoder import TextEncoder


def genre_shares(
    histories: sparse.csr_matrix, item_genres: Sequence[Collection[str]], genres: Sequence[str]
) -> np.ndarray:
    """How much of what each user likes is of each genre, (n, genres) float32, rows sum to 1 (TEARS, equation 7).

    A user without a liked rating is counted by all ratings; one without an item of these genres gets equal shares.
    Raises `CallError` where `item_genres` is not one entry an item, `UnknownNameError` for a genre that no item has.

    >>> genre_shares(sparse.csr_matrix([[5.0, 4.0, 1.0]]), [("War",), ("War", "Drama"), ("Comedy",)], ["Drama", "War"])
    array([[0.33333334, 0.6666667 ]], dtype=float32)
    """
    ratings = as_ratings(histories, "histories")
    if len(item_genres) != ratings.shape[1]:
        raise CallError(f"item_genres must hold {ratings.shape[1]} entries, one per item, got {len(item_genres)}")
    flags = sparse.csr_matrix(genre_masks(genres, item_genres).T.astype(np.float32))
    counts, rated = ((matrix @ flags).toarray() for matrix in (positives(ratings), positives(ratings, 0)))
    counts = np.where(counts.sum(1, keepdims=True) > 0, counts, rated)
    counts[counts.sum(1) == 0] = 1
    shares: np.ndarray = (counts / counts.sum(1, keepdims=True)).astype(np.float32)
    return shares


class GenreEncoder(TextEncoder):
    """Shares of genres to Gaussians (B, latent): two hidden layers, then (mu, sigma); all of it is trained.

    A profile is a row of shares (genres,), or a mapping genre -> share in which others are 0.
    """

    def __init__(self, genres: Sequence[str], latent: int, hidden: int = 256, dropout: float = 0.2) -> None:
        super().__init__()
        if not genres or len(set(genres)) < len(genres):
            raise CallError(f"genres must be at least one, each once, got {list(genres)}")
        self.genres, self.latent, self.hidden, self.dropout = list(genres), latent, hidden, dropout
        self.network = nn.Sequential(
            nn.Linear(len(self.genres), hidden),
            nn.GELU(),
            nn.Dropout(dropout),
            nn.Linear(hidden, hidden),
            nn.GELU(),
            nn.Linear(hidden, 2 * latent),
        )

    def shape(self) -> dict[str, Any]:
        """The arguments, beside `latent`, that make another of this shape."""
        return {"genres": self.genres, "hidden": self.hidden, "dropout": self.dropout}

    def prepare(self, profiles: np.ndarray | Sequence[Mapping[str, float]]) -> torch.Tensor:
        """Checked shares (n, genres) float32. `CallError` unless they are finite, not negative, and not all 0."""
        rows = profiles if isinstance(profiles, np.ndarray) else np.asarray([self._row(p) for p in profiles])
        if rows.ndim != 2 or rows.shape[1] != len(self.genres):
            raise CallError(f"a profile is {len(self.genres)} shares, one a genre, got an array of shape {rows.shape}")
        if not np.isfinite(rows).all() or (rows < 0).any() or (rows.sum(1) <= 0).any():
            raise CallError("shares of genres must be finite and not negative, and one of them above 0")
        return torch.from_numpy(rows.astype(np.float32))

    def take(self, prepared: torch.Tensor, users: np.ndarray) -> torch.Tensor:
        return prepared[torch.from_numpy(users)]

    def forward(self, prepared: torch.Tensor) -> Gaussian:
        device = next(self.parameters()).device
        mu, log_sigma = self.network(prepared.to(device)).split(self.latent, dim=-1)
        return Gaussian(mu, torch.exp(log_sigma.clamp(-6, 2)))

    def _row(self, profile: Mapping[str, float]) -> np.ndarray:
        if not isinstance(profile, Mapping):
            raise CallError(f"this model reads shares of genres; pass a mapping genre -> share, got {profile!r}")
        for genre in profile:
            if genre not in self.genres:
                raise UnknownNameError("genre", genre, self.genres)
        return np.asarray([float(profile.get(genre, 0.0)) for genre in self.genres])
