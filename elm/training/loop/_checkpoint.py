"""The state of an optimisation loop on disk: weights, optimiser, and how far it has come, in one safetensors file."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import nn

from elm._errors import CheckpointError
from elm._storage.fields import Check, is_number, is_numbers, is_object, strictly
from elm.training.loop._distributed import gathered, scattered
from elm.training.loop._sealed import read_sealed, write_sealed


@dataclass
class Progress:
    """How far a loop has come: steps done, their losses, the seconds and tokens that they took, and its validations."""

    step: int = 0
    losses: list[float] = field(default_factory=list)
    seconds: float = 0.0
    tokens: int = 0
    validations: list[dict[str, Any]] = field(default_factory=list)


def commit(
    path: Path,
    modules: Mapping[str, nn.Module],
    optimiser: torch.optim.Optimizer,
    progress: Progress,
    settings: Mapping[str, Any],
    write: bool = True,
) -> None:
    """Write the checkpoint; where the disk is full, `OSError`, and the one that was there before stays.

    Of several processes all call it, and one of them with `write`.
    """
    tensors = weights(modules)
    for index, state in optimiser.state_dict()["state"].items():
        tensors |= {f"{_MOMENTS}/{index}/{key}": gathered(torch.as_tensor(value)) for key, value in state.items()}
    if write:
        about = {**asdict(progress), "settings": dict(settings)}
        write_sealed(path, tensors, {key: json.dumps(value) for key, value in about.items()})


def restore(
    path: Path, modules: Mapping[str, nn.Module], optimiser: torch.optim.Optimizer, settings: Mapping[str, Any]
) -> tuple[Progress, dict[str, torch.Tensor]]:
    """Put committed weights back in place, bit for bit; the optimiser's part is for `restore_optimiser`.

    Without a file, nothing happens and the progress is none. Raises `CheckpointError`, before anything is put in
    place, for a file that is damaged, of other settings or of another model: all it says must be there and of its kind,
    and its tensors those of the modules and the optimiser, in name, shape and kind, and finite.
    """
    if not path.exists():
        return Progress(), {}
    tensors, metadata = read_sealed(path)
    progress, came = _told(path, metadata)
    _same_settings(path, came, json.loads(json.dumps(dict(settings))))
    parameters = [parameter for group in optimiser.param_groups for parameter in group["params"]]
    moments = {key: value for key, value in tensors.items() if key.startswith(f"{_MOMENTS}/")}
    learned = {key: value for key, value in tensors.items() if key not in moments}
    _check_weights(path, modules, learned)
    _check_moments(path, moments, parameters, progress.step)
    load_weights(path, modules, learned)
    return progress, moments


def restore_optimiser(optimiser: torch.optim.Optimizer, tensors: Mapping[str, torch.Tensor]) -> None:
    """Put the optimiser's part of a checkpoint in place, bit for bit."""
    parameters = [parameter for group in optimiser.param_groups for parameter in group["params"]]
    packed = optimiser.state_dict()
    packed["state"] = {}
    for key, value in tensors.items():
        _, index, part = key.split("/")
        packed["state"].setdefault(int(index), {})[part] = scattered(value, parameters[int(index)])
    optimiser.load_state_dict(packed)


def weights(modules: Mapping[str, nn.Module]) -> dict[str, torch.Tensor]:
    """What training changes in some modules, named "module/weight"."""
    return {f"{name}/{key}": value for name, module in modules.items() for key, value in own_state(module).items()}


def load_weights(source: object, modules: Mapping[str, nn.Module], tensors: Mapping[str, torch.Tensor]) -> None:
    """Put `weights` back: exactly those of the modules, and finite; else `CheckpointError`, and nothing has changed."""
    _check_weights(source, modules, tensors)
    for name, module in modules.items():
        state = {key: tensors[f"{name}/{key}"] for key in own_state(module)}
        module.load_state_dict(state, strict=False)  # frozen weights and tied twins are not in it


def _check_weights(source: object, modules: Mapping[str, nn.Module], tensors: Mapping[str, torch.Tensor]) -> None:
    if odd := _odd(tensors, {key: _kind(value) for key, value in weights(modules).items()}):
        raise CheckpointError(f"{source} is of another model ({odd}); delete it to begin again")


_MOMENTS = "optimiser"
_ADAM = ("step", "exp_avg", "exp_avg_sq")

_PROGRESS: Mapping[str, Check] = {
    "step": lambda value: type(value) is int and value >= 0,
    "losses": is_numbers,
    "seconds": lambda value: is_number(value) and value >= 0,
    "tokens": lambda value: type(value) is int and value >= 0,
    "validations": lambda value: isinstance(value, list) and all(isinstance(row, dict) for row in value),
    "settings": is_object,
}


def _told(path: Path, metadata: Mapping[str, str]) -> tuple[Progress, dict[str, Any]]:
    """How far a checkpoint says that it has come, and its settings; `CheckpointError` where that cannot be."""
    try:
        about = strictly({"validations": [], **{key: json.loads(value) for key, value in metadata.items()}}, _PROGRESS)
        settings = about.pop("settings")
        done = Progress(**about)
        if len(done.losses) != done.step or not done.step <= settings.get("steps", done.step):
            raise ValueError(f"{done.step} steps of {settings.get('steps')}, with {len(done.losses)} losses")
        steps: list[Any] = [row.get("step") for row in done.validations]
        if not all(type(step) is int and 1 <= step <= done.step for step in steps) or steps != sorted(set(steps)):
            raise ValueError(f"validations after steps {str(steps)[:60]} of {done.step}")
    except (ValueError, RecursionError) as error:
        raise CheckpointError(f"{path} does not say how far it has come ({error}); delete it to begin again") from error
    return done, settings


def _check_moments(
    path: Path, moments: Mapping[str, torch.Tensor], parameters: Sequence[torch.Tensor], step: int
) -> None:
    """`CheckpointError` unless these are the moments of AdamW after so many steps, of parameters that had a gradient.

    One that had none so far, such as an adapter that no batch went through, has no moments.
    """
    seen = sorted({key.split("/")[1] for key in moments if key.count("/") == 2})
    known = {str(index): parameter for index, parameter in enumerate(parameters)}
    wanted: dict[str, tuple[tuple[int, ...], torch.dtype]] = {}
    for index in seen:
        kinds = (_kind(torch.tensor(0.0)), *[_kind(known[index])] * 2) if index in known else ()
        wanted |= {f"{_MOMENTS}/{index}/{part}": kind for part, kind in zip(_ADAM, kinds, strict=False)}
    odd = _odd(moments, wanted)
    if not odd and bool(seen) != bool(step and parameters):
        odd = f"after {step} steps it holds moments of {len(seen)} of {len(parameters)} parameters"
    for key, value in moments.items() if not odd else ():
        if key.endswith("/step") and not (1 <= value.item() <= step and value.item() % 1 == 0):
            odd = f"{key} is {value.item()}, in training of {step} steps"
        elif key.endswith("/exp_avg_sq") and (value < 0).any():
            odd = f"{key} is negative"
    if odd:
        raise CheckpointError(f"{path} is of another training, or damaged ({odd}); delete it to begin again")


def _kind(value: torch.Tensor) -> tuple[tuple[int, ...], torch.dtype]:
    return tuple(value.shape), value.dtype


def _odd(tensors: Mapping[str, torch.Tensor], wanted: Mapping[str, tuple[tuple[int, ...], torch.dtype]]) -> str:
    """The first thing that is wrong with tensors that should be these, and finite; "" where nothing is."""
    for key in dict.fromkeys([*wanted, *tensors]):
        if key not in tensors:
            return f"{key} is missing"
        if key not in wanted:
            return f"{key} is not called for"
        if _kind(tensors[key]) != wanted[key]:
            return f"size mismatch: {key} should be {wanted[key]} and is {_kind(tensors[key])}"
        if not torch.isfinite(tensors[key]).all():
            return f"{key} holds NaN or infinity"
    return ""


def _same_settings(path: Path, came: dict[str, Any], wanted: dict[str, Any]) -> None:
    if came != wanted:
        odd = ", ".join(
            f"{key} {came[key]}" if key in came else f"no {key}"
            for key in sorted({*wanted, *came})
            if came.get(key) != wanted.get(key)
        )
        raise CheckpointError(
            f"a checkpoint goes on with its own settings, and {path} was begun with {odd}: "
            "delete it to begin again, or call with its settings"
        )


def own_state(module: nn.Module) -> dict[str, torch.Tensor]:
    """What training changes and what belongs to it: no frozen weights, and no tied twins, which safetensors refuses."""
    kept: dict[str, torch.Tensor] = {}
    seen: dict[int, str] = {}
    for name, value in module.state_dict(keep_vars=True).items():
        frozen = isinstance(value, nn.Parameter) and not value.requires_grad
        if not frozen and (not value.numel() or seen.setdefault(value.data_ptr(), name) == name):
            kept[name] = value.detach()
    return kept
