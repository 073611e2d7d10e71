"""What every autoencoder backbone shares: the door that training, ranking, saving and text alignment use."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, Protocol, Self, runtime_checkable

import numpy as np
import torch
from scipy import sparse
from torch import nn

from elm._errors import CallError
from elm.recommend._ratings import as_histories, masked, ordered_batches
from elm.recommend.backbones._gaussian import Gaussian
from elm.recommend.backbones._sparse_rows import Ratings, SparseRows, as_rows

_BATCH = 512


@runtime_checkable
class Backbone(Protocol):
    """A recommender that ranks from histories alone: what a comparison needs of a model."""

    def scores(self, histories: sparse.csr_matrix) -> np.ndarray:
        """Scores (users, items) float32 of raw ratings (users, items); the items of the history are -inf."""
        ...


class Pass(NamedTuple):
    """Passes over the training users: which part learns, and how often in a row. The decoder alone sees no dropout."""

    part: Literal["all", "encoder", "decoder"] = "all"
    times: int = 1


@dataclass(frozen=True)
class LayerConfig:
    """Shape of a network with one width of hidden layers, the published sizes by default."""

    items: int
    hidden: int = 600
    latent: int = 200
    dropout: float = 0.5

    def __post_init__(self) -> None:
        check_sizes(self, (self.items, self.hidden, self.latent), self.dropout)

    @classmethod
    def for_users(cls, users: int, items: int) -> Self:
        """Published sizes from 5,000 training users on; below that half, as good and faster to train."""
        return cls(items) if users >= 5000 else cls(items, hidden=300, latent=100)


class Autoencoder(nn.Module):
    """A history is encoded as a Gaussian in a latent space, and a latent vector decoded to one score per item.

    `encoder` and `decoder` are modules; what they share until `untie` (MacridVAE's item table) belongs to the decoder.
    """

    config: Any
    encoder: nn.Module
    decoder: nn.Module
    untied = False

    @property
    def items(self) -> int:
        return int(self.config.items)

    @property
    def latent(self) -> int:
        """Length of a latent vector."""
        return int(self.config.latent)

    def encode(self, ratings: Ratings) -> Gaussian:
        """Raw ratings (B, items), sparse or dense, to a Gaussian (B, latent)."""
        found: Gaussian = self.encoder(as_rows(ratings))
        return found

    def decode(self, z: torch.Tensor) -> torch.Tensor:
        """Latent vectors (B, latent) to logits (B, items)."""
        logits: torch.Tensor = self.decoder(z)
        return logits

    def place(self, z: torch.Tensor) -> torch.Tensor:
        """Where vectors (B, latent) of any origin lie in this latent space: as they are, or normalised by concept."""
        return z

    def untie(self) -> None:
        """Give the encoder its own copy of what it shares with the decoder, so that one can be frozen alone."""
        self.untied = True

    def passes(self) -> Sequence[Pass]:
        """The passes that make one epoch of training."""
        return (Pass(),)

    def after(self, part: str) -> None:
        """Called when all passes of a part are done."""

    @abstractmethod
    def loss(self, rows: SparseRows, targets: SparseRows, kl_weight: float, part: str = "all") -> torch.Tensor:
        """What training makes small, (B,): inputs are raw ratings, targets ones."""

    @torch.no_grad()
    def scores(self, histories: sparse.csr_matrix) -> np.ndarray:
        """Log-probabilities (users, items) from the mean of each user's latent; items of the history are -inf.

        A user without any rating gets what the model recommends to somebody unknown. Raises `CallError` for a matrix
        that is not sparse, not of this catalogue, or that holds negative or infinite ratings.
        """
        histories = as_histories(histories, self.items)
        self.eval()
        device = next(self.parameters()).device
        found = np.empty(histories.shape, dtype=np.float32)
        for users in ordered_batches(histories.shape[0], _BATCH):
            logits = self.decode(self.encode(as_rows(histories[users], device)).mu)
            found[users] = torch.log_softmax(logits, -1).cpu().numpy()
        return masked(found, histories)

    @torch.no_grad()
    def latents(self, histories: sparse.csr_matrix) -> np.ndarray:
        """Where the mean of each user's Gaussian lies, (users, latent) float32; errors as `scores` has them."""
        histories = as_histories(histories, self.items)
        self.eval()
        device = next(self.parameters()).device
        found = np.empty((histories.shape[0], self.latent), dtype=np.float32)
        for users in ordered_batches(histories.shape[0], _BATCH):
            found[users] = self.place(self.encode(as_rows(histories[users], device)).mu).cpu().numpy()
        return found


def check_sizes(what: object, sizes: Sequence[int], dropout: float) -> None:
    """Raise `CallError` for a network of no width, or a dropout outside [0, 1)."""
    if min(sizes) < 1:
        raise CallError(f"items, hidden and latent must be at least 1, got {what}")
    if not 0 <= dropout < 1:
        raise CallError(f"dropout must be in [0, 1), got {dropout}")


def published_init(module: nn.Module, seed: int) -> None:
    """Xavier-normal weights and almost zero biases (Liang et al. 2018) of all linear layers, drawn from `seed`."""
    generator = torch.Generator().manual_seed(seed)
    for layer in module.modules():
        if isinstance(layer, nn.Linear):
            nn.init.xavier_normal_(layer.weight, generator=generator)
            if layer.bias is not None:
                nn.init.trunc_normal_(layer.bias, std=0.001, generator=generator)
