"""From a prompt with a place for a vector to token ids, for any tokenizer, without growing its vocabulary."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from elm._errors import CallError
from elm.tasks import VECTOR


@dataclass(frozen=True)
class PromptIds:
    """Token ids of a prompt; `slots` are the positions that soft tokens overwrite."""

    ids: list[int]
    slots: list[int]


def prompt_ids(tokenizer: Any, prompt: str, soft_tokens: int) -> PromptIds:
    """Tokenise the text around the placeholder and reserve `soft_tokens` positions in its place.

    The ids in the slots never reach the language model, so no vocabulary needs a token for them.
    """
    if prompt.count(VECTOR) != 1:
        raise CallError(f"a prompt holds {VECTOR} once, this one {prompt.count(VECTOR)} times: {prompt!r}")
    before, after = prompt.split(VECTOR)
    start = [tokenizer.bos_token_id] if tokenizer.bos_token_id is not None else []
    head = start + plain_ids(tokenizer, before)
    slots = list(range(len(head), len(head) + soft_tokens))
    filler = tokenizer.eos_token_id if tokenizer.eos_token_id is not None else 0
    return PromptIds(head + [filler] * soft_tokens + plain_ids(tokenizer, f"{after}\n"), slots)


def plain_ids(tokenizer: Any, text: str) -> list[int]:
    return tokenizer(text, add_special_tokens=False)["input_ids"]


def without_placeholder(text: str) -> str:
    """User text must not be able to claim a vector's place."""
    return text.replace(VECTOR, "")
