"""Multi-VAE (Liang et al. 2018, "Variational autoencoders for collaborative filtering"), the backbone of TEARS."""

from __future__ import annotations

import dataclasses

import torch
from torch import nn
from torch.nn import functional

from elm._errors import CallError
from elm.recommend._gaussian import Gaussian


@dataclasses.dataclass(frozen=True)
class MultiVAEConfig:
    """Shape of the network. 600 and 200 are the published sizes; `for_users` gives smaller ones for small worlds."""

    items: int
    hidden: int = 600
    latent: int = 200
    dropout: float = 0.5

    def __post_init__(self) -> None:
        if min(self.items, self.hidden, self.latent) < 1:
            raise CallError(f"items, hidden and latent must be at least 1, got {self}")
        if not 0 <= self.dropout < 1:
            raise CallError(f"dropout must be in [0, 1), got {self.dropout}")

    @classmethod
    def for_users(cls, users: int, items: int) -> MultiVAEConfig:
        """Published sizes from 5,000 training users on; below that half, as good and faster to train."""
        return cls(items) if users >= 5000 else cls(items, hidden=300, latent=100)


class HistoryEncoder(nn.Module):
    """Raw ratings (B, items) to a Gaussian (B, latent): L2-normalised row, dropout, one hidden tanh layer."""

    def __init__(self, config: MultiVAEConfig) -> None:
        super().__init__()
        self.latent, self.dropout = config.latent, config.dropout
        self.hidden = nn.Linear(config.items, config.hidden)
        self.out = nn.Linear(config.hidden, 2 * config.latent)

    def forward(self, ratings: torch.Tensor) -> Gaussian:
        row = functional.dropout(functional.normalize(ratings, dim=-1), self.dropout, self.training)
        mu, log_variance = self.out(torch.tanh(self.hidden(row))).split(self.latent, dim=-1)
        return Gaussian(mu, torch.exp(0.5 * log_variance))


class ItemDecoder(nn.Module):
    """A latent vector (B, latent) to one logit an item (B, items)."""

    def __init__(self, config: MultiVAEConfig) -> None:
        super().__init__()
        self.hidden = nn.Linear(config.latent, config.hidden)
        self.out = nn.Linear(config.hidden, config.items)

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        return self.out(torch.tanh(self.hidden(z)))


class MultiVAE(nn.Module):
    """Encoder and decoder; `encode(ratings)` gives the Gaussian, `decode(z)` the logits."""

    def __init__(self, config: MultiVAEConfig, seed: int = 0) -> None:
        super().__init__()
        self.config = config
        self.encoder = HistoryEncoder(config)
        self.decoder = ItemDecoder(config)
        generator = torch.Generator().manual_seed(seed)
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.xavier_normal_(module.weight, generator=generator)
                nn.init.trunc_normal_(module.bias, std=0.001, generator=generator)

    def encode(self, ratings: torch.Tensor) -> Gaussian:
        return self.encoder(ratings)

    def decode(self, z: torch.Tensor) -> torch.Tensor:
        return self.decoder(z)
