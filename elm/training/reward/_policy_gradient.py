"""Policy gradients: REINFORCE with a baseline and the KL term (ELM, Appendix H, equation 1), and GRPO."""

from __future__ import annotations

import torch

from elm.training.reward._trajectories import Trajectories, standardised


def reinforce(texts: Trajectories, beta: float = 0.05) -> torch.Tensor:
    """REINFORCE for max E[r(o) - beta log(pi(o) / p(o))], ELM's equation 1, as a loss (scalar).

    L = -mean_i sg[R_i - b_i] log pi(o_i), R_i = r_i - beta log(pi(o_i) / p(o_i)), where sg stops gradients. The
    baseline b_i is the mean R of the prompt's other texts, of the batch's others where a prompt has one text; it does
    not depend on o_i, so the expected gradient stays that of equation 1. (The gradient of the logarithm within R has
    mean 0 and is left out.) A batch of one text has no baseline.
    """
    written = texts.of_texts(texts.log_probs)
    penalised = texts.rewards - beta * (written.detach() - texts.of_texts(texts.first))
    return -((penalised - _baseline(penalised, texts.group)) * written).mean()


def grpo(texts: Trajectories, beta: float = 0.04, clip: float = 0.2) -> torch.Tensor:
    """Group relative policy optimisation (Shao et al., 2024, equation 3), as a loss (scalar).

    L = -mean_i mean_t [min(q A_i, clip(q, 1 - clip, 1 + clip) A_i) - beta (e^-d + d - 1)], where q is the ratio of a
    token's probability to that under the policy that wrote it, A_i the reward standardised within its group (0 where
    all of a group are equal), and d = log pi - log p, whose bracket is an estimate of the KL to the first policy.
    """
    advantage = standardised(texts.rewards.view(-1, texts.group)).view(-1, 1)
    ratio = (texts.log_probs - texts.sampled).exp()
    gained = torch.minimum(ratio * advantage, ratio.clamp(1 - clip, 1 + clip) * advantage)
    away = texts.log_probs - texts.first
    gained = gained - beta * ((-away).exp() + away - 1)
    lengths = texts.mask.sum(1).clamp_min(1)
    return -(texts.of_texts(gained) / lengths).mean()


def _baseline(values: torch.Tensor, group: int) -> torch.Tensor:
    """(B,) -> the mean of the others of each one's group, of the batch where groups have one member."""
    rows = values.view(-1, group) if group > 1 else values.view(1, -1)
    if rows.shape[1] == 1:
        return torch.zeros_like(values)
    return ((rows.sum(1, keepdim=True) - rows) / (rows.shape[1] - 1)).flatten()
