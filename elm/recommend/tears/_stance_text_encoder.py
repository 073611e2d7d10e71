"""Profile texts to Gaussians by two heads, one for what is liked and one for what is not, as a stance reader tells."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import nn

from elm.recommend.backbones._gaussian import Gaussian
from elm.recommend.profiles._units import units
from elm.recommend.stance._reader import StanceReader
from elm.recommend.stance._rules import StanceRules
from elm.recommend.tears._text_encoder import (
    ProfilePieces,
    SentenceVectors,
    StandardisedHead,
    TextEncoder,
    TextHeadConfig,
    distinct_pieces,
    encoded,
    piece_network,
    pooled_rows,
    used_rows,
)

_LEAST = 0.5  # of stance in a text: below it the text says little, and is drawn to what says nothing


class SignedTextHead(StandardisedHead):
    """Vectors of sentences and their stance to a Gaussian: two networks, each weighted by its side, then one mean.

    A sentence that is neither for nor against counts for nothing, so a text of such sentences reads as neutral.
    """

    def __init__(self, config: TextHeadConfig) -> None:
        super().__init__(config)
        self.liked, self.disliked = piece_network(config), piece_network(config)
        self.out = nn.Sequential(
            nn.Dropout(config.dropout), nn.Linear(2 * (config.hidden + config.dim), 2 * config.latent)
        )

    def forward(self, vectors: torch.Tensor, stance: torch.Tensor, rows: Sequence[np.ndarray]) -> Gaussian:
        """`vectors` (U, d) and `stance` (U, 3: against, neither, for) of sentences; `rows`: those of each text."""
        x = self.standardised(vectors)
        against, pro = stance[:, :1], stance[:, 2:]
        sides = [pro * self.liked(x), pro * x, against * self.disliked(x), against * x, pro + against]
        total = pooled_rows(torch.cat(sides, dim=-1), rows)
        mu, log_sigma = self.out(total[:, :-1] / total[:, -1:].clamp_min(_LEAST)).split(self.config.latent, dim=-1)
        return Gaussian(mu, torch.exp(log_sigma.clamp(-6, 2)))


class StanceTextEncoder(TextEncoder):
    """A frozen sentence encoder, a stance reader that stays as it is, and a trained `SignedTextHead`.

    Texts are read in `units`: sentences with what speaks of the same thing, so that "Westerns? Spare me." is one.
    """

    def __init__(self, encoder: SentenceVectors, config: TextHeadConfig, stance: StanceReader | StanceRules) -> None:
        super().__init__()
        self.latent = config.latent
        self.head = SignedTextHead(config)
        self.encoder = encoder
        self.stance = stance.requires_grad_(False)
        self._known: dict[str, np.ndarray] = {}

    def prepare(self, profiles: Sequence[str]) -> ProfilePieces:
        """Vectors (U, d + 3) of distinct units: of the encoder, then the stance. `CallError` as `distinct_pieces`."""
        texts, rows = distinct_pieces(profiles, units)
        vectors = encoded(self.encoder, texts, self._known, self.head.config.dim)
        return ProfilePieces(torch.from_numpy(np.concatenate([vectors, self.stance.read(texts)], axis=1)), rows)

    def take(self, prepared: ProfilePieces, users: np.ndarray) -> ProfilePieces:
        """The units of some users only, with no vector that they do not use."""
        used, rows = used_rows(prepared.rows, users)
        return ProfilePieces(prepared.vectors[torch.from_numpy(used)], rows)

    def forward(self, prepared: ProfilePieces) -> Gaussian:
        vectors, stance = prepared.vectors.to(self.head.centre.device).split([self.head.config.dim, 3], dim=-1)
        found: Gaussian = self.head(vectors, stance, prepared.rows)
        return found

    def fit_scale(self, prepared: ProfilePieces) -> None:
        self.head.fit_scale(prepared.vectors[:, : self.head.config.dim].to(self.head.centre.device))
