"""Sampling by vector and seed alone, with the probabilities of a softmax."""

from __future__ import annotations

import numpy as np
import pytest
import tiny_elm
import torch

from elm.model.base._repeats import RepetitionGuard
from elm.model.base._sampling import SeededDraw, _gumbel, _split


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


def large(seed: int = 0, rows: int = 1, words: int = 20_000) -> torch.Tensor:
    """Scores (rows, words) with a few likely words and a long tail that holds a fair share."""
    torch.manual_seed(seed)
    return torch.cat([torch.randn(rows, 50) + 9, torch.randn(rows, words - 50)], dim=1)


@pytest.mark.slow
def test_draws_from_a_large_vocabulary_follow_the_softmax() -> None:
    count, scores = 20_000, large()
    for temperature in (0.7, 1.3):
        vectors = np.arange(count, dtype=np.float32)[:, None]
        drawn = []
        for start in range(0, count, 2000):
            draw = SeededDraw(vectors[start : start + 2000], seed=0, temperature=temperature)
            drawn.append(draw(torch.empty(0), scores.expand(2000, -1)).argmax(1))
        wanted = (scores[0].double() / temperature).softmax(0)
        groups = torch.cat([wanted[:50], wanted[50:].view(50, -1).sum(1)])  # each likely word, and parts of the tail
        found = torch.bincount(torch.cat(drawn), minlength=20_000).double()
        found = torch.cat([found[:50], found[50:].view(50, -1).sum(1)])
        expected = count * groups
        chi2 = float((((found - expected) ** 2) / expected).sum())
        assert chi2 < 99 + 4 * np.sqrt(2 * 99), (temperature, chi2)


def test_what_is_drawn_apart_adds_up() -> None:
    """The chances of likely words, and of the others as one: those of the full softmax to 1e-6."""
    for temperature in (0.5, 1.0, 3.0):
        scores = large(words=200_000)[0] / temperature
        likely, weights, rest = _split((scores - scores.max()).numpy())
        wanted = scores.double().softmax(0).numpy()
        total = weights.sum() + rest
        assert 0 < len(likely) <= 200_000
        assert np.abs(weights / total - wanted[likely]).max() < 1e-6
        assert abs(rest / total - (1 - wanted[likely].sum())) < 1e-6


def test_a_row_draws_the_same_from_a_large_vocabulary_in_any_batch() -> None:
    vectors, scores = np.random.default_rng(0).standard_normal((6, 3)).astype(np.float32), large(rows=6)
    nudged = scores + 1e-6 * torch.randn_like(scores)  # as another batch's sums differ
    whole = SeededDraw(vectors, 1, 1.0)
    together = torch.stack([whole(torch.empty(0), scores).argmax(1) for _ in range(40)])
    assert len(together.unique()) > 20
    for row in (5, 0, 3):
        alone = SeededDraw(vectors[row : row + 1], 1, 1.0)
        steps = torch.cat([alone(torch.empty(0), nudged[row : row + 1]).argmax(1) for _ in range(40)])
        assert torch.equal(steps, together[:, row])
    assert not torch.equal(together[:, 0], together[:, 1])


def test_the_noise_is_gumbel_and_of_one_piece() -> None:
    noise = _gumbel(np.arange(200_000), key=12345)
    assert abs(noise.mean() - 0.5772) < 0.01
    assert abs(noise.var() - np.pi**2 / 6) < 0.03
    assert abs(np.corrcoef(noise[:-1], noise[1:])[0, 1]) < 0.01
    assert abs(np.corrcoef(noise, _gumbel(np.arange(200_000), key=12346))[0, 1]) < 0.01
    assert np.array_equal(_gumbel(np.array([7, 3]), 5), _gumbel(np.array([3, 7]), 5)[::-1])


def test_a_low_temperature_takes_the_likeliest_of_a_large_vocabulary() -> None:
    scores = large(rows=4)
    for temperature in (1e-45, 1e-30, 1e-3):
        drawn = SeededDraw(np.zeros((4, 1)), 0, temperature)(torch.empty(0), scores)
        assert torch.equal(drawn.argmax(1), scores.argmax(1))


def test_the_guard_ends_a_circle() -> None:
    guard, scores = RepetitionGuard(3), torch.zeros(5, 10)
    written = torch.tensor(
        [
            [9, 1, 2, 3, 1, 2, 3, 1, 2, 3],  # 1 would begin "1 2 3" for the fourth time
            [9, 9, 9, 1, 2, 3, 4, 5, 6, 7],  # a circle that has ended
            [1, 2, 1, 2, 3, 4, 5, 6, 6, 6],  # 6 for the fourth time
            [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
            [5, 5, 5, 5, 5, 5, 5, 5, 5, 5],
        ]
    )
    forbidden = guard(written, scores).isinf()
    assert [row.nonzero()[:, 0].tolist() for row in forbidden] == [[1], [], [6], [], [5]]
    assert not guard(written[:, :2], scores).isinf().any()
    assert not scores.isinf().any()


def test_a_model_with_the_guard_does_not_go_round() -> None:
    model, x = tiny_elm.model(), tiny_elm.vectors(4)
    for parameter in model.llm.model.layers.parameters():
        parameter.data.mul_(0)  # such a model repeats its last token
    plain = model.sample(x, tiny_elm.SAY, temperature=1e-9)
    assert any(len(set(one.ids.tolist())) == 1 for one in plain)
    model.about["most_repeats"] = 2
    for one in model.sample(x, tiny_elm.SAY, temperature=1e-9):
        assert not any(len(set(one.ids[i : i + 3].tolist())) == 1 for i in range(len(one.ids) - 2))
