"""What TEARS is trained with: the options, and the loss of equation 6."""

from __future__ import annotations

import dataclasses

import torch

from elm._errors import CallError
from elm.recommend.backbones._gaussian import Gaussian, kl_to_prior, multinomial_loss, transport_cost
from elm.recommend.backbones._sparse_rows import Ratings
from elm.recommend.tears._model import Pooling, Tears

DECODINGS = ("mixture", "history", "text")
"""The three that are decoded and scored (TEARS, equation 4)."""


@dataclasses.dataclass(frozen=True)
class TearsTraining:
    """Run options. `transport` and `kl` are lambda1 and lambda2 of TEARS, equation 6, the likelihood a sum over items.

    The decoder starts trained, so it moves at its own, smaller `decoder_rate`, and so do the low-rank updates of a
    `LoraTextEncoder` at `lora_rate`. `alpha` is the mixture that is trained on; the KL weight warms up over
    `anneal_epochs`; `patience` counts epochs.

    likelihoods: which decodings are learned from, and which are scored to choose the best epoch: all three, or the
        ablations of Appendix L.1. Without "history" and "mixture" the history encoder is left out (TEARS Base).
    pooling: see `Tears`. train_history, train_text: whether those encoders learn (Appendix L.2).
    view_weight: how much a view counts beside a user; see `train_tears`.
    """

    epochs: int = 100
    batch: int = 128
    learning_rate: float = 2e-3
    decoder_rate: float = 2e-4
    lora_rate: float = 1e-4
    weight_decay: float = 0.01
    transport: float = 1.0
    kl: float = 0.01
    anneal_epochs: int = 10
    alpha: float = 0.5
    patience: int = 8
    k: int = 20
    likelihoods: tuple[str, ...] = DECODINGS
    pooling: Pooling = "mean"
    train_history: bool = False
    train_text: bool = True
    view_weight: float = 1.0

    def __post_init__(self) -> None:
        if min(self.epochs, self.batch, self.patience, self.k) < 1:
            raise CallError(f"epochs, batch, patience and k must be at least 1, got {self}")
        if not 0 <= self.alpha <= 1:
            raise CallError(f"alpha is the weight of the text and must lie between 0 and 1, got {self.alpha}")
        rates = (self.decoder_rate, self.lora_rate, self.weight_decay, self.transport, self.kl, self.anneal_epochs)
        if self.learning_rate <= 0 or min(*rates, self.view_weight) < 0:
            raise CallError(f"the learning rate must be above 0, other rates and weights not below 0, got {self}")
        if not self.likelihoods or not set(self.likelihoods) <= set(DECODINGS):
            raise CallError(f"likelihoods are some of {', '.join(DECODINGS)}, got {self.likelihoods!r}")
        if self.train_history and not self.history:
            raise CallError("a model of texts alone has no history encoder to train")

    @property
    def history(self) -> bool:
        """Whether histories are read at all."""
        return self.likelihoods != ("text",)


BASE = TearsTraining(likelihoods=("text",), transport=0.0, decoder_rate=2e-3)
"""TEARS Base: texts alone, a fresh decoder."""


def tears_loss(
    model: Tears, history: Gaussian | None, text: Gaussian, targets: Ratings, options: TearsTraining, kl_weight: float
) -> torch.Tensor:
    """Equation 6 of TEARS, averaged over the batch: three likelihoods (eq. 4-5), transport (eq. 1) and KL."""
    z_text, loss = text.sample(), kl_weight * kl_to_prior(text)
    if history is None:
        return (loss + multinomial_loss(model.vae.decode(model.vae.place(z_text)), targets)).mean()
    z_history = history.sample()
    weights = {"mixture": options.alpha, "history": 0.0, "text": 1.0}
    if options.transport:
        loss = loss + options.transport * transport_cost(text, history)
    for name in options.likelihoods:
        z = model.mixture(z_text, z_history, weights[name])
        loss = loss + multinomial_loss(model.vae.decode(z), targets)
    return loss.mean()
