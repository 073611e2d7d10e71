"""What every objective is computed from: written texts as tokens, with their probabilities and rewards."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from elm._errors import CallError, ElmError

_SAME = 1e-6  # rewards whose spread is below this share of their size differ by rounding alone


@dataclass(frozen=True)
class Trajectories:
    """B texts of up to T tokens, the `group` texts of one prompt in a row.

    log_probs: (B, T), natural logarithms under the policy as it is, with gradients. sampled: (B, T), under the policy
    that wrote them; first: (B, T), under the policy before any tuning. mask: (B, T), True on tokens. rewards: (B,).
    whole, first_whole: (B, T, words), log-probabilities of every word, states: (B, T, Z), what the policy knew
    before each token, and places: (B, T), which of the words each is, where an objective needs them.
    """

    log_probs: torch.Tensor
    sampled: torch.Tensor
    first: torch.Tensor
    mask: torch.Tensor
    rewards: torch.Tensor
    group: int = 1
    places: torch.Tensor | None = None
    whole: torch.Tensor | None = None
    first_whole: torch.Tensor | None = None
    states: torch.Tensor | None = None

    def __post_init__(self) -> None:
        if not self.log_probs.shape == self.sampled.shape == self.first.shape == self.mask.shape:
            raise CallError("log-probabilities and mask are (texts, tokens), all of one shape")
        if self.group < 1 or self.rewards.shape != self.mask.shape[:1] or len(self.rewards) % self.group:
            raise CallError(
                f"one reward a text, and {self.group} texts a prompt: got {tuple(self.rewards.shape)} rewards of "
                f"{len(self.mask)} texts"
            )
        check_finite(self.rewards)

    def of_texts(self, log_probs: torch.Tensor) -> torch.Tensor:
        """(B, T) of tokens -> (B,) of texts: the sum over each text's tokens."""
        return torch.where(self.mask, log_probs, 0.0).sum(1)


def check_finite(rewards: torch.Tensor) -> None:
    """Raise `ElmError` for a reward that is NaN or infinite."""
    odd = (~torch.isfinite(rewards)).nonzero().flatten()
    if len(odd):
        raise ElmError(
            f"a reward is a finite number, and that of text {int(odd[0])} of {len(rewards)} is "
            f"{rewards[odd[0]].item()}: mend the reward, and call again to go on from the last checkpoint"
        )


def standardised(rewards: torch.Tensor) -> torch.Tensor:
    """Rewards (..., n) with mean 0 and variance 1 (divided by n) over their last axis; zeros where all are equal.

    >>> standardised(torch.tensor([[1.0, 3.0], [0.1, 0.1]]))
    tensor([[-1.,  1.],
            [ 0.,  0.]])
    """
    centred = rewards - rewards.mean(-1, keepdim=True)
    spread = centred.square().mean(-1, keepdim=True).sqrt()
    alike = spread <= _SAME * rewards.abs().amax(-1, keepdim=True)
    return torch.where(alike, 0.0, centred / torch.where(alike, 1.0, spread))
