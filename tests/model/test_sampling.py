"""Sampling by vector and seed alone, with the probabilities of a softmax."""

from __future__ import annotations

import numpy as np
import torch

from elm.model.base._sampling import SeededDraw


def test_draws_follow_the_softmax_at_the_given_temperature():
    logits = torch.log(torch.tensor([0.5, 0.3, 0.2]))
    vectors = np.arange(4000, dtype=np.float32)[:, None]
    drawn = SeededDraw(vectors, seed=0, temperature=1.0)(torch.empty(0), logits.expand(4000, -1)).argmax(1)
    shares = np.bincount(drawn.numpy(), minlength=3) / 4000
    assert np.allclose(shares, [0.5, 0.3, 0.2], atol=0.03)
    cold = SeededDraw(vectors, seed=0, temperature=0.05)(torch.empty(0), logits.expand(4000, -1)).argmax(1)
    assert (cold == 0).float().mean() > 0.99


def test_a_row_draws_the_same_alone_in_any_batch_and_order():
    rng = np.random.default_rng(0)
    vectors, scores = rng.standard_normal((6, 3)).astype(np.float32), torch.randn(6, 20)
    whole = SeededDraw(vectors, 1, 0.7)
    together = torch.stack([whole(torch.empty(0), scores) for _ in range(3)])  # (steps, rows, vocabulary)
    for row in (5, 0, 3):
        alone = SeededDraw(vectors[row : row + 1], 1, 0.7)
        steps = torch.stack([alone(torch.empty(0), scores[row : row + 1]) for _ in range(3)])
        assert torch.equal(steps[:, 0], together[:, row])
    other = SeededDraw(vectors, 2, 0.7)(torch.empty(0), scores)
    assert not torch.equal(other, together[0])
