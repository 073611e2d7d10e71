"""Training of TEARS: three likelihoods, optimal transport and KL, early stopping on unseen users (Section 3.3)."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from scipy import sparse
from tqdm import tqdm

from elm._errors import CallError
from elm.recommend._autoencoder import Autoencoder
from elm.recommend._batches import as_ratings, masked, ordered_batches, positives, shuffled_batches
from elm.recommend._fitting import Best, HeldOut, ndcg_at, seeded
from elm.recommend._gaussian import Gaussian, annealed, kl_to_prior, multinomial_loss, transport_cost
from elm.recommend._sparse_rows import Ratings, as_rows
from elm.recommend._tears import Tears
from elm.recommend._text_encoder import PieceTextEncoder, SentenceVectors, TextEncoder, TextHeadConfig


@dataclasses.dataclass(frozen=True)
class TearsTraining:
    """Run options. `transport` and `kl` are lambda1 and lambda2 of TEARS, equation 6, the likelihood a sum over items.

    The decoder starts trained, so it moves at its own, smaller `decoder_rate`, and so do the low-rank updates of a
    `LoraTextEncoder` at `lora_rate`. `alpha` is the mixture that is trained on; the KL weight warms up over
    `anneal_epochs`; `patience` counts epochs.
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


def tears_loss(
    model: Tears, history: Gaussian, text: Gaussian, targets: Ratings, options: TearsTraining, kl_weight: float
) -> torch.Tensor:
    """Equation 6 of TEARS, averaged over the batch: three likelihoods (eq. 4-5), transport (eq. 1) and KL."""
    z_history, z_text = history.sample(), text.sample()
    z_both = model.mixture(z_text, z_history, options.alpha)
    likelihood = sum(multinomial_loss(model.vae.decode(z), targets) for z in (z_both, z_history, z_text))
    cost = options.transport * transport_cost(text, history) + kl_weight * kl_to_prior(text)
    return (likelihood + cost).mean()


def train_tears(
    vae: Autoencoder,
    encoder: SentenceVectors | TextEncoder,
    histories: sparse.csr_matrix,
    profiles: Sequence[str],
    validation: HeldOut,
    options: TearsTraining | None = None,
    *,
    hidden: int = 256,
    dropout: float = 0.2,
    seed: int = 0,
    device: str = "cpu",
    progress: bool = False,
) -> tuple[Tears, list[dict[str, float]]]:
    """Align a text encoder with `vae` and keep the epoch with the best mean validation NDCG@k of the three decodings.

    Args:
        vae: the trained backbone; its encoder stays frozen, a copy of its decoder is trained on.
        encoder: a frozen sentence encoder, which gets a fresh head (`hidden`, `dropout`), or a whole text encoder, such
            as `LoraTextEncoder(encoder, TextHeadConfig(encoder.dim, vae.latent), rank=8)`, tuned end to end.
        histories: (users, items) raw ratings of the training users; profiles: one text a user, same order.
        validation: other users, with profiles written from their inputs alone.

    Returns:
        The model in evaluation mode, and one record an epoch (`epoch`, `loss`, `ndcg` and, of the three decodings,
        `ndcg_text`, `ndcg_history`, `ndcg_mixture`).
    """
    options = options or TearsTraining()
    histories = as_ratings(histories, "histories")
    if len(profiles) != histories.shape[0] or not len(profiles):
        raise CallError(f"one profile a user: {histories.shape[0]} users, {len(profiles)} profiles")
    if validation.profiles is None:
        raise CallError("validation users need profiles; pass HeldOut(inputs, targets, profiles)")
    validation.check(vae.items)
    rng = np.random.default_rng(seed)
    with seeded(seed):
        if not isinstance(encoder, TextEncoder):
            dim = np.asarray(encoder.encode([profiles[0]])).shape[1]
            encoder = PieceTextEncoder(encoder, TextHeadConfig(dim, vae.latent, hidden, dropout))
        model = Tears(vae, encoder).to(device)
        prepared, held_out = model.text.prepare(profiles), model.text.prepare(validation.profiles)
        model.text.fit_scale(prepared)
        optimizer = _optimizer(model, options)
        best, log = Best(model, options.patience), []
        bar = tqdm(range(options.epochs), desc="TEARS", disable=not progress, leave=False)
        for epoch in bar:
            loss = _epoch(model, optimizer, histories, prepared, options, rng, epoch)
            log.append({"epoch": epoch, "loss": loss, **_validate(model, validation, held_out, options)})
            bar.set_postfix(loss=f"{loss:.1f}", ndcg=f"{log[-1]['ndcg']:.3f}")
            if best.update(log[-1]["ndcg"], epoch):
                break
        best.restore()
    return model.eval(), log


def _optimizer(model: Tears, options: TearsTraining) -> torch.optim.Optimizer:
    tuned = model.text.tuned()
    fresh = [p for p in model.text.parameters() if p.requires_grad and not any(p is other for other in tuned)]
    groups = [
        {"params": fresh, "lr": options.learning_rate},
        {"params": list(model.vae.decoder.parameters()), "lr": options.decoder_rate},
        *([{"params": tuned, "lr": options.lora_rate}] if tuned else []),
    ]
    return torch.optim.AdamW(groups, weight_decay=options.weight_decay)


def _epoch(
    model: Tears,
    optimizer: torch.optim.Optimizer,
    histories: sparse.csr_matrix,
    prepared: Any,
    options: TearsTraining,
    rng: np.random.Generator,
    epoch: int,
) -> float:
    """One pass over the training users; the mean loss a user."""
    model.train()
    device = next(model.parameters()).device
    kl_weight = annealed(options.kl, epoch, options.anneal_epochs)
    total = 0.0
    for users in shuffled_batches(histories.shape[0], options.batch, rng):
        rows = histories[users]
        history = model.vae.encode(as_rows(rows, device))
        text = model.text(model.text.take(prepared, users))
        loss = tears_loss(model, history, text, as_rows(positives(rows), device), options, kl_weight)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(users)
    return total / histories.shape[0]


@torch.no_grad()
def _validate(model: Tears, validation: HeldOut, prepared: Any, options: TearsTraining) -> dict[str, float]:
    """Mean validation NDCG@k of the three decodings and of them together."""
    model.eval()
    device = next(model.parameters()).device
    weights = {"ndcg_history": 0.0, "ndcg_mixture": options.alpha, "ndcg_text": 1.0}
    found: dict[str, list[np.ndarray]] = {name: [] for name in weights}
    for users in ordered_batches(validation.inputs.shape[0], 512):
        inputs = validation.inputs[users]
        history = model.vae.encode(as_rows(inputs, device)).mu
        text = model.text(model.text.take(prepared, users)).mu
        for name, alpha in weights.items():
            scores = masked(model.vae.decode(model.mixture(text, history, alpha)).cpu().numpy(), inputs)
            found[name].append(ndcg_at(scores, validation.targets[users], options.k))
    means = {name: float(np.nanmean(np.concatenate(values))) for name, values in found.items()}
    return {"ndcg": float(np.mean(list(means.values()))), **means}
