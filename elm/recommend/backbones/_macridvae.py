"""MacridVAE (Ma et al. 2019, "Learning disentangled representations for recommendation").

c_ik   = softmax_k(cos(item_i, prototype_k) / tau), drawn by Gumbel-softmax in training
z_k    ~ N(mu_k / |mu_k|, sigma_k^2),  mu_k, sigma_k from the part x_i c_ik of the row that belongs to concept k
p_i    ~ sum_k c_ik exp(cos(z_k, item_i) / tau)
loss   = -sum_i y_i log p_i + beta KL(q || N(0, sigma_0^2)),  the means left out of the KL, beta warmed up from 0
"""

from __future__ import annotations

import dataclasses

import torch
from torch import nn
from torch.nn import functional

from elm._errors import CallError
from elm.recommend.backbones._autoencoder import Autoencoder, check_sizes, published_init
from elm.recommend.backbones._autoencoder_spec import DECAYS, DROPOUTS, RATES, AutoencoderSpec
from elm.recommend.backbones._gaussian import Gaussian, multinomial_loss
from elm.recommend.backbones._sparse_rows import SparseLinear, SparseRows
from elm.recommend.backbones._training import BackboneTraining


@dataclasses.dataclass(frozen=True)
class MacridVAEConfig:
    """Shape of the network: `concepts` of `size` dimensions each, which TEARS takes as 2 of 200.

    `temperature` is tau of the cosines; `spread` is sigma_0, the width of the prior. The published tau of 0.1 overfits
    MovieLens 1M within a few epochs; 0.2 is better on its validation users and those of 100K.
    """

    items: int
    concepts: int = 2
    size: int = 200
    dropout: float = 0.5
    temperature: float = 0.2
    spread: float = 0.075

    def __post_init__(self) -> None:
        check_sizes(self, (self.items, self.concepts, self.size), self.dropout)
        if min(self.temperature, self.spread) <= 0:
            raise CallError(f"temperature and spread must be above 0, got {self}")

    @property
    def latent(self) -> int:
        """Length of a latent vector: all concepts, one after the other."""
        return self.concepts * self.size

    @classmethod
    def for_users(cls, users: int, items: int) -> MacridVAEConfig:
        """The sizes of TEARS from 10,000 training users on; half of them below, better on MovieLens 1M's validation."""
        return cls(items) if users >= 10_000 else cls(items, size=100)


class ConceptTable(nn.Module):
    """Vectors of items (items, size) and of concept prototypes (concepts, size), compared by cosine."""

    def __init__(self, config: MacridVAEConfig) -> None:
        super().__init__()
        self.temperature = config.temperature
        self.items = nn.Parameter(torch.empty(config.items, config.size))
        self.prototypes = nn.Parameter(torch.empty(config.concepts, config.size))

    def shares(self) -> torch.Tensor:
        """How far each item belongs to each concept, (items, concepts); rows sum to 1, drawn while training."""
        cosines = functional.normalize(self.items, dim=-1) @ functional.normalize(self.prototypes, dim=-1).t()
        logits = cosines / self.temperature
        if self.training:
            return functional.gumbel_softmax(logits, tau=self.temperature, dim=-1)
        return torch.softmax(logits, dim=-1)


class ConceptEncoder(nn.Module):
    """Raw ratings of B users to a Gaussian (B, concepts * size), every concept's mean at length 1."""

    def __init__(self, config: MacridVAEConfig, table: ConceptTable) -> None:
        super().__init__()
        self.config, self.table = config, table
        self.hidden = SparseLinear(config.items, config.size)
        self.out = nn.Linear(config.size, 2 * config.size)

    def forward(self, rows: SparseRows, shares: torch.Tensor | None = None) -> Gaussian:
        config = self.config
        row = rows.normalised().dropped(config.dropout, self.training)
        shares = self.table.shares() if shares is None else shares
        parts = (shares.unsqueeze(-1) * self.hidden.weight.t().unsqueeze(1)).flatten(1)  # (items, concepts * size)
        hidden = torch.tanh(row.times(parts).unflatten(1, (config.concepts, config.size)) + self.hidden.bias)
        mu, log_variance = self.out(hidden).split(config.size, dim=-1)  # (B, concepts, size)
        sigma = config.spread * torch.exp(0.5 * log_variance)
        return Gaussian(functional.normalize(mu, dim=-1).flatten(1), sigma.flatten(1))


class ConceptDecoder(nn.Module):
    """A latent vector (B, concepts * size) to log-probabilities (B, items)."""

    def __init__(self, config: MacridVAEConfig, table: ConceptTable) -> None:
        super().__init__()
        self.config, self.table = config, table

    def forward(self, z: torch.Tensor, shares: torch.Tensor | None = None) -> torch.Tensor:
        shares = self.table.shares() if shares is None else shares
        items = functional.normalize(self.table.items, dim=-1)
        by_concept = by_length(z, self.config.concepts).unflatten(1, (self.config.concepts, self.config.size))
        found: torch.Tensor | None = None
        for k in range(self.config.concepts):  # one (B, items) matrix at a time
            logits = by_concept[:, k] @ items.t() / self.config.temperature + torch.log(shares[:, k] + 1e-12)
            found = logits if found is None else torch.logaddexp(found, logits)
        assert found is not None
        return found


class MacridVAE(Autoencoder):
    """A latent vector is one direction a concept; the same table says which item belongs to which concept."""

    encoder: ConceptEncoder
    decoder: ConceptDecoder

    def __init__(self, config: MacridVAEConfig, seed: int = 0) -> None:
        super().__init__()
        self.config = config
        table = ConceptTable(config)
        self.encoder, self.decoder = ConceptEncoder(config, table), ConceptDecoder(config, table)
        published_init(self, seed)
        generator = torch.Generator().manual_seed(seed + 1)
        for vectors in (table.items, table.prototypes):
            nn.init.xavier_normal_(vectors, generator=generator)

    def place(self, z: torch.Tensor) -> torch.Tensor:
        """Every concept's part at length 1 (TEARS, equations 11 and 13), whatever side it comes from."""
        return by_length(z, self.config.concepts)

    def untie(self) -> None:
        """The encoder keeps a copy of the item table, so that the decoder's can be trained (TEARS, Appendix C.1)."""
        super().untie()
        table = ConceptTable(self.config).to(self.encoder.table.items.device)
        table.load_state_dict(self.encoder.table.state_dict())
        self.encoder.table = table.train(self.training)

    def loss(self, rows: SparseRows, targets: SparseRows, kl_weight: float, part: str = "all") -> torch.Tensor:
        """Negative multinomial likelihood and weighted KL, (B,); encoder and decoder see the same draw of concepts."""
        shares = self.encoder.table.shares()
        q = self.encoder(rows, shares)
        logits = self.decoder(q.sample(), shares)
        variance = (q.sigma / self.config.spread) ** 2
        kl: torch.Tensor = 0.5 * (variance - 1 - torch.log(variance)).sum(-1)
        return multinomial_loss(logits, targets) + kl_weight * kl


def by_length(z: torch.Tensor, concepts: int) -> torch.Tensor:
    """Vectors (B, concepts * size), every concept's part at length 1."""
    return functional.normalize(z.unflatten(1, (concepts, -1)), dim=-1).flatten(1)


SPEC = AutoencoderSpec(
    name="macridvae",
    network=MacridVAE,
    config=MacridVAEConfig,
    # Its directions bear less noise: above 0.2 on validation users of MovieLens 1M.
    training=BackboneTraining(beta=0.05),
    grid={"dropout": DROPOUTS, "learning_rate": RATES, "concepts": (2, 4, 8, 16), "weight_decay": DECAYS},
)
