"""The objectives by name, each as what the trainer calls: a loss over trajectories, and the critic that it may need."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from inspect import signature
from typing import Any, cast

import torch
from torch import nn

from elm._errors import CallError, UnknownNameError
from elm.training.reward._policy_gradient import grpo, reinforce
from elm.training.reward._rlso import rlso
from elm.training.reward._soft_q import (
    action_value_loss,
    best_policy,
    distillation_loss,
    soft_policy_loss,
    soft_state_value,
    state_value_loss,
)
from elm.training.reward._trajectories import Trajectories

Loss = Callable[[Trajectories], torch.Tensor]

_PLAIN: Mapping[str, Callable[..., torch.Tensor]] = {"reinforce": reinforce, "rlso": rlso, "grpo": grpo}
_BY_VALUES = ("soft-q", "distil")
OBJECTIVES = (*_PLAIN, *_BY_VALUES)
"""The names of all objectives. The last two learn values of words, and read their texts from a replay buffer."""


@dataclass(frozen=True)
class Objective:
    """An objective and its settings, which are the arguments of its function; those of "soft-q" and "distil" are alpha
    (0.1), the temperature, and target_rate (0.05), by which target values follow the learned ones.

    Raises `UnknownNameError` for another name, `CallError` for a setting that it does not have.

    >>> Objective("rlso", {"eta": 1.0, "gamma": 0.2}).by_values
    False
    """

    name: str = "rlso"
    settings: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.name not in OBJECTIVES:
            raise UnknownNameError("objective", self.name, OBJECTIVES)
        known = list(signature(_PLAIN[self.name]).parameters)[1:] if self.name in _PLAIN else ["alpha", "target_rate"]
        if odd := sorted(set(self.settings) - set(known)):
            raise CallError(f"objective {self.name!r} has no setting {odd[0]!r}; it has {', '.join(known)}")

    @property
    def by_values(self) -> bool:
        """Whether it learns values of words beside the policy, from scores of every word."""
        return self.name in _BY_VALUES

    def made(self, widths: tuple[int, int]) -> tuple[Loss, nn.Module | None]:
        """The loss, and the critic that is trained beside the policy; widths: of its states and words."""
        if not self.by_values:
            return lambda texts: _PLAIN[self.name](texts, **self.settings), None
        critic = Critic(*widths, **self.settings)
        return (critic.soft_q if self.name == "soft-q" else critic.distil), critic


class Critic(nn.Module):
    """Values of states and words, linear in what the policy knows before each token; all 0 at the start.

    Its target values follow the learned ones by `target_rate` each time a loss is taken. One value for every word of
    the vocabulary: it suits policies of some thousand words (`EmbeddingLanguageModel.words`).
    """

    targets: torch.Tensor
    target_states: torch.Tensor

    def __init__(self, width: int, words: int, alpha: float = 0.1, target_rate: float = 0.05) -> None:
        super().__init__()
        if not alpha > 0 or not 0 < target_rate <= 1:
            raise CallError(f"alpha is above 0 and target_rate in (0, 1], got {alpha} and {target_rate}")
        self.alpha, self.target_rate = alpha, target_rate
        self.actions = nn.Parameter(torch.zeros(words, width))
        self.of_states = nn.Parameter(torch.zeros(1, width))
        self.register_buffer("targets", torch.zeros(words, width))
        self.register_buffer("target_states", torch.zeros(1, width))

    def soft_q(self, texts: Trajectories) -> torch.Tensor:
        """The sum of the losses of equations 2, 3 and 4 (less the sign of 4)."""
        known, whole, first, places = _needed(texts)
        self._follow()
        q, v = known @ self.actions.T, (known @ self.of_states.T)[..., 0]
        chosen = q.gather(-1, places[..., None])[..., 0]
        ahead = _next((known @ self.target_states.T)[..., 0])
        q_target = (known @ self.targets.T).gather(-1, places[..., None])[..., 0]
        away = (texts.log_probs - texts.first).detach()
        return (
            action_value_loss(chosen, ahead, texts.rewards, texts.mask)
            + state_value_loss(v, q_target, away, texts.mask, self.alpha)
            + soft_policy_loss(whole, first, q, texts.mask, self.alpha)
        )

    def distil(self, texts: Trajectories) -> torch.Tensor:
        """The Bellman residual of equations 5 and 6, and the distillation of equation 8 into the policy."""
        known, whole, first, places = _needed(texts)
        self._follow()
        q = known @ self.actions.T
        chosen = q.gather(-1, places[..., None])[..., 0]
        ahead = _next(soft_state_value(known @ self.targets.T, first, self.alpha))
        best = best_policy(q.detach(), first, self.alpha)
        return action_value_loss(chosen, ahead, texts.rewards, texts.mask) + distillation_loss(whole, best, texts.mask)

    @torch.no_grad()
    def _follow(self) -> None:
        self.targets.lerp_(self.actions, self.target_rate)
        self.target_states.lerp_(self.of_states, self.target_rate)


def _needed(texts: Trajectories) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    whole = (texts.states, texts.whole, texts.first_whole, texts.places)
    if any(tensor is None for tensor in whole):
        raise CallError("an objective by values needs the scores of every word beside those of the tokens")
    states, scores, first, places = (cast(torch.Tensor, tensor) for tensor in whole)
    return states.detach().float(), scores, first, places


def _next(values: torch.Tensor) -> torch.Tensor:
    """(B, T) of states -> (B, T) of the states that the tokens lead to; the last is not read."""
    return torch.cat([values[:, 1:], values[:, -1:]], dim=1)
