"""From a prompt with places for vectors to token ids, for any tokenizer, without growing its vocabulary."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from elm._errors import CallError
from elm.model.base._chat_template import chat_parts
from elm.model.base._control_tokens import chat_ids
from elm.tasks import SECOND, VECTOR

_WHOLE = (VECTOR, SECOND)
_MARKS = re.compile("|".join(map(re.escape, _WHOLE)))
_LAST, _LONGEST = ">", max(map(len, _WHOLE))


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

    soft_tokens: how many each vector takes, a number per vector; a single number is that of a single vector. The ids in
    the slots never reach the language model, so no vocabulary needs a token for them. Raises `CallError` for a prompt
    that does not hold each vector's placeholder once.
    """
    counts = [soft_tokens] if isinstance(soft_tokens, int) else list(soft_tokens)
    wanted = _WHOLE[: len(counts)]
    found = _MARKS.findall(prompt)
    if sorted(found) != sorted(wanted):
        raise CallError(
            f"a prompt over {len(counts)} vector{'s' * (len(counts) > 1)} holds {' and '.join(wanted)} once, this one "
            "holds "
            f"{', '.join(found) or 'none'}: {prompt!r}"
        )
    chat = chat_parts(tokenizer, prompt)
    start = tokenizer.bos_token_id if chat is None else None  # a chat template writes its own
    before, said, after = chat or ("", f"{prompt}\n", "")
    found, texts = _MARKS.findall(said), _MARKS.split(said)
    parts = [[(text, True)] for text in texts]
    parts[0].insert(0, (before, False))
    parts[-1].append((after, False))
    ids = [] if start is None else [start]
    filler = tokenizer.eos_token_id if tokenizer.eos_token_id is not None else 0
    slots: dict[str, list[int]] = {}
    for mark, around in zip([*found, None], parts, strict=True):
        ids += chat_ids(tokenizer, around)
        if mark:
            count = counts[wanted.index(mark)]
            slots[mark] = list(range(len(ids), len(ids) + count))
            ids += [filler] * count
    return PromptIds(ids, [slot for mark in wanted for slot in slots[mark]])


def without_placeholder(text: str) -> str:
    """The text without placeholders: what a person types must not be able to claim a vector's place.

    >>> without_placeholder("see <|vector|> and <|vec<|vector|>tor|>")
    'see  and '
    """
    if not _MARKS.search(text):
        return text
    kept: list[str] = []
    for character in text:  # once through: taking one out may put another together, which ends where it did
        kept.append(character)
        if character == _LAST:
            tail = "".join(kept[-_LONGEST:])
            for mark in _WHOLE:
                if tail.endswith(mark):
                    del kept[-len(mark) :]
                    break
    return "".join(kept)
