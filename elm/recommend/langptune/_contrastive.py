"""Contrastive learning of the decoder (LangPTune, equation 10): InfoNCE without false negatives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional
from tqdm.auto import tqdm

from elm._errors import CallError, ElmError
from elm._typing import Flags
from elm.recommend.langptune._decoder import ProfileRecommender
from elm.recommend.langptune._sessions import Sessions


def info_nce(
    profiles: torch.Tensor, items: torch.Tensor, usable: torch.Tensor | None = None, temperature: float = 1.0
) -> torch.Tensor:
    """-mean log of exp(p_i . d_i / t) / sum_j exp(p_i . d_j / t), profiles and items (n, dim) in pairs.

    usable: (n, n), False where item j is no negative of profile i; the diagonal counts in any case.
    """
    logits = profiles @ items.T / temperature
    if usable is not None:
        own = torch.eye(len(logits), dtype=torch.bool, device=logits.device)
        logits = logits.masked_fill(~(usable | own), -torch.inf)
    return functional.cross_entropy(logits, torch.arange(len(logits), device=logits.device))


def true_negatives(chosen: np.ndarray, targets: np.ndarray) -> Flags:
    """(n, n): whether the target of session j is a negative of session i: none of what its user chose, (n, any).

    >>> true_negatives(np.array([[0, 3], [3, 0], [4, 3]]), np.array([3, 0, 3])).tolist()
    [[False, False, False], [False, False, False], [False, True, False]]
    """
    found: Flags = ~(chosen[:, None, :] == targets[None, :, None]).any(-1)
    return found


@dataclass(frozen=True)
class ContrastiveTraining:
    """steps: J of a round; batch: profiles a step; rate: of the head; encoder_rate: of what is tuned in the encoder."""

    steps: int = 200
    batch: int = 64
    rate: float = 1e-3
    encoder_rate: float = 1e-4
    weight_decay: float = 1e-6
    seed: int = 0

    def __post_init__(self) -> None:
        if self.steps < 0 or self.batch < 2 or not self.rate > 0:
            raise CallError(
                f"contrastive learning takes steps, batches of at least 2 and a rate above 0, got {self.steps}, "
                f"{self.batch} and {self.rate}"
            )


def train_decoder(
    decoder: ProfileRecommender,
    sessions: Sessions,
    profiles: Callable[[Sequence[int]], Sequence[str]],
    options: ContrastiveTraining,
    progress: bool = False,
) -> list[float]:
    """Train a decoder in place on pairs of a profile and the item that came next; the losses.

    profiles: numbers of sessions -> a profile of each. Raises `CallError` for fewer than two sessions, `ElmError` for a
    loss that is not finite.
    """
    if len(sessions) < 2:
        raise CallError(f"in-batch negatives need two sessions, got {len(sessions)}")
    histories, ahead = sessions.columns()
    chosen, targets = np.concatenate([histories, ahead], axis=1), ahead[:, 0]
    optimiser = _optimiser(decoder, options)
    linear = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: 1 - step / max(options.steps, 1))
    batch, rng = min(options.batch, len(sessions)), np.random.default_rng([options.seed, 17])
    order: list[int] = []
    losses: list[float] = []
    for step in tqdm(range(options.steps), desc="contrastive", disable=not progress, leave=False):
        if len(order) < batch:
            order = rng.permutation(len(sessions)).tolist()
        rows, order = order[:batch], order[batch:]
        usable = None
        if not decoder.protocol.false_negatives:
            usable = torch.from_numpy(true_negatives(chosen[rows], targets[rows]))
        read = decoder.profile_vectors(profiles(rows))
        loss = info_nce(read, decoder.item_vectors(targets[rows].tolist()), usable, decoder.protocol.temperature)
        if not torch.isfinite(loss):
            raise ElmError(f"the loss must stay finite; it was {loss.item()} at step {step}: lower the rate")
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        linear.step()
        losses.append(loss.item())
    decoder.changed()
    return losses


def _optimiser(decoder: ProfileRecommender, options: ContrastiveTraining) -> torch.optim.Optimizer:
    """AdamW with a rate of its own for what is tuned within the encoder."""
    free = [(name, value) for name, value in decoder.tower.named_parameters() if value.requires_grad]
    head = [value for name, value in free if not name.startswith("body.")]
    within = [value for name, value in free if name.startswith("body.")]
    groups = [{"params": head, "lr": options.rate}, {"params": within, "lr": options.encoder_rate}]
    return torch.optim.AdamW(groups, weight_decay=options.weight_decay)
