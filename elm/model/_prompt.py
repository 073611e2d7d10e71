"""From a prompt with a place for a vector to token ids, for any tokenizer, without growing its vocabulary."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from elm._errors import CallError
from elm.tasks import VECTOR


@dataclass(frozen=True)
class PromptIds:
    """Token ids of a prompt (T,); `slots` (n,) are the positions that soft tokens overwrite."""

    ids: list[int]
    slots: list[int]


def prompt_ids(tokenizer: Any, prompt: str, soft_tokens: int) -> PromptIds:
    """Tokenise the text around the placeholder and reserve `soft_tokens` positions in its place.

    The ids in the slots never reach the language model, so no vocabulary needs a token for them. Raises `CallError`
    for a prompt without the placeholder or with more than one.
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
    """The ids of a text alone, without start and end tokens."""
    return tokenizer(text, add_special_tokens=False)["input_ids"]


def without_placeholder(text: str) -> str:
    """The text without the placeholder: what a person types must not be able to claim a vector's place.

    >>> without_placeholder("see <|vector|> and <|vec<|vector|>tor|>")
    'see  and '
    """
    while VECTOR in text:  # taking one out may put another together
        text = text.replace(VECTOR, "")
    return text
