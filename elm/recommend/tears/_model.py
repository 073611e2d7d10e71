"""TEARS: a text encoder aligned with a recommender's latent space, so that text and history share one decoder."""

from __future__ import annotations

import copy
from typing import Literal

import torch
from torch import nn

from elm._errors import CallError
from elm.recommend.backbones._autoencoder import Autoencoder
from elm.recommend.tears._text_encoder import TextEncoder

Pooling = Literal["mean", "concatenation"]


class Tears(nn.Module):
    """Frozen history encoder, trained decoder, trained text side; all in one latent space (TEARS, Section 3.3).

    `vae` is copied, so the caller's model stays as it is. pooling: how the two sides meet; "concatenation" is the
    ablation of Section 7.1, a network over both side by side in place of their weighted mean. history: False leaves the
    history encoder out: TEARS Base, which reads texts alone.
    """

    def __init__(self, vae: Autoencoder, text: TextEncoder, pooling: Pooling = "mean", history: bool = True) -> None:
        super().__init__()
        if text.latent != vae.latent:
            raise CallError(f"text side and VAE must share one latent size, got {text.latent} and {vae.latent}")
        if pooling not in ("mean", "concatenation"):
            raise CallError(f"pooling is 'mean' or 'concatenation', got {pooling!r}")
        if pooling == "concatenation" and not history:
            raise CallError("without a history encoder there is nothing to pool; leave pooling at 'mean'")
        self.vae = copy.deepcopy(vae)
        self.vae.untie()
        self.text = text
        self.pooling: Pooling = pooling
        self.history = history
        if not history:
            self.vae.encoder = nn.Module()
        self.vae.encoder.requires_grad_(False)
        self.pool = _network(vae.latent) if pooling == "concatenation" else None

    @property
    def latent(self) -> int:
        return self.vae.latent

    def train(self, mode: bool = True) -> Tears:
        """The frozen encoder stays in evaluation mode: its dropout would move the target of the alignment."""
        super().train(mode)
        self.vae.encoder.eval()
        return self

    def trainable_names(self) -> set[str]:
        return {name for name, parameter in self.named_parameters() if parameter.requires_grad}

    def mixture(
        self, text: torch.Tensor, history: torch.Tensor, alpha: float, signs: torch.Tensor | None = None
    ) -> torch.Tensor:
        """alpha * text + (1 - alpha) * history, where the backbone's latents lie: 1 is text only, 0 history only.

        signs: (B,) of 1, or -1 where the text says what is not wanted and is taken away (TEARS, Section 6.3).
        TEARS, Section 3.3 and, for MacridVAE, Appendix C.1: each side and their mixture are normalised by concept. With
        concatenation alpha tells only whether both sides count: between 0 and 1 it changes nothing.
        """
        place = self.vae.place
        said = place(text) if signs is None else place(text) * signs.unsqueeze(-1)
        if self.pool is not None and 0 < alpha < 1:
            return place(self.pool(torch.cat([said, place(history)], dim=-1)))
        return place(alpha * said + (1 - alpha) * place(history))


def _network(latent: int) -> nn.Sequential:
    """Two vectors side by side (B, 2 latent) to one (B, latent)."""
    return nn.Sequential(nn.Linear(2 * latent, 2 * latent), nn.Tanh(), nn.Linear(2 * latent, latent))
