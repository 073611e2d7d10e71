"""Soft values of tokens (ELM, Appendix H): the losses of equations 2 to 4, and the closed form of 5 to 8.

All shapes: values of words (B, T, words), of tokens and states (B, T), mask (B, T), rewards (B,), alpha above 0.
"""

from __future__ import annotations

import torch


def action_value_loss(
    q: torch.Tensor, next_value: torch.Tensor, rewards: torch.Tensor, mask: torch.Tensor
) -> torch.Tensor:
    """Equation 2: mean over texts of sum_n (V(s_n+1) - Q_n(s_n, a_n))^2, with the text's reward at its last token.

    q: (B, T), of the tokens that were written. next_value: (B, T), the target network's V of the state that each token
    leads to; that of the last token is not read.
    """
    last = torch.arange(mask.shape[1], device=mask.device) == mask.sum(1, keepdim=True) - 1
    wanted = torch.where(last, rewards[:, None], next_value).detach()
    return _per_text((wanted - q).square(), mask)


def state_value_loss(
    v: torch.Tensor, q_target: torch.Tensor, away: torch.Tensor, mask: torch.Tensor, alpha: float
) -> torch.Tensor:
    """Equation 3: mean over texts of sum_n (Q(s_n, a_n) - alpha log(pi / p)(a_n | s_n) - V_n(s_n))^2.

    v, q_target, away: (B, T); Q by the target network, away the logarithm of the ratio to the first policy.
    """
    wanted = (q_target - alpha * away).detach()
    return _per_text((wanted - v).square(), mask)


def soft_policy_loss(
    whole: torch.Tensor, first_whole: torch.Tensor, q: torch.Tensor, mask: torch.Tensor, alpha: float
) -> torch.Tensor:
    """Equation 4, less its sign: mean over texts of sum_n E_a~pi [alpha log(pi / p)(a | s_n) - Q_n(s_n, a)].

    The expectation is taken over all words, exactly, instead of the one that was written: whose gradient would need
    the state's own policy to have written it, which a replay buffer does not promise.
    """
    gain = alpha * (whole - first_whole.detach()) - q.detach()
    return _per_text((whole.exp() * gain).sum(-1), mask)


def soft_state_value(q: torch.Tensor, first_whole: torch.Tensor, alpha: float) -> torch.Tensor:
    """Equation 5: V*(s) = alpha log E_a~p [exp(Q*(s, a) / alpha)], (B, T)."""
    return alpha * (first_whole + q / alpha).logsumexp(-1)


def best_policy(q: torch.Tensor, first_whole: torch.Tensor, alpha: float) -> torch.Tensor:
    """Equation 7: log mu*(a | s) of every word (B, T, words), the first policy tilted by exp(Q* / alpha)."""
    return (first_whole + q / alpha).log_softmax(-1)


def distillation_loss(whole: torch.Tensor, best: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Mean over texts of sum_n KL(pi(. | s_n) || mu*(. | s_n)), whose gradient is the update of equation 8."""
    return _per_text((whole.exp() * (whole - best.detach())).sum(-1), mask)


def _per_text(values: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    return torch.where(mask, values, 0.0).sum(1).mean()
