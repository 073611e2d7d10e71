"""Multi-VAE (Liang et al. 2018, "Variational autoencoders for collaborative filtering"), the first backbone of TEARS.

q(z|x) = N(mu(x), sigma(x)^2),  mu, log sigma^2 = linear(tanh(linear(dropout(x / |x|))))
p(x|z) = multinomial(softmax(linear(tanh(linear(z)))))
loss   = -sum_i y_i log p_i + beta KL(q || N(0, I)),  beta warmed up from 0
"""

from __future__ import annotations

import dataclasses

import torch
from scipy import sparse
from torch import nn

from elm.recommend._held_out import HeldOut, seeded
from elm.recommend._ratings import as_ratings
from elm.recommend.backbones._autoencoder import Autoencoder, LayerConfig, published_init
from elm.recommend.backbones._autoencoder_spec import DECAYS, DROPOUTS, RATES, AutoencoderSpec
from elm.recommend.backbones._gaussian import Gaussian, kl_to_prior, multinomial_loss
from elm.recommend.backbones._sparse_rows import SparseLinear, SparseRows
from elm.recommend.backbones._training import BackboneTraining, train


@dataclasses.dataclass(frozen=True)
class MultiVAEConfig(LayerConfig):
    """Shape of the network."""


class HistoryEncoder(nn.Module):
    """Raw ratings of B users to a Gaussian (B, latent): L2-normalised row, dropout, one hidden tanh layer."""

    def __init__(self, config: MultiVAEConfig) -> None:
        super().__init__()
        self.latent, self.dropout = config.latent, config.dropout
        self.hidden = SparseLinear(config.items, config.hidden)
        self.out = nn.Linear(config.hidden, 2 * config.latent)

    def forward(self, rows: SparseRows) -> Gaussian:
        row = rows.normalised().dropped(self.dropout, self.training)
        mu, log_variance = self.out(torch.tanh(self.hidden(row))).split(self.latent, dim=-1)
        return Gaussian(mu, torch.exp(0.5 * log_variance))


class ItemDecoder(nn.Module):
    """A latent vector (B, latent) to one logit an item (B, items)."""

    def __init__(self, latent: int, hidden: int, items: int) -> None:
        super().__init__()
        self.hidden = nn.Linear(latent, hidden)
        self.out = nn.Linear(hidden, items)

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.out(torch.tanh(self.hidden(z)))
        return logits


class MultiVAE(Autoencoder):
    """Encoder and decoder; `encode(ratings)` gives the Gaussian, `decode(z)` the logits."""

    def __init__(self, config: MultiVAEConfig, seed: int = 0) -> None:
        super().__init__()
        self.config = config
        self.encoder = HistoryEncoder(config)
        self.decoder = ItemDecoder(config.latent, config.hidden, config.items)
        published_init(self, seed)

    def loss(self, rows: SparseRows, targets: SparseRows, kl_weight: float, part: str = "all") -> torch.Tensor:
        """Negative multinomial likelihood and weighted KL, (B,)."""
        q = self.encode(rows)
        return multinomial_loss(self.decode(q.sample()), targets) + kl_weight * kl_to_prior(q)


SPEC = AutoencoderSpec(
    name="multi-vae",
    network=MultiVAE,
    config=MultiVAEConfig,
    grid={"dropout": DROPOUTS, "learning_rate": RATES, "beta": (0.1, 0.3, 0.5), "weight_decay": DECAYS},
)


@dataclasses.dataclass(frozen=True)
class MultiVAETraining(BackboneTraining):
    """Run options of `train_multivae`, made for small worlds: small batches, and little patience."""

    epochs: int = 100
    batch: int | None = 100
    patience: int = 10
    k: int = 20


def train_multivae(
    ratings: sparse.csr_matrix,
    validation: HeldOut,
    config: MultiVAEConfig | None = None,
    options: BackboneTraining | None = None,
    *,
    seed: int = 0,
    device: str = "cpu",
    progress: bool = False,
) -> tuple[MultiVAE, list[dict[str, float]]]:
    """Make a Multi-VAE for these users and train it: `train_backbone` with sizes and options that suit small worlds."""
    config = config or MultiVAEConfig.for_users(*as_ratings(ratings).shape)
    with seeded(seed):  # making layers draws from the global generator
        model = MultiVAE(config, seed=seed).to(device)
    return train(model, ratings, validation, options or MultiVAETraining(), seed=seed, progress=progress)
