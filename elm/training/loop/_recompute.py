"""Activations that are computed again in the backward pass, layer by layer, in place of being kept."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from elm._errors import CallError


@contextlib.contextmanager
def recomputing(llm: Any, asked: bool) -> Iterator[None]:
    """Inside the block the layers of a language model keep no activations, for a third more time (Chen et al., 2016).

    Losses and gradients are the same. Raises `CallError` for a model whose layers cannot do so.
    """
    if not asked:
        yield
        return
    inner = llm.get_base_model() if hasattr(llm, "get_base_model") else llm
    # newer versions of transformers call it by the first name and warn of the other
    word = "activation" if hasattr(inner, "activation_checkpointing_enable") else "gradient"
    try:
        getattr(inner, f"{word}_checkpointing_enable")(**{f"{word}_checkpointing_kwargs": {"use_reentrant": False}})
    except (ValueError, AttributeError) as error:
        raise CallError(f"this base cannot compute its layers again in the backward pass: {error}") from error
    # transformers does so in training mode alone, in which parts would draw dropout: the layers alone are in it.
    layers = [module for module in inner.modules() if getattr(module, "gradient_checkpointing", False)]
    modes = [layer.training for layer in layers]
    for layer in layers:
        layer.training = True
    try:
        yield
    finally:
        getattr(inner, f"{word}_checkpointing_disable")()
        for layer, mode in zip(layers, modes, strict=True):
            layer.training = mode
