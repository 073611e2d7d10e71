"""TEARS: a text encoder aligned with a recommender's latent space, so that text and history share one decoder."""

from __future__ import annotations

import copy

import torch
from torch import nn

from elm._errors import CallError
from elm.recommend._autoencoder import Autoencoder
from elm.recommend._text_encoder import TextEncoder


class Tears(nn.Module):
    """Frozen history encoder, trained decoder, trained text side; all in one latent space (TEARS, Section 3.3).

    `vae` is copied, so the caller's model stays as it is.
    """

    def __init__(self, vae: Autoencoder, text: TextEncoder) -> None:
        super().__init__()
        if text.latent != vae.latent:
            raise CallError(f"text side and VAE must share one latent size, got {text.latent} and {vae.latent}")
        self.vae = copy.deepcopy(vae)
        self.vae.untie()
        self.text = text
        self.vae.encoder.requires_grad_(False)

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

    def mixture(self, text: torch.Tensor, history: torch.Tensor, alpha: float) -> torch.Tensor:
        """alpha * text + (1 - alpha) * history, where the backbone's latents lie: 1 is text only, 0 history only.

        TEARS, Section 3.3 and, for MacridVAE, Appendix C.1: each side and their mixture are normalised by concept.
        """
        place = self.vae.place
        return place(alpha * place(text) + (1 - alpha) * place(history))
