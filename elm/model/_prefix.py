"""The states of what all prompts of a batch begin with, worked out once and not for each of them."""

from __future__ import annotations

from typing import Any

from elm.model._parts import ModelParts
from elm.model._prompts import Prompts
from elm.model.base._head import head_of

LEAST = 16
"""Positions in common below which a second pass over them costs more than it saves."""


def common_states(model: ModelParts, prompts: Prompts) -> Any:
    """The key-value cache of the positions that all prompts share, for as many rows; None where that is not worth it.

    The last position is always left, since from it the first token is written. None, too, for a language model whose
    body cannot be called apart, or that keeps states of another kind.
    """
    from transformers import DynamicCache

    shared = min(prompts.common, prompts.embeds.shape[1] - 1)
    head = head_of(model.llm) if shared >= LEAST and len(prompts) > 1 else None
    if head is None:
        return None
    states = head.body(inputs_embeds=prompts.embeds[:1, :shared], use_cache=True).past_key_values
    if not isinstance(states, DynamicCache) or states.get_seq_length() != shared:
        return None
    states.batch_repeat_interleave(len(prompts))
    return states
