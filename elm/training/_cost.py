"""What a training will take: memory, tokens and hours, from the shapes of a base and constants that were measured.

Counted exactly: weights, gradients, AdamW's moments, tokens. Measured on a machine of two cores without a GPU, by
`benchmarks/scale/cost.py`, the constants of this file: what a layer keeps for the way back, and how much of a plain
product's speed a training step reaches. What a GPU would do is extrapolated: its data sheet's speed, times a share.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch

from elm._errors import UnknownNameError
from elm.model import LARGE
from elm.training._two_stage import TwoStage

KEPT = 1.5
"""Numbers that a layer keeps for the way back, as a share of those that are counted on paper (`kept_numbers`)."""

REACHED = 0.44
"""The share of a plain product's speed that a training step reaches on a processor."""

REACHED_GPU = 0.35
"""The same on a GPU: assumed, not measured here."""

FIXED = 900_000_000
"""Bytes of the process itself: Python, torch, transformers, the sentence encoder."""

SHEETS: dict[str, tuple[float, float]] = {
    "t4": (16e9, 65e12),
    "l4": (24e9, 121e12),
    "a100-40gb": (40e9, 312e12),
    "a100": (80e9, 312e12),
    "h100": (80e9, 989e12),
    "h200": (141e9, 989e12),
}
"""Memory in bytes, and products in half precision a second, by the data sheets of GPUs."""


@dataclass(frozen=True)
class Device:
    """memory: bytes. speed: floating-point operations a second that a training step reaches. measured: whether that was
    measured on this machine, or follows from a data sheet.
    """

    name: str
    memory: float
    speed: float
    measured: bool


@dataclass(frozen=True)
class TrainingCost:
    """Bytes by what they hold, at the stage that holds most; tokens of both stages, padding included; and hours."""

    device: Device
    parameters: int
    trained: int
    memory: Mapping[str, float]
    tokens: tuple[int, int]
    hours: float

    @property
    def total(self) -> float:
        """Bytes at once."""
        return sum(self.memory.values())

    @property
    def least(self) -> float:
        """The bytes that are counted and not estimated: weights, gradients and moments."""
        return sum(self.memory[name] for name in ("weights", "gradients", "moments"))

    @property
    def fits(self) -> bool:
        """Whether the device holds all of it."""
        return self.total <= self.device.memory


def device_of(name: str, tried: bool = True) -> Device:
    """The device "cpu" or "cuda", whose speed is tried here in a second, or a GPU by its data sheet (`SHEETS`).

    tried: whether the speed is needed; else it counts as endless. Raises `UnknownNameError` for another name.
    """
    if name in SHEETS:
        memory, speed = SHEETS[name]
        return Device(name, memory, REACHED_GPU * speed, measured=False)
    if name == "cuda" and torch.cuda.is_available():
        memory = float(torch.cuda.get_device_properties(0).total_memory)
        return Device(name, memory, REACHED_GPU * _speed("cuda", tried), measured=True)
    if name != "cpu":
        raise UnknownNameError("device", name, ["cpu", *(["cuda"] * torch.cuda.is_available()), *SHEETS])
    pages: float = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else float("inf")
    return Device(name, pages, REACHED * _speed("cpu", tried), measured=True)


def _speed(device: str, tried: bool) -> float:
    return product_speed(device) if tried else float("inf")


def product_speed(device: str, width: int = 1024, seconds: float = 0.3) -> float:
    """Floating-point operations a second of products of square matrices."""
    one = torch.ones(width, width, device=device, dtype=torch.bfloat16 if device == "cuda" else torch.float32)
    best, until = 0.0, time.perf_counter() + seconds
    while time.perf_counter() < until:
        began = time.perf_counter()
        product = one @ one
        float(product[0, 0])  # which waits for a GPU
        best = max(best, 2 * width**3 / (time.perf_counter() - began))
    return best


def kept_numbers(config: Any) -> float:
    """Numbers that the layers keep of each token for the way back, on paper: inputs of norms and of linear layers,
    queries, keys, values, and what gates the feed-forward part.
    """
    config = config.get_text_config() if hasattr(config, "get_text_config") else config
    width, inner = config.hidden_size, getattr(config, "intermediate_size", None) or 4 * config.hidden_size
    return float(config.num_hidden_layers * (10 * width + 4 * inner))


def training_cost(llm: Any, adapters: int, config: TwoStage, device: Device) -> TrainingCost:
    """The cost of a training with these settings.

    llm: the base, with its LoRA updates where there are some; torch's meta device is enough. adapters: how many
    parameters these have.
    """
    counts = [(parameter.numel(), parameter.element_size(), name) for name, parameter in llm.named_parameters()]
    total = sum(count for count, _, _ in counts)
    updates = sum(count for count, _, name in counts if "lora_" in name)
    trained = adapters + (updates if config.lora_rank else total)
    vocabulary, width = llm.get_input_embeddings().weight.shape
    kept = KEPT * kept_numbers(llm.config) if not config.recompute else llm.config.num_hidden_layers * float(width)
    scores = 3.0 * vocabulary if vocabulary < LARGE and config.words != "corpus" else 0.0
    memory = {
        "weights": float(sum(count * size for count, size, _ in counts) + 4 * adapters),
        "gradients": 4.0 * trained,
        "moments": 8.0 * trained,
        "activations": 4.0 * config.batch_tokens * (kept + scores),
        "process": float(FIXED),
    }
    tokens = [stage.steps * stage.accumulate * config.batch_tokens for stage in (config.one, config.two)]
    body = total - vocabulary * width  # the table of tokens is looked up
    again = 2 if config.recompute else 0
    operations = tokens[0] * body * (4 + again) + tokens[1] * body * ((4 if config.lora_rank else 6) + again)
    return TrainingCost(device, total, trained, memory, (tokens[0], tokens[1]), operations / device.speed / 3600)
