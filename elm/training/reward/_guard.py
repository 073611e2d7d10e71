"""Does a reward still mean what it should? A held-out reward and readability beside it, and a stop where they part."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

from elm._errors import CallError, ConsistencyWarning, LeakageError
from elm.metrics import entity_p_value
from elm.model import Sample
from elm.training.loop._validation import Validation
from elm.training.reward._collect import Reward, rewarded
from elm.training.reward._policy import Policy, padded

Measures = Callable[[Sequence[str]], Mapping[str, float]]
"""Texts -> perplexity, repetition and words, as `Readability` gives them."""


@dataclass(frozen=True)
class Limits:
    """How far texts may go from those of the first policy, while their reward rises.

    held_out: share of the held-out reward that may be lost, where the loss is no chance (paired t test over prompts,
    p < 0.05). perplexity, words: factors (of words in either direction); repetition: what may be added to the share.
    kl: the most nats a text; infinite unless named.
    """

    held_out: float = 0.05
    perplexity: float = 2.0
    repetition: float = 0.15
    words: float = 2.0
    kl: float = math.inf

    def broken(self, row: Mapping[str, Any], start: Mapping[str, Any]) -> list[str]:
        """The limits that a validation breaks, by name."""
        lost = start["held_out"] - row["held_out"]
        found = {
            "held_out": lost > self.held_out * abs(start["held_out"]) and row["held_out_p"] < 0.05,
            "perplexity": row["perplexity"] > self.perplexity * start["perplexity"],
            "repetition": row["repetition"] > start["repetition"] + self.repetition,
            "words": not start["words"] / self.words <= row["words"] <= start["words"] * self.words,
            "kl": row["kl"] > self.kl,
        }
        return [name for name, is_broken in found.items() if is_broken]


@dataclass(frozen=True)
class Guard(Validation):
    """A validation of training by reward over prompts that are never trained on; made by `guarded`.

    Stops after `window` validations in a row that break a limit. The policy ends with the weights of the best held-out
    reward within the limits, and with its first ones where no validation was within them.
    """

    watch: str = "held_out"
    window: int = 1
    limits: Limits = field(default_factory=Limits)
    rows: tuple[int, ...] = ()
    start: dict[str, Any] = field(default_factory=dict)

    def check(self, trained: Sequence[int]) -> None:
        """Raise `LeakageError` where a prompt that is watched is trained on."""
        if shared := sorted(set(self.rows) & set(trained)):
            raise LeakageError(
                f"a guard watches prompts that are not trained on, and {len(shared)} are (first: {shared[0]})"
            )

    def settings(self) -> dict[str, Any]:
        limits = {k: v if math.isfinite(v) else None for k, v in vars(self.limits).items()}
        return {**super().settings(), "limits": limits, "guarded": len(self.rows)}

    def broken(self, row: Mapping[str, Any]) -> list[str]:
        """The limits that a validation breaks."""
        return self.limits.broken(row, self.start)

    def best(self, history: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
        """The first of the best validations within the limits."""
        return super().best([row for row in history if not self.broken(row)])

    def alarm(self, history: Sequence[Mapping[str, Any]]) -> int | None:
        """The step at which reward and guard had parted for `window` validations: the first, or None."""
        for end in range(self.window, len(history) + 1):
            if all(self.broken(row) for row in history[end - self.window : end]):
                return int(history[end - 1]["step"])
        return None

    def stops(self, history: Sequence[Mapping[str, Any]]) -> bool:
        """Whether they have parted, or patience is over."""
        return self.alarm(history) is not None or super().stops(history)

    def warn(self, history: Sequence[Mapping[str, Any]], label: str) -> None:
        """Tell of the alarm, where the last validation is the one that raised it."""
        if history and self.alarm(history) == history[-1]["step"]:
            row = history[-1]
            told = ", ".join(f"{name} {self.start.get(name, 0.0):.3g} -> {row[name]:.3g}" for name in self.broken(row))
            warnings.warn(
                f"in {label} the reward went from {self.start['reward']:.3g} to {row['reward']:.3g}, and what it "
                f"should stand for did not ({told}): training stops at step {row['step']}; look at the texts",
                ConsistencyWarning,
                stacklevel=4,
            )

    def report(self, history: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Reward and guard side by side: a row for the first policy (step 0) and for each validation."""
        rows = [{"step": 0, **self.start}, *history]
        names = ("step", "reward", "held_out", "perplexity", "repetition", "words", "kl")
        return [{**{name: row[name] for name in names}, "broken": self.broken(row)} for row in rows]


def guarded(
    policy: Policy,
    reward: Reward,
    held_out: Reward,
    rows: Sequence[int],
    measures: Measures,
    *,
    every: int = 20,
    limits: Limits | None = None,
    seed: int = 0,
) -> Guard:
    """A guard over one text about each of the prompts `rows`, drawn by `seed`, the same at each validation.

    held_out: another reward than the one that is trained on. measures: of readability, by a base that is not tuned.
    Raises `CallError` where both rewards are one, or no prompt is watched; also what the rewards raise.
    """
    if held_out is reward:
        raise CallError("the held-out reward is never trained on, and both are one: pass another")
    if not rows:
        raise CallError("a guard watches at least one prompt, got none")
    of = list(rows)

    def drawn() -> tuple[dict[str, float], list[Sample], list[float]]:
        written = policy.write(of, 1, seed)
        texts = [one.text for one in written]
        other = rewarded(held_out, of, texts)
        numbers = {"reward": float(rewarded(reward, of, texts).mean()), "held_out": float(other.mean())}
        told = {name: float(value) for name, value in measures(texts).items()}
        return {**numbers, **told}, written, other.tolist()

    with policy.first.in_place(), torch.no_grad():
        start, _, before = drawn()

    def score(model: Any, step: int) -> dict[str, float]:
        numbers, written, now = drawn()
        p = entity_p_value(now, before)
        return {**numbers, "held_out_p": 1.0 if math.isnan(p) else p, "kl": _kl(policy, of, written)}

    begun = {**start, "held_out_p": 1.0, "kl": 0.0}
    return Guard(score, every=every, limits=limits or Limits(), rows=tuple(of), start=begun)


def _kl(policy: Policy, rows: Sequence[int], written: Sequence[Sample]) -> float:
    """The mean logarithm of the ratio to the first policy of a text, nats."""
    ids, mask = padded(written, next(policy.module.parameters()).device)
    now = policy.score(rows, ids, mask).log_probs
    with policy.first.in_place():
        first = policy.score(rows, ids, mask).log_probs
    return float(((now - first) * mask).sum(1).mean())
