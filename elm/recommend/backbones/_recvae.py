"""RecVAE (Shenbin et al. 2020, "RecVAE: a new variational autoencoder for top-N recommendations").

    q(z|x) = N(mu(x), sigma(x)^2): five dense layers of width h, each fed by the sum of all before it, swish, layer norm
    p(x|z) = multinomial(softmax(linear(z)))
    p(z|x) = 3/20 N(0, 1) + 3/4 q_old(z|x) + 1/10 N(0, e^10), in each dimension (the composite prior, equation 5);
             q_old is the encoder of the last epoch
    loss   = -sum_i y_i log p_i + gamma |y| (log q(z|x) - log p(z|x)), in which |y| counts the user's targets

An epoch trains the encoder three times over the users with dropout, takes it as q_old, and then trains the decoder once
without dropout.
"""

from __future__ import annotations

import copy
import dataclasses
import math
from collections.abc import Callable, Sequence
from typing import Self

import torch
from torch import nn
from torch.nn import functional

from elm.recommend.backbones._autoencoder import Autoencoder, LayerConfig, Pass, published_init
from elm.recommend.backbones._autoencoder_spec import DECAYS, DROPOUTS, RATES, AutoencoderSpec
from elm.recommend.backbones._gaussian import Gaussian, multinomial_loss
from elm.recommend.backbones._sparse_rows import SparseLinear, SparseRows
from elm.recommend.backbones._training import BackboneTraining

_PRIOR_SHARES = (3 / 20, 3 / 4, 1 / 10)  # standard normal, old posterior, wide normal
_WIDE_SIGMA = math.exp(10 / 2)
_LAYERS = 5


@dataclasses.dataclass(frozen=True)
class RecVAEConfig(LayerConfig):
    """Shape of the network."""


class DenseEncoder(nn.Module):
    """Raw ratings of B users to a Gaussian (B, latent), through densely connected layers."""

    def __init__(self, config: RecVAEConfig) -> None:
        super().__init__()
        self.latent, self.dropout = config.latent, config.dropout
        self.first = SparseLinear(config.items, config.hidden)
        self.rest = nn.ModuleList(nn.Linear(config.hidden, config.hidden) for _ in range(_LAYERS - 1))
        self.norms = nn.ModuleList(nn.LayerNorm(config.hidden, eps=0.1) for _ in range(_LAYERS))
        self.out = nn.Linear(config.hidden, 2 * config.latent)

    def forward(self, rows: SparseRows) -> Gaussian:
        row = rows.normalised().dropped(self.dropout, self.training)
        h = self.norms[0](functional.silu(self.first(row)))
        before = h
        for layer, norm in zip(self.rest, self.norms[1:], strict=True):
            h = norm(functional.silu(layer(h) + before))
            before = before + h
        mu, log_variance = self.out(h).split(self.latent, dim=-1)
        return Gaussian(mu, torch.exp(0.5 * log_variance))


class RecVAE(Autoencoder):
    """Encoder and linear decoder; the composite prior keeps the encoder of the last epoch."""

    def __init__(self, config: RecVAEConfig, seed: int = 0) -> None:
        super().__init__()
        self.config = config
        self.encoder = DenseEncoder(config)
        self.decoder = nn.Linear(config.latent, config.items)
        published_init(self, seed)
        self._old: tuple[nn.Module, ...] = ()  # in a tuple, so that it is no part of the saved weights
        self.after("encoder")

    def passes(self) -> Sequence[Pass]:
        return (Pass("encoder", 3), Pass("decoder"))

    def after(self, part: str) -> None:
        """The prior takes over the encoder as it is now."""
        if part == "encoder":
            self._old = (copy.deepcopy(self.encoder).eval().requires_grad_(False),)

    def _apply(self, fn: Callable[[torch.Tensor], torch.Tensor], recurse: bool = True) -> Self:
        for old in self._old:  # torch does not look into the tuple, so `to` would leave it on the other device
            old._apply(fn, recurse)
        on_the_rest: Callable[..., Self] = super()._apply
        return on_the_rest(fn, recurse)

    def loss(self, rows: SparseRows, targets: SparseRows, kl_weight: float, part: str = "all") -> torch.Tensor:
        """Negative multinomial likelihood, and for the encoder the KL to the composite prior, (B,)."""
        if part == "decoder":
            with torch.no_grad():
                z = self.encode(rows).sample()
            return multinomial_loss(self.decode(z), targets)
        q = self.encode(rows)
        z = q.sample()
        with torch.no_grad():
            old = self._old[0](rows)
        kl = (log_normal(z, q) - log_composite_prior(z, old)).sum(-1)
        return multinomial_loss(self.decode(z), targets) + kl_weight * targets.sums() * kl


def log_normal(z: torch.Tensor, q: Gaussian) -> torch.Tensor:
    """Log density of z under q in each dimension, (B, latent)."""
    return -0.5 * ((z - q.mu) / q.sigma) ** 2 - torch.log(q.sigma) - 0.5 * math.log(2 * math.pi)


def log_composite_prior(z: torch.Tensor, old: Gaussian) -> torch.Tensor:
    """Log density of z under the mixture of a standard normal, the old posterior and a wide normal, (B, latent)."""
    zero, one = torch.zeros_like(z), torch.ones_like(z)
    parts = (Gaussian(zero, one), old, Gaussian(zero, _WIDE_SIGMA * one))
    logs = [math.log(share) + log_normal(z, part) for share, part in zip(_PRIOR_SHARES, parts, strict=True)]
    return torch.logsumexp(torch.stack(logs), dim=0)


SPEC = AutoencoderSpec(
    name="recvae",
    network=RecVAE,
    config=RecVAEConfig,
    training=BackboneTraining(learning_rate=5e-4, beta=0.005, anneal_epochs=0, patience=10),
    grid={"dropout": DROPOUTS, "learning_rate": RATES, "beta": (0.0035, 0.004, 0.005), "weight_decay": DECAYS},
)
