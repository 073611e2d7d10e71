"""What of a language model learns from reward: low-rank updates, the last layers, or all weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from elm._errors import CallError, UnknownNameError
from elm.model import is_lora, require_plain, with_lora
from elm.training.reward._policy import Groups

HOW = ("lora", "last", "all")


@dataclass(frozen=True)
class Tuned:
    """how: "lora" of some rank (LangPTune's Gemma), "last" so many layers (its Llama), or "all". seed: of LoRA's draws.

    >>> Tuned("last", layers=4)
    Tuned(how='last', rank=16, layers=4, seed=0)
    """

    how: str = "lora"
    rank: int = 16
    layers: int = 2
    seed: int = 0

    def __post_init__(self) -> None:
        if self.how not in HOW:
            raise UnknownNameError("way to tune", self.how, HOW)
        if min(self.rank, self.layers) < 1:
            raise CallError(f"rank and layers are at least 1, got {self.rank} and {self.layers}")


def freed(llm: Any, tuned: Tuned) -> tuple[Any, Groups]:
    """The language model with these weights free and all others frozen, and the free ones.

    A model with LoRA goes on with its updates. Raises `CallError` where it has fewer layers.
    """
    if tuned.how == "lora":
        if not is_lora(llm):
            with torch.random.fork_rng(devices=[]):
                torch.manual_seed(tuned.seed)
                llm = with_lora(llm, tuned.rank)
        free = {id(p) for name, p in llm.named_parameters() if "lora_" in name}
    else:
        require_plain(llm, f"tuning of {tuned.how} layers")
        parts = list(llm.modules()) if tuned.how == "all" else _last(llm, tuned.layers)
        free = {id(p) for part in parts for p in part.parameters()}
    for parameter in llm.parameters():
        parameter.requires_grad_(id(parameter) in free)
    return llm, [(p, 1.0) for p in llm.parameters() if p.requires_grad]


def _last(llm: Any, count: int) -> list[nn.Module]:
    layers = max((part for part in llm.modules() if isinstance(part, nn.ModuleList)), key=len, default=nn.ModuleList())
    if len(layers) < count:
        raise CallError(f"the last {count} layers are to learn, and the language model has {len(layers)}")
    return list(layers)[-count:]
