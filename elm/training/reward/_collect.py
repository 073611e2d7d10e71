"""Written texts with their rewards: collected from the policy as it is, or once from the first (a replay buffer)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from elm._errors import ElmError
from elm.model import Sample
from elm.training.reward._policy import Policy, padded
from elm.training.reward._trajectories import Trajectories, check_finite

Reward = Callable[[Sequence[int], Sequence[str]], Any]
"""(numbers of prompts (n), a text about each (n)) -> rewards (n,), more of which is better."""


@dataclass(frozen=True)
class Collected:
    """Texts about prompts (one number a text), `group` of each in a row, as they were written.

    sampled, first: (B, T), log-probabilities under the policy that wrote them and the first; rewards: (B,).
    """

    rows: list[int]
    written: list[Sample]
    ids: torch.Tensor
    mask: torch.Tensor
    sampled: torch.Tensor
    first: torch.Tensor
    rewards: torch.Tensor
    group: int
    unfinished: float

    @property
    def numbers(self) -> dict[str, float]:
        """What a line of the log says of them."""
        away = torch.where(self.mask, self.sampled - self.first, 0.0).sum(1)
        return {
            "reward": float(self.rewards.mean()),
            "spread": float(self.rewards.std(unbiased=False)),
            "kl": float(away.mean()),
            "length": float(self.mask.sum(1).float().mean()),
            "unfinished": self.unfinished,
        }

    def some(self, places: Sequence[int]) -> Collected:
        """Those of these groups."""
        of = np.concatenate([np.arange(place * self.group, (place + 1) * self.group) for place in places])
        keep = torch.from_numpy(of).to(self.mask.device)
        longest = int(self.mask[keep].sum(1).max())
        parts = [tensor[keep][:, :longest] for tensor in (self.ids, self.mask, self.sampled, self.first)]
        ids, mask, sampled, first = parts
        rows, written = [self.rows[i] for i in of], [self.written[i] for i in of]
        return Collected(rows, written, ids, mask, sampled, first, self.rewards[keep], self.group, self.unfinished)

    def scored(self, policy: Policy, whole: bool) -> Trajectories:
        """Under the policy as it is, with gradients."""
        found = policy.score(self.rows, self.ids, self.mask, whole)
        first_whole = None
        if whole:
            with policy.first.in_place(), torch.no_grad():
                first_whole = policy.score(self.rows, self.ids, self.mask, whole).whole
        return Trajectories(
            found.log_probs,
            self.sampled,
            self.first,
            self.mask,
            self.rewards,
            self.group,
            found.places,
            found.whole,
            first_whole,
            found.states,
        )


@torch.no_grad()
def collect(
    policy: Policy, reward: Reward, rows: Sequence[int], n: int, seed: int, unfinished: float | None
) -> Collected:
    """n texts about each prompt, their probabilities and rewards.

    unfinished: the reward of a text that was cut off before its end (LangPTune's Gamma); None: its own. Raises
    `ElmError` where the reward raises, gives other than a finite number a text, or writes about other prompts.
    """
    written = policy.write(rows, n, seed)
    of = [row for row in rows for _ in range(n)]
    device = next(policy.module.parameters()).device
    ids, mask = padded(written, device)
    sampled = policy.score(of, ids, mask).log_probs
    with policy.first.in_place():
        first = policy.score(of, ids, mask).log_probs
    cut = torch.tensor([not policy.ended(one) for one in written], device=device)
    rewards = rewarded(reward, of, [one.text for one in written]).to(device)
    if unfinished is not None:
        rewards = torch.where(cut, unfinished, rewards)
    return Collected(of, written, ids, mask, sampled, first, rewards, n, float(cut.float().mean()))


def rewarded(reward: Reward, rows: Sequence[int], texts: Sequence[str]) -> torch.Tensor:
    """What a reward says of texts, (n,) float32, checked; errors of `collect`."""
    try:
        values = np.asarray(reward(rows, texts), dtype=np.float32)
    except ElmError:
        raise
    except Exception as error:
        raise ElmError(
            f"a reward gives a number for every text, and this one failed ({type(error).__name__}: {error}): mend it, "
            "and call again to go on from the last checkpoint"
        ) from error
    if values.shape != (len(texts),):
        raise ElmError(f"a reward gives one number a text, {len(texts)} in all, and this one gave {values.shape}")
    found = torch.from_numpy(values)
    check_finite(found)
    return found
