"""Validation that generates: what the texts are worth, beside the loss, while there is time to stop."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from elm._errors import CallError, ConsistencyWarning


@dataclass(frozen=True)
class Validation:
    """How a training is watched by what the model writes.

    score(model, step) generates and returns numbers, such as SC and rSC; it is passed in, so that training knows no
    judge. It must follow from the model alone, or a resumed run would differ. Called every `every` steps and after
    the last one. `watch` is the number that counts, of which more is better.

    patience: stop after so many validations without a new best (0: never). keep_best: end with the best weights.
    The alarm, a `ConsistencyWarning`, is for a loss that falls by 1 % or more over `window` validations while none of
    them is `rise` above the one before them, and the number is still below `enough`.
    """

    score: Callable[[Any, int], Mapping[str, float]]
    every: int = 200
    watch: str = "rSC"
    patience: int = 0
    keep_best: bool = True
    window: int = 3
    rise: float = 0.01
    enough: float = 0.95
    stages: tuple[str, ...] = ("one", "two")

    def __post_init__(self) -> None:
        if self.every < 1 or self.window < 1 or self.patience < 0:
            came = f"got {self.every}, {self.window} and {self.patience}"
            raise CallError(f"validation has every and window of at least 1 and patience of 0 or more, {came}")

    def settings(self) -> dict[str, Any]:
        """All that decides where a training ends."""
        return {
            "validate_every": self.every,
            "watch": self.watch,
            "patience": self.patience,
            "keep_best": self.keep_best,
        }

    def due(self, step: int, steps: int) -> bool:
        """Whether to validate after so many steps."""
        return step % self.every == 0 or step == steps

    def measure(self, model: nn.Module, step: int) -> dict[str, float]:
        """The scores of the model as it is; neither its modes nor any random generator of torch is changed.

        Raises `CallError` where the scorer does not return the number that is watched.
        """
        modes = {module: module.training for module in model.modules()}
        devices = {p.device for p in model.parameters() if p.device.type == "cuda"}
        with torch.random.fork_rng(devices=list(devices)), torch.no_grad():
            torch.manual_seed(0)
            model.eval()
            try:
                scores = {str(key): float(value) for key, value in self.score(model, step).items()}
            finally:
                for module, training in modes.items():
                    module.training = training
        if self.watch not in scores:
            raise CallError(
                f"validation watches {self.watch!r}, but its scorer returned {', '.join(scores) or 'nothing'}"
            )
        return scores

    def best(self, history: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
        """The first of the best validations; one whose number is not finite is none."""
        known = [row for row in history if math.isfinite(row[self.watch])]
        return max(known, key=lambda row: row[self.watch], default=None)

    def stops(self, history: Sequence[Mapping[str, Any]]) -> bool:
        """Whether patience is over."""
        best = self.best(history)
        since = sum(1 for row in history if best is None or row["step"] > best["step"])
        return 0 < self.patience <= since

    def alarm(self, history: Sequence[Mapping[str, Any]]) -> int | None:
        """The step at which the loss had fallen and the number had not risen; the first such one, or None."""
        for end in range(self.window, len(history)):
            before, then = history[end - self.window], history[end - self.window + 1 : end + 1]
            risen = max(row[self.watch] for row in then) > before[self.watch] + self.rise
            fallen = then[-1]["loss"] < 0.99 * before["loss"]
            if fallen and not risen and then[-1][self.watch] < self.enough:
                return int(then[-1]["step"])
        return None

    def warn(self, history: Sequence[Mapping[str, Any]], label: str) -> None:
        """Tell of the alarm, where the last validation is the one that raised it."""
        if history and self.alarm(history) == history[-1]["step"]:
            first, last = history[-1 - self.window], history[-1]
            warnings.warn(
                f"in {label} the loss fell from {first['loss']:.3f} to {last['loss']:.3f} between steps "
                f"{first['step']} and {last['step']}, but {self.watch} did not rise ({first[self.watch]:.3f} to "
                f"{last[self.watch]:.3f}): the model learns to write and not to read; look at its texts, give "
                "stage one more steps, or lower the learning rate of the language model",
                ConsistencyWarning,
                stacklevel=4,
            )
