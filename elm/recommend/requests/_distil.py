"""Distilling a judge of requests into two copies of a sentence encoder (CTRL-Rec, Section 2.1)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from scipy import sparse
from torch.nn import functional
from tqdm.auto import tqdm

from elm._errors import CallError
from elm.embeddings import VectorTable
from elm.recommend.judges._cards import Cards
from elm.recommend.judges._values import RequestValues, checked_values
from elm.recommend.requests._distilled import Distilled, item_table
from elm.recommend.requests._encoder_values import encoded_cards, written
from elm.recommend.requests._tower import Tower, Tuned


@dataclass(frozen=True)
class Distillation:
    """How two copies of an encoder are trained to follow a judge.

    requests, items: what of each copy is trained beside its head: "lora" for requests and "frozen" for items by
        default, since requests are short; "words" adds vectors of word pieces to a frozen copy; "all" where a GPU is
        there. steps: of `batch` requests and `item_batch` items each. within: the weight of a list-wise loss beside
        cross-entropy, one minus the correlation of products and values within each request. rate: of the heads;
        encoder_rate: of what is tuned within the encoders. scale: of the first products.
    """

    requests: Tuned = "lora"
    items: Tuned = "frozen"
    rank: int = 16
    hidden: int = 512
    steps: int = 600
    batch: int = 32
    item_batch: int = 512
    rate: float = 1e-3
    encoder_rate: float = 5e-4
    weight_decay: float = 0.02
    scale: float = 3.0
    within: float = 0.0
    device: str = "cpu"
    seed: int = 0

    def __post_init__(self) -> None:
        if min(self.rank, self.hidden, self.steps, self.batch, self.item_batch) < 1 or self.rate <= 0:
            raise CallError(
                "distillation needs rank, hidden, steps, batch and item_batch of at least 1 and a rate above 0"
            )


def distil(
    encoder: Any,
    cards: Cards,
    judge: RequestValues,
    requests: Sequence[str],
    options: Distillation | None = None,
    *,
    users: Sequence[str] | None = None,
    base: VectorTable | None = None,
    progress: bool = False,
) -> tuple[Distilled, list[dict[str, float]]]:
    """Train f and g so that sigmoid(f(user, request) . g(item)) is what the judge says, by cross-entropy.

    Args:
        encoder: a `SentenceEncoder`, which stays as it is. cards: of the items; those without a text are left out.
        judge: asked once for every request, over the items of the cards. base: the encoder's vectors of the items,
            where they are at hand. users: what is known of the user behind each request.

    Returns the model, and a record (`step`, `loss`) for every tenth of the training. Raises `CallError` for no request,
    for a judge of other items, and what the judge raises.
    """
    options = options or Distillation()
    if list(judge.items) != list(cards.items):
        raise CallError("judge and cards must be about the same items in the same order; make the judge from the cards")
    targets = checked_values(judge, requests, users)
    if targets.min(initial=0, where=np.isfinite(targets)) < 0 or targets.max(initial=0, where=np.isfinite(targets)) > 1:
        raise CallError("a judge that is distilled gives values from 0 to 1, got others")
    settings: Any = {"rank": options.rank, "hidden": options.hidden, "scale": options.scale, "seed": options.seed}
    f, g = (Tower(encoder, tuned, **settings).to(options.device) for tuned in (options.requests, options.items))
    if g.body is None and base is None:
        base = encoded_cards(encoder, cards, progress)
    sides = _Sides(f, g, written(requests, users), cards, base)
    known = np.flatnonzero(np.isfinite(targets).all(axis=0) & sides.has_text)
    offset, records = _fitted(sides, targets, known, options, progress)
    f.eval(), g.eval()
    table = item_table(g, cards, base, progress)
    return Distilled(f, g, table, offset, cards.items), records


class _Sides:
    """The inputs of both towers; what a frozen encoder makes of them is computed once."""

    def __init__(self, f: Tower, g: Tower, requests: list[str], cards: Cards, base: VectorTable | None) -> None:
        self.f, self.g, self.requests, self.texts = f, g, requests, cards.texts()
        self.has_text = np.asarray([bool(text) for text in self.texts])
        device = f.linear.weight.device
        self._requests = f.encoded(requests) if f.tuned == "frozen" else None
        self._items: torch.Tensor | None = None
        self._words: sparse.csr_matrix | None = None
        if g.body is None:
            assert base is not None
            rows = np.zeros((len(self.texts), g.dim), dtype=np.float32)
            self.has_text &= np.asarray([item in base for item in cards.items])
            rows[self.has_text] = base.rows([i for i, told in zip(cards.items, self.has_text, strict=True) if told])
            self._items = torch.from_numpy(rows).to(device)
            if g.bag is not None:
                g.bag.learn_weights([text for text in self.texts if text])
            self._words = g.words(self.texts)

    def products(self, requests: np.ndarray, items: np.ndarray) -> torch.Tensor:
        """(requests, items) of these rows."""
        left = (
            self.f.head(self._requests[requests])
            if self._requests is not None
            else self.f([self.requests[row] for row in requests])
        )
        right = (
            self.g.head(self._items[items], None if self._words is None else self._words[items])
            if self._items is not None
            else self.g([self.texts[row] for row in items])
        )
        return left @ right.T


def _fitted(
    sides: _Sides, targets: np.ndarray, known: np.ndarray, options: Distillation, progress: bool
) -> tuple[float, list[dict[str, float]]]:
    """Train both towers in place; returns the offset, and the loss as it went."""
    rng = np.random.default_rng(options.seed)
    device = sides.f.linear.weight.device
    wanted = torch.from_numpy(targets.astype(np.float32))
    mean = float(np.clip(targets[:, known].mean(), 0.01, 0.99))
    offset = torch.nn.Parameter(torch.tensor(float(np.log(mean / (1 - mean))), device=device))
    named = [pair for tower in (sides.f, sides.g) for pair in tower.named_parameters() if pair[1].requires_grad]
    groups = [
        {"params": [value for name, value in named if name.startswith("body.")], "lr": options.encoder_rate},
        {"params": [*(value for name, value in named if not name.startswith("body.")), offset], "lr": options.rate},
    ]
    groups = [group for group in groups if group["params"]]
    optimiser = torch.optim.AdamW(groups, weight_decay=options.weight_decay)
    warm = max(1, options.steps // 20)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: min((step + 1) / warm, max(0.02, 1 - step / options.steps))
    )
    records, losses = [], []
    every = max(1, options.steps // 10)
    for step in tqdm(range(1, options.steps + 1), desc="distilling", disable=not progress):
        rows = rng.choice(len(targets), min(options.batch, len(targets)), replace=False)
        columns = known if len(known) <= options.item_batch else rng.choice(known, options.item_batch, replace=False)
        logits = sides.products(rows, columns) + offset
        told = wanted[np.ix_(rows, columns)].to(device)
        loss = functional.binary_cross_entropy_with_logits(logits, told)
        if options.within:
            loss = loss + options.within * _disagreement(logits, told)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_([value for _, value in named], 1.0)
        optimiser.step()
        schedule.step()
        losses.append(loss.item())
        if step % every == 0:
            records.append({"step": float(step), "loss": float(np.mean(losses))})
            losses = []
    return float(offset.detach()), records


def _disagreement(logits: torch.Tensor, told: torch.Tensor) -> torch.Tensor:
    """One minus the mean correlation of logits and values within a request, both (requests, items)."""
    one, other = (functional.normalize(table - table.mean(dim=1, keepdim=True), dim=1) for table in (logits, told))
    return 1 - (one * other).sum(dim=1).mean()
