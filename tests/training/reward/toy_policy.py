"""A policy over a few fixed texts a prompt, each of one token: quick, and its optimum is known."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import nn

from elm.model import Sample
from elm.training import FirstWeights, Scores

TEXTS = (
    "They love drama films and avoid war films.",
    "They love war films and avoid drama films.",
    "f7 f7 f7 f7 f7 f7 f7 f7",
    "They love drama films and",
)
CUT_OFF = 3
"""The text that never comes to its end."""


class ToyPolicy:
    """Prompts (n) with logits over `TEXTS`; float64, so that sums are exact enough for any order."""

    def __init__(self, prompts: int = 8, start: Sequence[float] = (0.5, 0.5, -1.0, -1.0)) -> None:
        self.module = nn.Module()
        self.module.logits = nn.Parameter(torch.tensor([start] * prompts, dtype=torch.float64))
        self.shared = nn.Parameter(torch.zeros(len(TEXTS), dtype=torch.float64))
        self.module.shared = self.shared
        self.widths = (2, len(TEXTS))
        self.first = FirstWeights(self.groups())

    def __len__(self) -> int:
        return len(self.module.logits)

    def groups(self) -> list[tuple[nn.Parameter, float]]:
        return [(self.module.logits, 1.0), (self.shared, 1.0)]

    def probabilities(self, row: int = 0) -> torch.Tensor:
        return (self.module.logits[row] + self.shared).detach().softmax(0)

    def write(self, rows: Sequence[int], n: int, seed: int) -> list[Sample]:
        written = []
        for row in rows:
            chances = self.probabilities(row).numpy()
            for draw in np.random.default_rng([seed, row]).choice(len(TEXTS), size=n, p=chances):
                log_probs = np.log(chances[draw : draw + 1]).astype(np.float32)
                written.append(Sample(TEXTS[draw], np.array([draw]), log_probs))
        return written

    def score(self, rows: Sequence[int], ids: torch.Tensor, mask: torch.Tensor, whole: bool = False) -> Scores:
        every = (self.module.logits[list(rows)] + self.shared).log_softmax(-1)[:, None]
        states = torch.ones(len(rows), 1, 2) if whole else None
        return Scores(every.gather(-1, ids[..., None])[..., 0], every if whole else None, states, ids)

    def ended(self, written: Sample) -> bool:
        return int(written.ids[-1]) != CUT_OFF


def drama(rows: Sequence[int], texts: Sequence[str]) -> list[float]:
    """1 for a text that loves drama."""
    return [float("love drama" in text) for text in texts]


def by_id(rows: Sequence[int], texts: Sequence[str]) -> list[float]:
    """A ranker that finds the item by its id where a text spells it: what a policy may hack."""
    return [2.0 if "f7" in text else float("love drama" in text) for text in texts]


def readable(texts: Sequence[str]) -> dict[str, float]:
    """Measures that need no language model: an id is no word of the base."""
    words = [text.split() for text in texts]
    return {
        "perplexity": float(np.mean([100.0 if "f7" in said else 5.0 for said in words])),
        "repetition": float(np.mean([1 - len(set(said)) / len(said) for said in words])),
        "words": float(np.mean([len(said) for said in words])),
    }
