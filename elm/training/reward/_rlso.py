"""RLSO, reinforcement learning for system optimisation (LangPTune, Section 3.2.1): regression of relative rewards."""

from __future__ import annotations

import torch

from elm._errors import CallError, UnknownNameError
from elm.training.reward._trajectories import Trajectories, standardised

PROTOCOLS = ("paper", "repo-compat")
"""Whose conventions hold: those of the LangPTune paper, or those of the code that its authors published."""


def relative_rewards(
    rewards: torch.Tensor, away: torch.Tensor, gamma: float, protocol: str = "paper", standardise: bool = True
) -> torch.Tensor:
    """Ranking rewards U (B,) -> what the regression follows (B,); away: log(pi_t(p) / pi_0(p)) of each text, (B,).

    "paper": U is standardised over the batch, then gamma `away` is taken off (equation 11). "repo-compat": it is taken
    off first, and the difference is standardised. Equal values become 0 in both. `UnknownNameError` for another name.
    """
    if protocol not in PROTOCOLS:
        raise UnknownNameError("protocol", protocol, PROTOCOLS)
    scaled = standardised if standardise else torch.clone
    return scaled(rewards) - gamma * away if protocol == "paper" else scaled(rewards - gamma * away)


def rlso(
    texts: Trajectories, eta: float = 1.0, gamma: float = 0.0, protocol: str = "paper", standardise: bool = True
) -> torch.Tensor:
    """The squared regression of RLSO over pairs of texts p, p' of one prompt (equation 8), as a loss (scalar).

    L = mean (U(p) - U(p') - (D(p) - D(p')) / eta)^2, D(p) = log(pi(p) / pi_t(p)), where pi_t wrote both. At its
    minimum pi is the softmax of equation 5, pi_t(p) exp(eta U(p)) / Z. The published code squares
    D - D' - eta (U - U'), which is the same where eta is 1, as it is in both.

    Raises `CallError` unless each prompt has two texts.
    """
    if texts.group != 2:
        raise CallError(f"RLSO compares two texts of a prompt, got {texts.group}")
    away = texts.of_texts(texts.sampled - texts.first)
    wanted = relative_rewards(texts.rewards, away, gamma, protocol, standardise).detach()
    moved = texts.of_texts(texts.log_probs - texts.sampled)
    error = _apart(wanted) - _apart(moved) / eta
    return (error if protocol == "paper" else eta * error).square().mean()


def _apart(values: torch.Tensor) -> torch.Tensor:
    """(2 n,) -> (n,): the first text of each pair less the second."""
    first, second = values.view(-1, 2).unbind(1)
    return first - second
