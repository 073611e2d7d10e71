"""Multi-DAE (Liang et al. 2018): Multi-VAE without the variance, a denoising autoencoder with multinomial likelihood.

z    = tanh(linear(tanh(linear(dropout(x / |x|)))))
loss = -sum_i y_i log softmax(linear(tanh(linear(z))))_i
"""

from __future__ import annotations

import dataclasses

import torch
from torch import nn

from elm.recommend.backbones._autoencoder import Autoencoder, LayerConfig, published_init
from elm.recommend.backbones._autoencoder_spec import DROPOUTS, RATES, AutoencoderSpec
from elm.recommend.backbones._gaussian import Gaussian, multinomial_loss
from elm.recommend.backbones._multivae import ItemDecoder
from elm.recommend.backbones._sparse_rows import SparseLinear, SparseRows
from elm.recommend.backbones._training import BackboneTraining


@dataclasses.dataclass(frozen=True)
class MultiDAEConfig(LayerConfig):
    """Shape of the network; more dropout than Multi-VAE's 0.5, since no noise in the latent space holds it back."""

    dropout: float = 0.7  # on validation users of MovieLens 1M 0.02 above 0.5, of 100K as good


class PointEncoder(nn.Module):
    """Raw ratings of B users to a point (B, latent), as a Gaussian without spread."""

    def __init__(self, config: MultiDAEConfig) -> None:
        super().__init__()
        self.dropout = config.dropout
        self.hidden = SparseLinear(config.items, config.hidden)
        self.out = nn.Linear(config.hidden, config.latent)

    def forward(self, rows: SparseRows) -> Gaussian:
        row = rows.normalised().dropped(self.dropout, self.training)
        z = torch.tanh(self.out(torch.tanh(self.hidden(row))))
        return Gaussian(z, torch.zeros_like(z))


class MultiDAE(Autoencoder):
    """Encoder and decoder of a denoising autoencoder; `encode` gives a Gaussian whose sigma is 0."""

    def __init__(self, config: MultiDAEConfig, seed: int = 0) -> None:
        super().__init__()
        self.config = config
        self.encoder = PointEncoder(config)
        self.decoder = ItemDecoder(config.latent, config.hidden, config.items)
        published_init(self, seed)

    def loss(self, rows: SparseRows, targets: SparseRows, kl_weight: float, part: str = "all") -> torch.Tensor:
        """Negative multinomial likelihood, (B,); there is no prior, so `kl_weight` has no effect."""
        return multinomial_loss(self.decode(self.encode(rows).mu), targets)


SPEC = AutoencoderSpec(
    name="multi-dae",
    network=MultiDAE,
    config=MultiDAEConfig,
    training=BackboneTraining(beta=0.0),
    grid={"dropout": DROPOUTS, "learning_rate": RATES},
)
