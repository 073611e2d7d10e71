"""Cross-entropy of an output layer in pieces, so that no more than a piece of its scores is in memory at once.

The gradient of softmax and logarithm is known in closed form (the probabilities, less 1 at the target), so that each
piece gives its part of the gradients in the forward pass and is dropped: nothing of it waits for the backward pass.
"""

from __future__ import annotations

from typing import Any, cast

import torch
from torch.autograd.function import once_differentiable
from torch.nn import functional

_SCORES = 2**23
"""Scores of a piece: 32 MB in single precision."""


def cross_entropy(
    hidden: torch.Tensor,
    weight: torch.Tensor,
    bias: torch.Tensor | None,
    targets: torch.Tensor,
    scale: float = 1.0,
    cap: float | None = None,
    scores: int = _SCORES,
) -> torch.Tensor:
    """Mean cross-entropy in nats of `targets` (n,) under the softmax of hidden (n, Z) times weight (k, Z), plus bias.

    scale: what scores are multiplied by; cap: c where they then become c tanh(score / c), as in Gemma 2; scores: how
    many are in memory at once, one row of k at least. Zero for n = 0.
    """
    pieces: Any = _Pieces.apply  # which torch gives no types
    found: torch.Tensor = pieces(hidden, weight, bias, targets, (scale, cap, max(1, scores // len(weight))))
    return found


class _Pieces(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        hidden: torch.Tensor,
        weight: torch.Tensor,
        bias: torch.Tensor | None,
        targets: torch.Tensor,
        how: tuple[float, float | None, int],
    ) -> torch.Tensor:
        scale, cap, rows = how
        kind = torch.promote_types(hidden.dtype, torch.float32)  # sums over many words lose too much in half precision
        wanted = [
            needed and value is not None
            for needed, value in zip(ctx.needs_input_grad, (hidden, weight, bias), strict=False)
        ]
        values = (hidden, weight, bias)
        grads = [
            torch.zeros_like(cast(torch.Tensor, v), dtype=kind) if w else None
            for v, w in zip(values, wanted, strict=True)
        ]
        total = hidden.new_zeros((), dtype=kind)
        for start in range(0, len(hidden), rows):
            piece, target = hidden[start : start + rows], targets[start : start + rows, None]
            # (rows, k) scores at a time; gradients are taken here too, so that no piece is kept for the backward pass
            scores = functional.linear(piece, weight, bias).to(kind).mul_(scale)
            if cap is not None:
                scores = scores.div_(cap).tanh_().mul_(cap)
            total += (scores.logsumexp(1, keepdim=True) - scores.gather(1, target)).sum()
            if any(wanted):
                slope = 1 - (scores / cap) ** 2 if cap is not None else None  # of c tanh(s / c)
                # the gradient of the loss by the scores is softmax - one-hot, over n rows
                pull = scores.softmax(1).scatter_add_(1, target, scores.new_full(target.shape, -1.0))
                pull = pull.mul_(scale / len(hidden)) if slope is None else pull.mul_(slope).mul_(scale / len(hidden))
                _add(grads, pull, piece, weight, start)
        ctx.save_for_backward(*grads)
        ctx.kinds = [None if value is None else value.dtype for value in values]
        return total / max(1, len(hidden))

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        found = zip(ctx.saved_tensors, ctx.kinds, strict=True)
        return (*(None if value is None else (value * grad).to(kind) for value, kind in found), None, None)


def _add(
    grads: list[torch.Tensor | None], pull: torch.Tensor, piece: torch.Tensor, weight: torch.Tensor, start: int
) -> None:
    """Add what a piece's pull (rows, k) on its scores gives to the gradients of hidden, weight and bias."""
    of_hidden, of_weight, of_bias = grads
    if of_hidden is not None:
        of_hidden[start : start + len(piece)] = pull.to(weight.dtype) @ weight
    if of_weight is not None:
        of_weight += pull.to(piece.dtype).T @ piece
    if of_bias is not None:
        of_bias += pull.sum(0)
