"""Training of every autoencoder backbone: one loop, early stopping on users (or ratings) that are never trained on."""

from __future__ import annotations

import dataclasses
from typing import Literal, TypeVar

import numpy as np
import torch
from scipy import sparse
from tqdm import tqdm

from elm._errors import CallError
from elm.recommend._held_out import Best, HeldOut, ndcg_at, seeded
from elm.recommend._ratings import as_ratings, positives, shuffled_batches
from elm.recommend.backbones._autoencoder import Autoencoder
from elm.recommend.backbones._gaussian import annealed
from elm.recommend.backbones._sparse_rows import as_rows

Model = TypeVar("Model", bound=Autoencoder)


@dataclasses.dataclass(frozen=True)
class BackboneTraining:
    """Run options. `patience` counts epochs; `k` is that of the validation NDCG, 50 as in TEARS.

    batch: users per step; by default a thirtieth of all, from 32 to 500, so that an epoch is worth its patience
    anywhere. beta: weight of the KL after `anneal_epochs` (RecVAE's gamma, which counts for each target of a user).
    half: compute products in bfloat16, up to twice as fast on a device that has it; weights and sums stay float32.
    """

    epochs: int = 200
    batch: int | None = None
    learning_rate: float = 1e-3
    weight_decay: float = 0.0
    beta: float = 0.2
    anneal_epochs: int = 20
    patience: int = 20
    k: int = 50
    half: bool = False

    def __post_init__(self) -> None:
        if self.epochs < 1 or (self.batch is not None and self.batch < 1) or self.patience < 1 or self.k < 1:
            raise CallError(f"epochs, batch, patience and k must be at least 1, got {self}")
        if self.learning_rate <= 0 or min(self.weight_decay, self.beta, self.anneal_epochs) < 0:
            raise CallError(
                f"the learning rate must be above 0, and weight_decay, beta and anneal_epochs not below 0, got {self}"
            )

    def batch_of(self, users: int) -> int:
        """Users per step, of so many training users.

        >>> [BackboneTraining().batch_of(users) for users in (700, 6000, 100_000)]
        [32, 200, 500]
        """
        return self.batch or min(max(users // 30, 32), 500)


def train(
    model: Model,
    ratings: sparse.csr_matrix,
    validation: HeldOut,
    options: BackboneTraining,
    *,
    targets: sparse.csr_matrix | None = None,
    seed: int = 0,
    progress: bool = False,
) -> tuple[Model, list[dict[str, float]]]:
    """See `train_backbone`, which knows the options of every class."""
    ratings, targets = _training_users(ratings, targets)
    if ratings.shape[1] != model.items:
        raise CallError(f"the model ranks {model.items} items, but the ratings are of {ratings.shape[1]}")
    validation.check(model.items)
    rng = np.random.default_rng(seed)
    with seeded(seed):
        optimizers = {p.part: _optimizer(model, p.part, options) for p in model.passes()}
        best, log = Best(model, options.patience), []
        bar = tqdm(range(options.epochs), desc=type(model).__name__, disable=not progress, leave=False)
        for epoch in bar:
            kl_weight = annealed(options.beta, epoch, options.anneal_epochs)
            for part, times in model.passes():
                for _ in range(times):
                    loss = _pass(model, optimizers[part], ratings, targets, options, rng, kl_weight, part)
                model.after(part)
            score = float(np.nanmean(ndcg_at(model.scores(validation.inputs), validation.targets, options.k)))
            log.append({"epoch": epoch, "loss": loss, "ndcg": score})
            bar.set_postfix(loss=f"{loss:.1f}", ndcg=f"{score:.3f}")
            if best.update(score, epoch):
                break
        best.restore()
    return model.eval(), log


def _training_users(
    ratings: sparse.csr_matrix, targets: sparse.csr_matrix | None
) -> tuple[sparse.csr_matrix, sparse.csr_matrix]:
    """Checked inputs and targets of the users that have both."""
    ratings = as_ratings(ratings)
    targets = positives(ratings) if targets is None else as_ratings(targets, "targets")
    if targets.shape != ratings.shape:
        raise CallError(f"targets must have the shape of the ratings, {ratings.shape}, got {targets.shape}")
    useful = (np.diff(targets.indptr) > 0) & (np.diff(ratings.indptr) > 0)
    if not useful.any():
        raise CallError(
            f"training needs at least one user with ratings of which one is liked (4 or more), got a matrix of shape "
            f"{ratings.shape} with {ratings.nnz} ratings; for other scales pass targets"
        )
    return ratings[useful], targets[useful]


def _optimizer(model: Autoencoder, part: str, options: BackboneTraining) -> torch.optim.Optimizer:
    """Adam over a part of the model; one fused kernel, which on a CPU is some seven times as fast."""
    module = model if part == "all" else getattr(model, part)
    rate, decay = options.learning_rate, options.weight_decay
    return torch.optim.Adam(module.parameters(), lr=rate, weight_decay=decay, fused=True)


def _pass(
    model: Autoencoder,
    optimizer: torch.optim.Optimizer,
    ratings: sparse.csr_matrix,
    targets: sparse.csr_matrix,
    options: BackboneTraining,
    rng: np.random.Generator,
    kl_weight: float,
    part: Literal["all", "encoder", "decoder"],
) -> float:
    """One pass over the training users; the mean loss per user."""
    model.train()
    if part == "decoder":
        model.encoder.eval()  # without dropout
    frozen = {"all": [], "encoder": [model.decoder], "decoder": [model.encoder]}[part]
    device = next(model.parameters()).device
    total = 0.0
    for module in frozen:
        module.requires_grad_(False)
    for users in shuffled_batches(ratings.shape[0], options.batch_of(ratings.shape[0]), rng):
        rows, wanted = as_rows(ratings[users], device), as_rows(targets[users], device)
        with torch.autocast(device.type, torch.bfloat16, enabled=options.half):
            loss = model.loss(rows, wanted, kl_weight, part).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(users)
    for module in frozen:
        module.requires_grad_(True)
    return total / ratings.shape[0]
