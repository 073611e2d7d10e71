"""One optimisation loop for every kind of training: AdamW, clipped gradients, resumable at any step."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn
from tqdm.auto import tqdm

from elm._errors import ElmError
from elm.training._checkpoint import Progress, commit, restore
from elm.training._schedule import warmup_cosine


@dataclass(frozen=True)
class LoopConfig:
    """Run options of one stage: AdamW's, the schedule's, and how often a checkpoint is written."""

    steps: int
    lr: float
    warmup: int = 50
    weight_decay: float = 0.01
    clip: float = 1.0
    save_every: int = 200
    seed: int = 0

    def settings(self) -> dict[str, Any]:
        """All that decides the weights."""
        return {key: value for key, value in asdict(self).items() if key != "save_every"}


@dataclass(frozen=True)
class LoopResult:
    """What a loop did, the interrupted calls included; `loss` is the mean over the last tenth of the steps."""

    loss: float
    seconds: float
    tokens_per_second: float
    losses: list[float]


def optimise(
    groups: Iterable[tuple[nn.Parameter, float]],
    loss_at: Callable[[int], tuple[torch.Tensor, int]],
    config: LoopConfig,
    *,
    label: str = "training",
    progress: bool = True,
    checkpoint: Path | None = None,
    modules: Mapping[str, nn.Module] | None = None,
) -> LoopResult:
    """Minimise `loss_at(step) -> (loss, tokens)`, where a step's batch follows from the step alone.

    `groups` are (parameter, factor of the learning rate). With `checkpoint`, the free weights of `modules` and the
    optimiser are saved at the start, every `save_every` steps and at the end. A second call goes on from there and
    ends, on one machine, with the same bits; one that was finished is restored. Dropout is drawn from (seed, step).

    Raises `ElmError` when loss or gradient is not finite, `OSError` when a checkpoint cannot be written,
    `CheckpointError` when the one on disk is damaged, of other settings or of another model.

    >>> weight = nn.Parameter(torch.tensor([3.0]))
    >>> config = LoopConfig(steps=200, lr=0.1, warmup=1)
    >>> result = optimise([(weight, 1.0)], lambda step: ((weight**2).sum(), 1), config, progress=False)
    >>> abs(weight.item()) < 0.1, len(result.losses)
    (True, 200)
    """
    optimiser, parameters = _adamw(groups, config)
    modules = modules or {}
    done = restore(checkpoint, modules, optimiser, config.settings()) if checkpoint else Progress()
    if checkpoint and done.step == 0:  # a second call in this process, on changed weights, begins as this one did
        commit(checkpoint, modules, optimiser, done, config.settings())
    before, began = done.seconds, time.perf_counter()
    device = parameters[0].device if parameters else torch.device("cpu")
    steps = range(done.step, config.steps)
    with tqdm(steps, initial=done.step, total=config.steps, desc=label, disable=not progress) as bar:
        for step in bar:
            factor = warmup_cosine(step, config.steps, config.warmup)
            for group in optimiser.param_groups:
                group["lr"] = group["base"] * factor
            with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
                torch.manual_seed(config.seed * 1_000_003 + step)
                loss, count = loss_at(step)
            value = _finite(loss.item(), "loss", step, label)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            _finite(nn.utils.clip_grad_norm_(parameters, config.clip).item(), "gradient", step, label)
            optimiser.step()
            done.losses.append(value)
            done.tokens += count
            done.step = step + 1
            done.seconds = before + time.perf_counter() - began
            if step % 20 == 0:
                bar.set_postfix(loss=f"{_tail(done.losses):.3f}", refresh=False)
            if checkpoint and (done.step % config.save_every == 0 or done.step == config.steps):
                commit(checkpoint, modules, optimiser, done, config.settings())
    return LoopResult(_tail(done.losses), done.seconds, done.tokens / max(done.seconds, 1e-9), done.losses)


def _adamw(
    groups: Iterable[tuple[nn.Parameter, float]], config: LoopConfig
) -> tuple[torch.optim.AdamW, list[nn.Parameter]]:
    by_factor: dict[float, list[nn.Parameter]] = {}
    for parameter, factor in groups:
        by_factor.setdefault(factor, []).append(parameter)
    optimiser = torch.optim.AdamW(
        [{"params": p, "lr": config.lr * f, "base": config.lr * f} for f, p in by_factor.items()],
        betas=(0.9, 0.98),
        weight_decay=config.weight_decay,
        fused=True,
    )
    return optimiser, [p for group in by_factor.values() for p in group]


def _finite(value: float, what: str, step: int, label: str) -> float:
    if not math.isfinite(value):
        raise ElmError(
            f"the {what} must stay finite; it was {value} at step {step} of {label}: lower the learning rate"
        )
    return value


def _tail(losses: list[float]) -> float:
    last = losses[-max(len(losses) // 10, 1) :]
    return sum(last) / max(len(last), 1)
