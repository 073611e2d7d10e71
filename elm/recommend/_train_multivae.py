"""Training of Multi-VAE: multinomial likelihood, annealed KL, early stopping on users that are never trained on."""

from __future__ import annotations

import dataclasses

import numpy as np
import torch
from scipy import sparse
from tqdm import tqdm

from elm._errors import CallError
from elm.recommend._batches import as_ratings, dense, ordered_batches, positives, shuffled_batches
from elm.recommend._fitting import Best, HeldOut, masked, ndcg_at, seeded
from elm.recommend._gaussian import annealed, kl_to_prior, multinomial_loss
from elm.recommend._multivae import MultiVAE, MultiVAEConfig


@dataclasses.dataclass(frozen=True)
class MultiVAETraining:
    """Run options. `beta` is the KL weight after `anneal_epochs`; `patience` counts epochs."""

    epochs: int = 100
    batch: int = 100
    learning_rate: float = 1e-3
    beta: float = 0.2
    anneal_epochs: int = 20
    patience: int = 10
    k: int = 20


def train_multivae(
    ratings: sparse.csr_matrix,
    validation: HeldOut,
    config: MultiVAEConfig | None = None,
    options: MultiVAETraining | None = None,
    *,
    seed: int = 0,
    device: str = "cpu",
    progress: bool = False,
) -> tuple[MultiVAE, list[dict[str, float]]]:
    """Fit Multi-VAE on raw ratings and keep the epoch with the best validation NDCG@k.

    Args:
        ratings: (users, items) raw 1-5 ratings of the training users; targets are the ratings of at least 4.
        validation: other users, folded in from part of their ratings (`HeldOut.fold_in`).

    Returns:
        The model in evaluation mode, and one record an epoch (`epoch`, `loss`, `ndcg`).
    """
    options = options or MultiVAETraining()
    ratings = as_ratings(ratings)
    if ratings.shape[0] == 0 or ratings.nnz == 0:
        raise CallError(f"training needs at least one user with ratings, got a matrix of shape {ratings.shape}")
    validation.check(ratings.shape[1])
    config = config or MultiVAEConfig.for_users(*ratings.shape)
    rng = np.random.default_rng(seed)
    with seeded(seed):
        model = MultiVAE(config, seed=seed).to(device)
        optimizer = torch.optim.Adam(model.parameters(), lr=options.learning_rate)
        best, log = Best(model, options.patience), []
        bar = tqdm(range(options.epochs), desc="Multi-VAE", disable=not progress, leave=False)
        for epoch in bar:
            loss = _epoch(model, optimizer, ratings, options, rng, epoch)
            score = float(np.nanmean(ndcg_at(history_scores(model, validation.inputs), validation.targets, options.k)))
            log.append({"epoch": epoch, "loss": loss, "ndcg": score})
            bar.set_postfix(loss=f"{loss:.1f}", ndcg=f"{score:.3f}")
            if best.update(score, epoch):
                break
        best.restore()
    return model.eval(), log


def _epoch(
    model: MultiVAE,
    optimizer: torch.optim.Optimizer,
    ratings: sparse.csr_matrix,
    options: MultiVAETraining,
    rng: np.random.Generator,
    epoch: int,
) -> float:
    """One pass over the training users; the mean loss a user."""
    model.train()
    device = next(model.parameters()).device
    kl_weight = annealed(options.beta, epoch, options.anneal_epochs)
    total = 0.0
    for users in shuffled_batches(ratings.shape[0], options.batch, rng):
        rows = ratings[users]
        q = model.encode(dense(rows, device))
        likelihood = multinomial_loss(model.decode(q.sample()), dense(positives(rows), device))
        loss = (likelihood + kl_weight * kl_to_prior(q)).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(users)
    return total / ratings.shape[0]


@torch.no_grad()
def history_scores(model: MultiVAE, histories: sparse.csr_matrix, batch: int = 512) -> np.ndarray:
    """Scores (users, items) from the mean of each user's latent; the items of the history are -inf."""
    model.eval()
    device = next(model.parameters()).device
    histories = as_ratings(histories, "histories")
    scores = [
        model.decode(model.encode(dense(histories[rows], device)).mu).cpu().numpy()
        for rows in ordered_batches(histories.shape[0], batch)
    ]
    return masked(np.concatenate(scores) if scores else np.zeros(histories.shape, np.float32), histories)
