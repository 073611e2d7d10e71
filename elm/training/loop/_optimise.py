"""One optimisation loop for every kind of training: AdamW, clipped gradients, resumable at any step."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import nn
from tqdm.auto import tqdm

from elm._errors import CallError, ElmError, UnknownNameError
from elm.training.loop._best_checkpoint import Keeper
from elm.training.loop._checkpoint import Progress, commit, restore, restore_optimiser
from elm.training.loop._distributed import Team, gathered
from elm.training.loop._metrics_log import MetricsFile
from elm.training.loop._schedule import SCHEDULES
from elm.training.loop._validation import Validation

LossAt = Callable[[int], tuple[torch.Tensor, int] | tuple[torch.Tensor, int, int]]
"""The batch of a number -> (mean loss, tokens[, targets]); by targets, or tokens, the parts of a step are weighed."""

_LATER = {"accumulate": 1, "schedule": "cosine"}  # settings that checkpoints of the first version do not name


@dataclass(frozen=True)
class LoopConfig:
    """Run options of one stage: AdamW's, the schedule's, and how often a checkpoint is written.

    accumulate: batches a step, for batches that memory does not hold at once; schedule: "cosine", "linear" or
    "constant", each after a linear warm-up; log_every: steps a line of the metrics. Raises `CallError` for what cannot
    be, `UnknownNameError` for another schedule.
    """

    steps: int
    lr: float
    warmup: int = 50
    weight_decay: float = 0.01
    clip: float = 1.0
    save_every: int = 200
    seed: int = 0
    accumulate: int = 1
    schedule: str = "cosine"
    log_every: int = 50

    def __post_init__(self) -> None:
        if min(self.steps, self.warmup) < 0 or min(self.save_every, self.accumulate, self.log_every) < 1:
            raise CallError(
                "a loop has steps and warmup of 0 or more, save_every, accumulate and log_every of at least 1, got "
                f"{self.steps}, {self.warmup}, {self.save_every}, {self.accumulate} and {self.log_every}"
            )
        if self.schedule not in SCHEDULES:
            raise UnknownNameError("schedule", self.schedule, SCHEDULES)

    def settings(self) -> dict[str, Any]:
        """All that decides the weights."""
        free = {"save_every", "log_every"}
        return {k: v for k, v in asdict(self).items() if k not in free and (k not in _LATER or v != _LATER[k])}

    def factor(self, step: int) -> float:
        """What the learning rate is multiplied by in a step."""
        return SCHEDULES[self.schedule](step, self.steps, self.warmup)


@dataclass(frozen=True)
class LoopResult:
    """What a loop did, the interrupted calls included; `loss` is the mean over the last tenth of the steps.

    validations: step, mean loss since the one before, and scores of each. best: the one whose weights the modules end
    with, where the best are kept. alarm: the step at which the loss had fallen and the scores had not risen. stopped:
    whether patience ended it.
    """

    loss: float
    seconds: float
    tokens_per_second: float
    losses: list[float]
    validations: list[dict[str, Any]] = field(default_factory=list)
    best: dict[str, Any] | None = None
    alarm: int | None = None
    stopped: bool = False


@dataclass(frozen=True)
class LoopContext:
    """What a loop works beside. validation: what scores the model on the way; metrics: a file of JSON lines for losses
    and scores, which outlives interruptions too; team: the processes that train together, by default this one alone.
    """

    validation: Validation | None = None
    metrics: Path | None = None
    team: Team | None = None


def optimise(
    groups: Iterable[tuple[nn.Parameter, float]],
    loss_at: LossAt,
    config: LoopConfig,
    *,
    label: str = "training",
    progress: bool = True,
    checkpoint: Path | None = None,
    modules: Mapping[str, nn.Module] | None = None,
    context: LoopContext | None = None,
) -> LoopResult:
    """Minimise `loss_at(number) -> (loss, tokens[, targets])`, where a batch follows from its number alone.

    `groups` are (parameter, factor of the learning rate). With `checkpoint`, the free weights of `modules` and the
    optimiser are saved at the start, every `save_every` steps and at the end. A second call goes on from there and
    ends, on one machine, with the same bits; one that was finished is restored. Dropout is drawn from (seed, number).
    A step takes `accumulate` batches, and the shares of all processes of the context's team, weighed by their targets;
    its validation scores the first of `modules`.

    Raises `ElmError` when loss or gradient is not finite, `OSError` when a checkpoint cannot be written,
    `CheckpointError` when the one on disk is damaged, of other settings or of another model.

    >>> weight = nn.Parameter(torch.tensor([3.0]))
    >>> config = LoopConfig(steps=200, lr=0.1, warmup=1)
    >>> result = optimise([(weight, 1.0)], lambda step: ((weight**2).sum(), 1), config, progress=False)
    >>> abs(weight.item()) < 0.1, len(result.losses)
    (True, 200)
    """
    context = context or LoopContext()
    validation, team = context.validation, context.team or Team()
    modules = modules or {}
    settings = config.settings() | (validation.settings() if validation else {})
    optimiser = _adamw(groups, config)
    done, moments = restore(checkpoint, modules, optimiser, settings) if checkpoint else (Progress(), {})
    team.prepare(optimiser)
    if moments:
        restore_optimiser(optimiser, moments)
    keeper = Keeper(validation, team, modules, checkpoint, done) if validation else None
    log = MetricsFile(context.metrics, label, team.main)
    log.rewind(done.step)

    def save() -> None:
        team.bring_home()
        if checkpoint:
            commit(checkpoint, modules, optimiser, done, settings, write=team.main)

    if done.step == 0:  # a second call in this process, on changed weights, begins as this one did
        save()
    before, began = done.seconds, time.perf_counter()
    steps = range(done.step, done.step if keeper and keeper.stopped else config.steps)
    with tqdm(steps, initial=done.step, total=config.steps, desc=label, disable=not (progress and team.main)) as bar:
        for step in bar:
            factor = config.factor(step)
            for group in optimiser.param_groups:
                group["lr"] = group["base"] * factor
            value, tokens = _step(optimiser, loss_at, config, step, team, label)
            done.losses.append(value)
            done.tokens += tokens
            done.step = step + 1
            done.seconds = before + time.perf_counter() - began
            if step % 20 == 0:
                bar.set_postfix(loss=f"{_tail(done.losses):.3f}", refresh=False)
            if done.step % config.log_every == 0 or done.step == config.steps:
                log.add(done.step, {"loss": _mean(done.losses[-config.log_every :]), "lr": config.lr * factor})
            if keeper and keeper.due(config.steps):
                log.add(done.step, keeper.validate(label))
            stopped = keeper is not None and keeper.stopped
            if stopped or done.step % config.save_every == 0 or done.step == config.steps:
                save()
            if stopped:
                break
    team.bring_home()
    speed = done.tokens / max(done.seconds, 1e-9)
    kept = (keeper.end_with_best(), keeper.alarm, keeper.stopped) if keeper else (None, None, False)
    return LoopResult(_tail(done.losses), done.seconds, speed, done.losses, done.validations, *kept)


def _step(
    optimiser: torch.optim.Optimizer, loss_at: LossAt, config: LoopConfig, step: int, team: Team, label: str
) -> tuple[float, int]:
    """One step of the optimiser -> (mean loss, tokens) over its batches and all processes."""
    optimiser.zero_grad(set_to_none=True)
    parameters = [parameter for group in optimiser.param_groups for parameter in group["params"]]
    parts, alone = config.accumulate, config.accumulate == 1 and team.size == 1
    device = parameters[0].device if parameters else torch.device("cpu")
    losses, tokens, targets = [], 0, []
    for number in range(step * parts, (step + 1) * parts):
        with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
            torch.manual_seed(config.seed * 1_000_003 + number + team.rank * 1_000_000_007)
            with team.quiet(last=number == (step + 1) * parts - 1):
                loss, count, *weight = loss_at(number)
                targets.append(weight[0] if weight else count)
                (loss if alone else loss * targets[-1]).backward()
        losses.append(loss.detach())
        tokens += count
    value = losses[0].item() if alone else sum(x.item() * n for x, n in zip(losses, targets, strict=True))
    if not alone:
        value, total, tokens_of_all = team.totals([value, sum(targets), tokens])
        value, tokens = value / total, int(tokens_of_all)
        for parameter in parameters:  # backward left sums over the targets, averaged over the processes
            if parameter.grad is not None:
                parameter.grad.mul_(team.size / total)
    _finite(value, "loss", step, label)
    norm = gathered(nn.utils.clip_grad_norm_(parameters, config.clip))
    _finite(norm.item(), "gradient", step, label)
    optimiser.step()
    return value, tokens


def _adamw(groups: Iterable[tuple[nn.Parameter, float]], config: LoopConfig) -> torch.optim.AdamW:
    by_factor: dict[float, list[nn.Parameter]] = {}
    for parameter, factor in groups:
        by_factor.setdefault(factor, []).append(parameter)
    return torch.optim.AdamW(
        [{"params": p, "lr": config.lr * f, "base": config.lr * f} for f, p in by_factor.items()],
        betas=(0.9, 0.98),
        weight_decay=config.weight_decay,
        fused=True,
    )


def _finite(value: float, what: str, step: int, label: str) -> None:
    if not math.isfinite(value):
        raise ElmError(
            f"the {what} must stay finite; it was {value} at step {step} of {label}: lower the learning rate"
        )


def _mean(values: list[float]) -> float:
    return sum(values) / max(len(values), 1)


def _tail(losses: list[float]) -> float:
    return _mean(losses[-max(len(losses) // 10, 1) :])
