"""Each objective's gradient against one worked out by hand on a vocabulary of three words, and its fixed point."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from elm._errors import CallError, ElmError, UnknownNameError
from elm.training.reward._policy_gradient import grpo, reinforce
from elm.training.reward._rlso import relative_rewards, rlso
from elm.training.reward._soft_q import (
    action_value_loss,
    best_policy,
    distillation_loss,
    soft_policy_loss,
    soft_state_value,
    state_value_loss,
)
from elm.training.reward._trajectories import Trajectories, standardised

START = np.array([0.3, -0.2, 0.5])
FIRST = np.log(np.array([0.5, 0.3, 0.2]))
WRITTEN = [0, 2, 1, 2]
REWARDS = np.array([1.0, 0.2, -0.5, 0.4])


def softmax(logits: np.ndarray) -> np.ndarray:
    return np.exp(logits) / np.exp(logits).sum()


def one_hot(word: int) -> np.ndarray:
    return np.eye(3)[word]


def texts(logits: torch.Tensor, group: int = 2, sampled: np.ndarray | None = None) -> Trajectories:
    """Texts of one token each, all from one state."""
    ids = torch.tensor(WRITTEN)
    log_probs = logits.log_softmax(0)[ids][:, None]
    old = log_probs.detach() if sampled is None else torch.tensor(sampled)[ids][:, None]
    first = torch.tensor(FIRST)[ids][:, None]
    return Trajectories(log_probs, old, first, torch.ones(4, 1, dtype=torch.bool), torch.tensor(REWARDS), group)


def gradient(loss, logits: torch.Tensor) -> np.ndarray:  # type: ignore[no-untyped-def]
    (found,) = torch.autograd.grad(loss, logits)
    return found.numpy()


@pytest.fixture
def logits() -> torch.Tensor:
    return torch.tensor(START, requires_grad=True)


def test_reinforce_has_the_gradient_of_equation_1(logits: torch.Tensor) -> None:
    pi = softmax(START)
    penalised = np.array([r - 0.1 * (np.log(pi[w]) - FIRST[w]) for r, w in zip(REWARDS, WRITTEN, strict=True)])
    others = penalised[[1, 0, 3, 2]]  # the baseline of two texts a prompt: the other one
    wanted = -np.mean([(p - o) * (one_hot(w) - pi) for p, o, w in zip(penalised, others, WRITTEN, strict=True)], axis=0)
    np.testing.assert_allclose(gradient(reinforce(texts(logits), beta=0.1), logits), wanted, atol=1e-6)


def test_reinforce_expects_the_exact_gradient_over_all_words(logits: torch.Tensor) -> None:
    """Every word once, weighed by its probability: what sampling estimates is the gradient of equation 1 itself."""
    values = np.array([1.0, 0.0, 2.0])
    pi = logits.softmax(0)
    aim = (pi * (torch.tensor(values) - 0.1 * (pi.log() - torch.tensor(FIRST)))).sum()
    exact = gradient(aim, logits)
    total = np.zeros(3)
    for word in range(3):
        one = logits.log_softmax(0)[word][None, None]
        text = Trajectories(
            one,
            one.detach(),
            torch.tensor([[FIRST[word]]]),
            torch.ones(1, 1, dtype=torch.bool),
            torch.tensor([values[word]]),
        )
        total -= pi[word].item() * gradient(reinforce(text, beta=0.1), logits)
    np.testing.assert_allclose(total, exact, atol=1e-6)


def test_grpo_has_the_gradient_of_its_clipped_ratio(logits: torch.Tensor) -> None:
    old, pi = np.log(np.array([0.2, 0.4, 0.4])), softmax(START)
    wanted = np.zeros(3)
    for place, word in enumerate(WRITTEN):
        pair = REWARDS[place // 2 * 2 : place // 2 * 2 + 2]
        advantage = (REWARDS[place] - pair.mean()) / pair.std()
        ratio = pi[word] / np.exp(old[word])
        clipped = (ratio > 1.2 and advantage > 0) or (ratio < 0.8 and advantage < 0)
        away = np.log(pi[word]) - FIRST[word]
        slope = (0.0 if clipped else ratio * advantage) - 0.04 * (1 - np.exp(-away))
        wanted -= slope * (one_hot(word) - pi) / 4
    assert any(pi[w] / np.exp(old[w]) > 1.2 for w in WRITTEN)
    np.testing.assert_allclose(gradient(grpo(texts(logits, sampled=old)), logits), wanted, atol=1e-6)


@pytest.mark.parametrize("protocol", ["paper", "repo-compat"])
def test_rlso_has_the_gradient_of_equation_8(logits: torch.Tensor, protocol: str) -> None:
    old, pi, eta, gamma = np.log(np.array([0.2, 0.4, 0.4])), softmax(START), 2.0, 0.2
    away = np.array([old[w] - FIRST[w] for w in WRITTEN])
    plain = REWARDS if protocol == "paper" else REWARDS - gamma * away
    aim = (plain - plain.mean()) / plain.std() - (gamma * away if protocol == "paper" else 0)
    moved = np.array([np.log(pi[w]) - old[w] for w in WRITTEN])
    wanted = np.zeros(3)
    for one, other in ((0, 1), (2, 3)):
        error = aim[one] - aim[other] - (moved[one] - moved[other]) / eta
        wanted += 2 * error * (-1 / eta) * (one_hot(WRITTEN[one]) - one_hot(WRITTEN[other])) / 2
    wanted *= 1 if protocol == "paper" else eta**2
    found = gradient(rlso(texts(logits, sampled=old), eta, gamma, protocol), logits)
    np.testing.assert_allclose(found, wanted, atol=1e-6)


def test_the_fixed_point_of_rlso_is_the_softmax_of_equation_5() -> None:
    """Two profiles, the regression solved to the end."""
    before, quality, eta = torch.tensor([0.7, 0.3], dtype=torch.float64), torch.tensor([0.2, 0.9]), 1.5
    logits = before.log().clone().requires_grad_()
    optimiser = torch.optim.LBFGS([logits], lr=0.5, max_iter=200, tolerance_grad=1e-12, tolerance_change=1e-14)

    def loss() -> torch.Tensor:
        optimiser.zero_grad()
        now = logits.log_softmax(0)[:, None]
        pair = Trajectories(now, before.log()[:, None], before.log()[:, None], torch.ones(2, 1).bool(), quality, 2)
        value = rlso(pair, eta, standardise=False)
        value.backward()
        return value

    optimiser.step(loss)  # type: ignore[arg-type]
    tilted = before * (eta * quality).exp()
    np.testing.assert_allclose(logits.softmax(0).detach(), tilted / tilted.sum(), atol=1e-6)


def test_soft_q_losses_have_the_gradients_of_equations_2_and_3() -> None:
    mask = torch.tensor([[True, True, False], [True, True, True]])
    q = torch.tensor([[0.1, 0.4, 9.0], [0.2, -0.3, 0.5]], dtype=torch.float64, requires_grad=True)
    following = torch.tensor([[0.6, 7.0, 7.0], [0.3, 0.8, 7.0]], dtype=torch.float64)
    rewards = torch.tensor([1.0, -1.0], dtype=torch.float64)
    targets = np.array([[0.6, 1.0, 9.0], [0.3, 0.8, -1.0]])
    wanted = -2 * (targets - q.detach().numpy()) / 2
    np.testing.assert_allclose(gradient(action_value_loss(q, following, rewards, mask), q), wanted, atol=1e-6)
    v = torch.zeros(2, 3, dtype=torch.float64, requires_grad=True)
    away = torch.full((2, 3), 0.5, dtype=torch.float64)
    wanted = -2 * np.where(mask, q.detach().numpy() - 0.2 * 0.5, 0) / 2
    np.testing.assert_allclose(gradient(state_value_loss(v, q, away, mask, 0.2), v), wanted, atol=1e-6)


def test_distillation_has_the_gradient_of_equation_8_and_soft_q_alpha_times_as_much(logits: torch.Tensor) -> None:
    alpha, q = 0.5, np.array([0.3, -0.4, 1.0])
    pi, first = softmax(START), torch.tensor(FIRST)[None, None]
    values, mask = torch.tensor(q)[None, None], torch.ones(1, 1, dtype=torch.bool)
    wanted = sum(
        pi[a] * (one_hot(a) - pi) * (np.log(pi[a]) - FIRST[a] - q[a] / alpha) for a in range(3)
    )  # equation 8 for one state
    whole = logits.log_softmax(0)[None, None]
    best = best_policy(values, first, alpha)
    np.testing.assert_allclose(gradient(distillation_loss(whole, best, mask), logits), wanted, atol=1e-6)
    whole = logits.log_softmax(0)[None, None]
    soft = gradient(soft_policy_loss(whole, first, values, mask, alpha), logits)
    np.testing.assert_allclose(soft, alpha * np.asarray(wanted), atol=1e-6)


def test_the_closed_form_is_that_of_equations_5_and_7() -> None:
    alpha, q = 0.5, np.array([0.3, -0.4, 1.0])
    values, first = torch.tensor(q)[None, None], torch.tensor(FIRST)[None, None]
    mean = (np.exp(FIRST) * np.exp(q / alpha)).sum()
    assert soft_state_value(values, first, alpha).item() == pytest.approx(alpha * np.log(mean))
    wanted = np.exp(FIRST) * np.exp(q / alpha) / mean
    np.testing.assert_allclose(best_policy(values, first, alpha)[0, 0].exp(), wanted, atol=1e-6)


@pytest.mark.parametrize("level", [0.0, 0.1, 1e-8, 1e6, -3.3])
def test_equal_rewards_divide_by_nothing(logits: torch.Tensor, level: float) -> None:
    for count in (4, 7, 12, 100):  # of which the mean of some differs from each by rounding
        assert torch.equal(standardised(torch.full((count,), level)), torch.zeros(count))
    same = torch.full((4,), level, dtype=torch.float32)
    assert torch.equal(relative_rewards(same, torch.zeros(4), 0.2, "repo-compat"), torch.zeros(4))
    for objective in (lambda flat: reinforce(flat, 0.0), lambda flat: grpo(flat, 0.0), rlso):
        given = texts(logits)
        flat = Trajectories(given.log_probs, given.sampled, given.first, given.mask, same.double(), 2)
        assert np.abs(gradient(objective(flat), logits)).max() < 1e-9 * max(1, abs(level))


def test_padding_counts_for_nothing(logits: torch.Tensor) -> None:
    given = texts(logits)
    wide = [torch.nn.functional.pad(x, (0, 2), value=-50.0) for x in (given.log_probs, given.sampled, given.first)]
    mask = torch.nn.functional.pad(given.mask, (0, 2), value=False)
    padded = Trajectories(wide[0], wide[1], wide[2], mask, given.rewards, 2)
    for objective in (reinforce, grpo, rlso):
        assert objective(padded).item() == pytest.approx(objective(given).item(), abs=1e-9)


@pytest.mark.parametrize("odd", [float("nan"), float("inf")])
def test_a_reward_that_is_no_number_is_an_error(logits: torch.Tensor, odd: float) -> None:
    given = texts(logits)
    rewards = given.rewards.clone()
    rewards[2] = odd
    with pytest.raises(ElmError, match=r"finite number, and that of text 2 of 4 is (nan|inf)"):
        Trajectories(given.log_probs, given.sampled, given.first, given.mask, rewards, 2)


def test_what_cannot_be_is_refused(logits: torch.Tensor) -> None:
    given = texts(logits)
    with pytest.raises(CallError, match="two texts of a prompt, got 4"):
        rlso(texts(logits, group=4))
    with pytest.raises(CallError, match="3 texts a prompt"):
        texts(logits, group=3)
    with pytest.raises(UnknownNameError, match="did you mean 'paper'"):
        rlso(given, protocol="papers")
