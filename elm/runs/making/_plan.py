"""What a run would take, counted before it starts; one that cannot fit is refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from elm._errors import CallError, ElmError
from elm.data import load as load_dataset
from elm.embeddings import SentenceEncoder
from elm.model import outlined_llm
from elm.runs._config import RunConfig
from elm.training import TrainingCost, device_of, training_cost

_REMEDIES = "train updates (--lora 16, --dtype bfloat16), recompute (--gradient-checkpointing), fewer --batch-tokens"


def plan_run(config: RunConfig, device: str = "cpu") -> dict[str, Any]:
    """Memory, tokens and hours of a run with these settings; nothing is written, and no weights are read.

    device: "cpu" or "cuda" of this machine, or a GPU by name (`elm.training.device_of`). The result is plain values:
    `parameters`, `trained`, `memory` (GB by what it holds), `total_gb`, `device_gb`, `fits`, `misfit` (why not),
    `tokens` of both stages, `items` and `users` of the data, `hours`, and `measured`, whether the device was tried.
    """
    cost = cost_of(config, device)
    dataset = load_dataset(config.dataset)
    return {
        "base": config.base,
        "device": cost.device.name,
        "measured": cost.device.measured,
        "parameters": cost.parameters,
        "trained": cost.trained,
        "memory": {name: round(size / 1e9, 3) for name, size in cost.memory.items()},
        "total_gb": round(cost.total / 1e9, 2),
        "device_gb": round(cost.device.memory / 1e9, 2),
        "fits": cost.fits,
        "misfit": None if cost.fits else misfit(cost.total, cost.memory, cost.device.name, cost.device.memory),
        "items": len(dataset.items),
        "users": int(dataset.interactions["user"].nunique()),
        "tokens": list(cost.tokens),
        "hours": float(f"{cost.hours:.3g}"),
    }


def cost_of(config: RunConfig, device: str, tried: bool = True) -> TrainingCost:
    """The cost of the training of a run; errors of `outlined_llm` and `device_of`."""
    llm = outlined_llm(config.base, config.base_dtype, config.training.lora_rank)
    width = llm.get_input_embeddings().weight.shape[1]
    sizes = (SentenceEncoder(config.encoder).dim, config.factors)
    adapters = sum(_adapter_size(dim, width, config) for dim in sizes)
    return training_cost(llm, adapters, config.training, device_of(device, tried))


def require_fit(config: RunConfig) -> None:
    """Raise `CallError` where what is counted exactly, weights, gradients and moments, is more than the device of a
    training on this machine holds. A base that cannot be counted is left to who loads it.
    """
    try:
        cost = cost_of(config, "cuda" if torch.cuda.is_available() else "cpu", tried=False)
    except ElmError:
        return
    if cost.least > cost.device.memory:
        raise CallError(misfit(cost.least, cost.memory, cost.device.name, cost.device.memory))


def misfit(size: float, memory: Mapping[str, float], device: str, room: float) -> str:
    """What a training of so many bytes is told that does not fit."""
    parts = ", ".join(f"{name} {part / 1e9:.1f}" for name, part in memory.items())
    return (
        f"a training fits into the memory of its device, and this one takes {size / 1e9:.1f} GB (of {parts}) where "
        f"{device} has {room / 1e9:.1f}: {_REMEDIES}"
    )


def _adapter_size(dim: int, width: int, config: RunConfig) -> int:
    """Parameters of an adapter (`MLPAdapter`)."""
    hidden, out = config.hidden, config.soft_tokens * width
    return dim * hidden + hidden + hidden * out + out + 2 * width
