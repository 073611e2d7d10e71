"""The part of a loop that validates, and keeps the best weights: on disk beside the checkpoint, or in memory."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn

from elm._errors import CallError, CheckpointError
from elm.training.loop._checkpoint import Progress, load_weights, weights
from elm.training.loop._distributed import Team
from elm.training.loop._sealed import read_sealed, write_sealed
from elm.training.loop._validation import Validation


class Keeper:
    """What a loop asks about its validations.

    All it knows is in `done`, which is committed, and in the file of the best weights. A process that is killed
    between the two writes that file again when it gets there again, from the same weights.
    """

    def __init__(
        self,
        validation: Validation,
        team: Team,
        modules: Mapping[str, nn.Module],
        checkpoint: Path | None,
        done: Progress,
    ) -> None:
        if not modules:
            raise CallError("validation scores the first of the modules, and there are none")
        self._validation, self._team, self._modules, self._done = validation, team, modules, done
        self._path = checkpoint.with_name(f"{checkpoint.stem}.best{checkpoint.suffix}") if checkpoint else None
        self._kept: dict[str, torch.Tensor] = {}

    @property
    def stopped(self) -> bool:
        """Whether patience is over."""
        return self._validation.stops(self._done.validations)

    @property
    def alarm(self) -> int | None:
        """The step of the alarm, if there was one."""
        return self._validation.alarm(self._done.validations)

    def due(self, steps: int) -> bool:
        """Whether it is time to validate."""
        return self._validation.due(self._done.step, steps)

    def validate(self, label: str) -> dict[str, Any]:
        """Score the model, remember it where it is the best so far, and tell of an alarm; a row for the metrics."""
        self._team.bring_home()
        history, step = self._done.validations, self._done.step
        lately = self._done.losses[history[-1]["step"] if history else 0 :]
        scores = self._validation.measure(next(iter(self._modules.values())), step) if self._team.main else {}
        numbers = {"loss": sum(lately) / max(len(lately), 1), **self._team.told(scores)}
        history.append({"step": step, **numbers})
        if self._validation.keep_best and self._validation.best(history) is history[-1]:
            self._keep(step)
        if self._team.main:
            self._validation.warn(history, label)
        return {**numbers, "alarm": self.alarm is not None}

    def end_with_best(self) -> dict[str, Any] | None:
        """Put the best weights in place; which validation they are of, or None where they are not kept."""
        best = self._validation.best(self._done.validations)
        if best is None or not self._validation.keep_best:
            return None
        if self._done.step != best["step"]:
            self._team.wait()
            load_weights(self._path, self._modules, self._best(best["step"]) if self._path else self._kept)
        return dict(best)

    def _keep(self, step: int) -> None:
        if self._path is None:
            self._kept = {key: value.clone() for key, value in weights(self._modules).items()}
        elif self._team.main:
            write_sealed(self._path, weights(self._modules), {}, use=_best_of(step))

    def _best(self, step: int) -> dict[str, torch.Tensor]:
        """The weights in the file of the best, which must be those of this step."""
        assert self._path is not None
        tensors, about = read_sealed(self._path, use=_best_of(step))
        if about not in ({}, {"step": str(step)}):  # as earlier versions wrote it, without a checksum
            raise CheckpointError(f"{self._path} is not {_best_of(step)}; delete its folder's files to begin again")
        return tensors


def _best_of(step: int) -> str:
    return f"the best weights, of step {step}"
