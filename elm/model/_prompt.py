"""From a prompt with places for vectors to token ids, for any tokenizer, without growing its vocabulary."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from elm._errors import CallError
from elm.model.base._chat_template import chat_text
from elm.tasks import SECOND, VECTOR

_MARKS = re.compile("|".join(map(re.escape, (VECTOR, SECOND))))


@dataclass(frozen=True)
class PromptIds:
    """Token ids of a prompt (T,). `slots` are the positions that soft tokens overwrite: those of the first vector, then
    those of the second, whichever comes first in the text.
    """

    ids: list[int]
    slots: list[int]


def prompt_ids(tokenizer: Any, prompt: str, soft_tokens: int | Sequence[int]) -> PromptIds:
    """Tokenise the text around the placeholders and reserve positions in their place; a base with a chat template is
    asked by it.

    soft_tokens: how many each vector takes, one number a vector; a single number is that of a single vector. The ids in
    the slots never reach the language model, so no vocabulary needs a token for them. Raises `CallError` for a prompt
    that does not hold each vector's placeholder once.
    """
    counts = [soft_tokens] if isinstance(soft_tokens, int) else list(soft_tokens)
    wanted = (VECTOR, SECOND)[: len(counts)]
    found = _MARKS.findall(prompt)
    if sorted(found) != sorted(wanted):
        raise CallError(
            f"a prompt over {len(counts)} vector{'s' * (len(counts) > 1)} holds {' and '.join(wanted)} once, this one "
            "holds "
            f"{', '.join(found) or 'none'}: {prompt!r}"
        )
    chat = chat_text(tokenizer, prompt)
    start = tokenizer.bos_token_id if chat is None else None  # a chat template writes its own
    ids = [] if start is None else [start]
    whole = f"{prompt}\n" if chat is None else chat
    found = _MARKS.findall(whole)
    filler = tokenizer.eos_token_id if tokenizer.eos_token_id is not None else 0
    slots: dict[str, list[int]] = {}
    for mark, text in zip([*found, None], _MARKS.split(whole), strict=True):
        ids += plain_ids(tokenizer, text)
        if mark:
            count = counts[wanted.index(mark)]
            slots[mark] = list(range(len(ids), len(ids) + count))
            ids += [filler] * count
    return PromptIds(ids, [slot for mark in wanted for slot in slots[mark]])


def plain_ids(tokenizer: Any, text: str) -> list[int]:
    """The ids of a text alone, without start and end tokens."""
    return tokenizer(text, add_special_tokens=False)["input_ids"]


def without_placeholder(text: str) -> str:
    """The text without placeholders: what a person types must not be able to claim a vector's place.

    >>> without_placeholder("see <|vector|> and <|vec<|vector|>tor|>")
    'see  and '
    """
    while _MARKS.search(text):  # taking one out may put another together
        text = _MARKS.sub("", text)
    return text
