"""How fast a language model may learn: by its size, and by whether all of its weights learn or updates beside them."""

from __future__ import annotations

from typing import Any

from elm.model import is_lora

_ALL = ((2e7, 1e-3), (5e8, 1e-4), (float("inf"), 2e-5))
_UPDATES = ((2e7, 1e-3), (2e9, 3e-4), (float("inf"), 1e-4))
"""Up to so many parameters, this learning rate of AdamW: a pretrained model that learns faster forgets its language."""


def llm_rate(parameters: int, lora: bool) -> float:
    """The learning rate of a language model in stage two, where none is named.

    parameters: of the whole model; lora: whether updates alone learn (Hu et al., 2021, and Dettmers et al., 2023, tune
    them at 1e-4 to 3e-4; whole models of such sizes are commonly tuned at 1e-5 to 1e-4). Gemma 3 270M was tried here
    with updates at 3e-4. Models of the demo base's size learn from scratch, as fast as the adapters.

    >>> llm_rate(3_200_000, lora=False), llm_rate(596_000_000, lora=False), llm_rate(596_000_000, lora=True)
    (0.001, 2e-05, 0.0003)
    """
    return next(rate for most, rate in (_UPDATES if lora else _ALL) if parameters <= most)


def relative_rate(llm: Any, lora: bool, beside: float) -> float:
    """`llm_rate` of a language model, relative to the rate of what learns beside it."""
    count = sum(parameter.numel() for name, parameter in llm.named_parameters() if "lora_" not in name)
    return llm_rate(count, lora or is_lora(llm)) / beside
