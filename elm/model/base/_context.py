"""What a base language model can take: how long a context, soft tokens of what size, a tokenizer that ends texts."""

from __future__ import annotations

from typing import Any

import torch

from elm._errors import CallError


def context_length(llm: Any) -> int | None:
    """How many tokens the language model was made for, prompt and answer together; None where it does not say.

    >>> from types import SimpleNamespace as Fake
    >>> context_length(Fake(config=Fake(max_position_embeddings=512)))
    512
    """
    config = llm.config.get_text_config() if hasattr(llm.config, "get_text_config") else llm.config
    for name in ("max_position_embeddings", "n_positions"):
        if (length := getattr(config, name, None)) is not None:
            return int(length)
    return None


def answer_room(llm: Any, prompt: int, wanted: int, what: str = "the prompt") -> int:
    """How many of `wanted` new tokens fit after a prompt of so many tokens.

    Raises `CallError` where not even one does.
    """
    length = context_length(llm)
    if length is None:
        return wanted
    if prompt >= length:
        raise CallError(
            f"a prompt and its answer must fit the language model's context of {length} tokens; {what} alone takes "
            f"{prompt}: shorten it, use fewer soft tokens, or take a base with a longer context"
        )
    return min(wanted, length - prompt)


@torch.no_grad()
def token_spread(llm: Any) -> float:
    """The standard deviation of the token embeddings as the language model's first layer meets them.

    Soft tokens take their place there, so they start at this size. It is that of the embedding table but for models
    that scale it on the way: Gemma multiplies by the square root of the width.
    """
    layer = llm.get_input_embeddings()
    rows = torch.arange(min(len(layer.weight), 4096), device=layer.weight.device)
    scale = float(layer(rows).float().std() / layer.weight[rows].float().std().clamp_min(1e-12))
    return scale * float(layer.weight.float().std())


def require_end(tokenizer: Any, where: object = "the base") -> None:
    """Raise `CallError` for a tokenizer without an end token: no text could say that it is over."""
    if tokenizer.eos_token_id is None:
        raise CallError(
            f"a language model ends its texts with an end token, and the tokenizer of {where} has none: "
            'set one, such as tokenizer.eos_token = "<|endoftext|>", and save it with the base'
        )
