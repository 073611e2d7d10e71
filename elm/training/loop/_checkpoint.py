"""The state of an optimisation loop on disk: weights, optimiser, and how far it has come, in one safetensors file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import nn

from elm._errors import CheckpointError
from elm.model import read_tensors, write_tensors
from elm.training.loop._distributed import gathered, scattered


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
        tensors |= {f"optimiser/{index}/{key}": gathered(torch.as_tensor(value)) for key, value in state.items()}
    if write:
        about = {**asdict(progress), "settings": dict(settings)}
        write_tensors(path, tensors, {key: json.dumps(value) for key, value in about.items()})


def restore(
    path: Path, modules: Mapping[str, nn.Module], settings: Mapping[str, Any]
) -> tuple[Progress, dict[str, torch.Tensor]]:
    """Put committed weights back in place, bit for bit; the optimiser's part is for `restore_optimiser`.

    Without a file, nothing happens and the progress is none. Raises `CheckpointError` for a file that is damaged, of
    other settings or of another model.
    """
    if not path.exists():
        return Progress(), {}
    tensors, metadata = read_tensors(path)
    about = {key: json.loads(value) for key, value in metadata.items()}
    _same_settings(path, about.pop("settings", None), json.loads(json.dumps(dict(settings))))
    load_weights(path, modules, tensors)
    return Progress(**about), {key: value for key, value in tensors.items() if key.startswith("optimiser/")}


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
    """Put `weights` back; `CheckpointError` where they are of another model."""
    try:
        for name, module in modules.items():
            state = {key: tensors[f"{name}/{key}"] for key in own_state(module)}
            module.load_state_dict(state, strict=False)  # frozen weights and tied twins are not in it
    except (KeyError, RuntimeError) as error:
        reason = str(error).strip().splitlines()[-1].strip()
        raise CheckpointError(f"{source} is of another model ({reason}); delete it to begin again") from error


def _same_settings(path: Path, came: dict[str, Any] | None, wanted: dict[str, Any]) -> None:
    if came is not None and came != wanted:
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
