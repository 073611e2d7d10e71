"""Texts as tokens: a control token that a person or a teacher spells out is text, and never the token itself."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from typing import Any
from weakref import WeakKeyDictionary

from elm._text.tokenizing import tokenizing
from elm._text.unicode import require_unicode

_FOUND: WeakKeyDictionary[Any, tuple[object, dict[int, str]]] = WeakKeyDictionary()


def control_tokens(tokenizer: Any) -> dict[int, str]:
    """Tokens that tell a language model where it stands in a conversation, by id: all that the tokenizer calls special,
    and those that its chat template writes. The token for what a tokenizer does not know is none of them.
    """
    template = getattr(tokenizer, "chat_template", None) or ""
    ends = [getattr(tokenizer, f"{name}_token_id", None) for name in ("bos", "eos", "pad")]
    # Not its length: tokenizers count their words anew each time, which would take longer than to read a text.
    state = (str(template), ends, getattr(tokenizer, "special_tokens_map", None))
    known = _FOUND.get(tokenizer)
    if known is None or known[0] != state:
        added = getattr(tokenizer, "added_tokens_decoder", {})
        found = {
            number: token.content
            for number, token in added.items()
            if token.special or number in ends or token.content in state[0]
        }
        found.pop(getattr(tokenizer, "unk_token_id", None), None)
        known = _FOUND[tokenizer] = (state, found)
    return known[1]


def plain_ids(tokenizer: Any, text: str) -> list[int]:
    """The ids of a text alone, without start and end tokens; what spells a control token is text.

    Raises `CallError` for half of a surrogate pair, `CheckpointError` for a tokenizer that breaks off.
    """
    ids, control = _ids(tokenizer, text), control_tokens(tokenizer)
    if control.keys().isdisjoint(ids):
        return ids
    ids = _ids(tokenizer, text, split_special_tokens=True)
    if control.keys().isdisjoint(ids):
        return ids
    # Some keep them among their words, too: cut inside, no piece is one.
    spelled = re.compile("|".join(map(re.escape, sorted(control.values(), key=len, reverse=True))))
    cuts = [0, *(match.start() + 1 for match in spelled.finditer(text)), len(text)]
    pieces = [text[start:end] for start, end in itertools.pairwise(cuts)]
    found = [token for piece in pieces for token in _ids(tokenizer, piece, split_special_tokens=True)]
    return [token for token in found if token not in control]


def chat_ids(tokenizer: Any, parts: Sequence[tuple[str, bool]]) -> list[int]:
    """The ids of one text in parts (text, whether a person said it): control tokens are those of the other parts alone.

    The parts are read together, as a model was trained to meet them, unless a person's spell a control token.
    """
    control = control_tokens(tokenizer)
    ids = _ids(tokenizer, "".join(text for text, _ in parts))
    own = [_ids(tokenizer, text) for text, said in parts if not said]
    if _count(ids, control) == sum(_count(each, control) for each in own):
        return ids
    return [token for text, said in parts for token in (plain_ids if said else _ids)(tokenizer, text)]


def _count(ids: Sequence[int], control: dict[int, str]) -> int:
    return sum(token in control for token in ids)


def _ids(tokenizer: Any, text: str, **options: Any) -> list[int]:
    require_unicode(text, "a text for the language model")
    with tokenizing("the language model"):
        return list(tokenizer(text, add_special_tokens=False, **options)["input_ids"])
