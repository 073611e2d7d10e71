"""What is trained by reward: a policy, which writes texts about prompts and says how likely a text is."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import nn

from elm._errors import CheckpointError
from elm.model import Sample

Groups = list[tuple[nn.Parameter, float]]
"""What is trained, each with the factor of its learning rate."""


@dataclass(frozen=True)
class Scores:
    """How likely B texts of up to T tokens are. log_probs: (B, T); whole: (B, T, words), of every word; states:
    (B, T, Z), what was known before each token; places: (B, T), which of the words each token is. All but the first
    only where they were asked for.
    """

    log_probs: torch.Tensor
    whole: torch.Tensor | None = None
    states: torch.Tensor | None = None
    places: torch.Tensor | None = None


class Policy(Protocol):
    """A writer of texts about prompts, which it knows by their numbers, 0 to len - 1.

    module: whose free weights are trained, and saved. widths: the size of its states, and how many words it writes in.
    first: the trained weights before any tuning.
    """

    module: nn.Module
    widths: tuple[int, int]
    first: FirstWeights

    def __len__(self) -> int:
        """How many prompts there are."""
        ...

    def groups(self) -> Groups:
        """The parameters that are trained."""
        ...

    def write(self, rows: Sequence[int], n: int, seed: int) -> list[Sample]:
        """n texts about each of the prompts `rows`, those of one prompt in a row; the same for the same seed."""
        ...

    def score(self, rows: Sequence[int], ids: torch.Tensor, mask: torch.Tensor, whole: bool = False) -> Scores:
        """How likely texts (B, T) are, one about each of the prompts `rows`, with gradients; mask: True on tokens."""
        ...

    def ended(self, written: Sample) -> bool:
        """Whether a text came to its end, and was not cut off."""
        ...


class FirstWeights:
    """The trained weights as they were at the start, which can be put in place for a while.

    Costs as much memory as what is trained: for LoRA, or the last layers, little beside the model.
    """

    def __init__(self, groups: Groups) -> None:
        self._parameters = [parameter for parameter, _ in groups]
        self._others = [parameter.detach().clone() for parameter in self._parameters]

    @contextlib.contextmanager
    def in_place(self) -> Iterator[None]:
        """Inside the block the parameters hold their first values; no gradient may be taken across its end."""
        self._swap()
        try:
            yield
        finally:
            self._swap()

    def state(self) -> dict[str, torch.Tensor]:
        """The first values, to be saved."""
        return {str(number): value for number, value in enumerate(self._others)}

    def take(self, state: dict[str, torch.Tensor]) -> None:
        """Set the first values; `CheckpointError` where they are those of another policy."""
        own = self.state()
        if {k: (v.shape, v.dtype) for k, v in state.items()} != {k: (v.shape, v.dtype) for k, v in own.items()}:
            raise CheckpointError("the first policy on disk is of another model; delete its folder to begin again")
        self._others = [state[name].to(value.device) for name, value in own.items()]

    @torch.no_grad()
    def restore(self) -> None:
        """Give the policy its first weights back."""
        for parameter, value in zip(self._parameters, self._others, strict=True):
            parameter.copy_(value)

    def _swap(self) -> None:
        for number, parameter in enumerate(self._parameters):
            kept = parameter.data
            parameter.data = self._others[number]
            self._others[number] = kept


def padded(written: Sequence[Sample], device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    """Texts as token ids (B, T), padded on the right by 0, and the mask of their tokens."""
    longest = max(len(one.ids) for one in written)
    ids = torch.zeros(len(written), longest, dtype=torch.long)
    mask = torch.zeros(len(written), longest, dtype=torch.bool)
    for row, one in enumerate(written):
        ids[row, : len(one.ids)] = torch.from_numpy(one.ids)
        mask[row, : len(one.ids)] = True
    return ids.to(device), mask.to(device)
