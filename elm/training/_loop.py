"""One optimisation loop for every kind of training: AdamW, clipped gradients, resumable at any step."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn
from tqdm.auto import tqdm

from elm._errors import ElmError
from elm._files import written_aside
from elm.training._schedule import warmup_cosine


@dataclass(frozen=True)
class LoopConfig:
    """Run options of one stage."""

    steps: int
    lr: float
    warmup: int = 50
    weight_decay: float = 0.01
    clip: float = 1.0
    save_every: int = 200
    seed: int = 0


@dataclass(frozen=True)
class LoopResult:
    loss: float  # mean of the last tenth
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
    modules: dict[str, nn.Module] | None = None,
) -> LoopResult:
    """Minimise `loss_at(step) -> (loss, tokens)`, where a step's batch follows from the step alone.

    `groups` are (parameter, factor of the learning rate). With `checkpoint`, the weights of `modules` and the
    optimiser are saved every `save_every` steps, and a second call goes on from there: the batches being a function of
    the step, the resumed run takes the same path. Raises `ElmError` when the loss is not finite.
    """
    by_factor: dict[float, list[nn.Parameter]] = {}
    for parameter, factor in groups:
        by_factor.setdefault(factor, []).append(parameter)
    parameters = [p for group in by_factor.values() for p in group]
    optimiser = torch.optim.AdamW(
        [{"params": p, "lr": config.lr * f, "base": config.lr * f} for f, p in by_factor.items()],
        betas=(0.9, 0.98),
        weight_decay=config.weight_decay,
        fused=True,
    )
    losses: list[float] = []
    start = _resume(checkpoint, modules or {}, optimiser, losses)
    began, tokens = time.perf_counter(), 0
    bar = tqdm(range(start, config.steps), initial=start, total=config.steps, desc=label, disable=not progress)
    for step in bar:
        factor = warmup_cosine(step, config.steps, config.warmup)
        for group in optimiser.param_groups:
            group["lr"] = group["base"] * factor
        loss, count = loss_at(step)
        value = loss.item()
        if value != value or value == float("inf"):
            raise ElmError(f"the loss must stay finite; it was {value} at step {step} of {label}: lower the learning rate")
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, config.clip)
        optimiser.step()
        losses.append(value)
        tokens += count
        if step % 20 == 0:
            bar.set_postfix(loss=f"{_tail(losses):.3f}", refresh=False)
        if checkpoint and (step + 1) % config.save_every == 0 and step + 1 < config.steps:
            _commit(checkpoint, modules or {}, optimiser, step + 1, losses)
    seconds = time.perf_counter() - began
    return LoopResult(_tail(losses), seconds, tokens / max(seconds, 1e-9), losses)


def _tail(losses: list[float]) -> float:
    last = losses[-max(len(losses) // 10, 1) :]
    return sum(last) / max(len(last), 1)


def _commit(path: Path, modules: dict[str, nn.Module], optimiser: torch.optim.Optimizer, step: int,
            losses: list[float]) -> None:  # fmt: skip
    from safetensors.torch import save_file

    tensors = {f"{name}/{key}": value.contiguous() for name, module in modules.items()
               for key, value in _own_state(module).items()}  # fmt: skip
    for index, state in optimiser.state_dict()["state"].items():
        tensors |= {f"optimiser/{index}/{key}": torch.as_tensor(value) for key, value in state.items()}
    with written_aside(path) as aside:
        save_file(tensors, aside, metadata={"step": str(step), "losses": json.dumps(losses)})


def _own_state(module: nn.Module) -> dict[str, torch.Tensor]:
    """The state without tied twins, which safetensors refuses."""
    seen: dict[int, str] = {}
    return {k: v for k, v in module.state_dict().items() if seen.setdefault(v.data_ptr(), k) == k}


def _resume(path: Path | None, modules: dict[str, nn.Module], optimiser: torch.optim.Optimizer, losses: list[float]) -> int:
    if path is None or not path.exists():
        return 0
    from safetensors import safe_open

    with safe_open(path, framework="pt") as file:
        meta = file.metadata()
        tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
    for name, module in modules.items():
        wanted = _own_state(module)
        module.load_state_dict({key: tensors[f"{name}/{key}"] for key in wanted}, strict=False)
    packed = optimiser.state_dict()
    packed["state"] = {}
    for key, value in tensors.items():
        if key.startswith("optimiser/"):
            _, index, field = key.split("/")
            packed["state"].setdefault(int(index), {})[field] = value
    optimiser.load_state_dict(packed)
    losses.extend(json.loads(meta["losses"]))
    return int(meta["step"])
