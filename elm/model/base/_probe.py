"""Whether a base can be what this toolkit makes of it: tried when it is loaded, not after hours of training."""

from __future__ import annotations

import contextlib
from typing import Any

import torch

from elm._errors import CallError, CheckpointError
from elm._text.tokenizing import probe
from elm.model.base._chat_template import chat_text
from elm.model.base._context import context_length
from elm.model.base._control_tokens import control_tokens
from elm.model.base._sampling import decoding
from elm.tasks import VECTOR

_LENGTH = 8


def require_tokens(tokenizer: Any, llm: Any, where: object) -> None:
    """Raise `CheckpointError` for a tokenizer that breaks off, or writes tokens that the model has no embedding for,
    and for a chat template that does not end.

    Some bases list control tokens that no text and no chat of theirs holds, such as one for pictures; the model may
    lack those.
    """
    probe(tokenizer, where)
    with contextlib.suppress(CallError):  # reported once the template is used, since a model may do without it
        chat_text(tokenizer, f"Describe {VECTOR}.")
    rows = llm.get_input_embeddings().weight.shape[0]
    if len(tokenizer) <= rows:
        return
    ends = {getattr(tokenizer, f"{name}_token_id") for name in ("bos", "eos", "pad", "unk")}
    template = str(getattr(tokenizer, "chat_template", None) or "")
    unused = {
        number for number, token in control_tokens(tokenizer).items() if number not in ends and token not in template
    }
    if missing := sorted(
        token for token, number in tokenizer.get_vocab().items() if number >= rows and number not in unused
    ):
        raise CheckpointError(
            f"a language model has an embedding for each token of its tokenizer; that of {where} has {rows}, and the "
            f"tokenizer writes {len(tokenizer)}, {missing[0]!r} among them: resize the model "
            "(model.resize_token_embeddings(len(tokenizer))) and save both again"
        )


@torch.no_grad()
def require_causal(llm: Any, tokenizer: Any, where: object) -> None:
    """Raise `CheckpointError` for a model that does not write word after word from embeddings of what came before.

    Two inputs that begin alike and end otherwise must have one prediction where they are alike: a model that looks
    ahead, as BERT does, would learn to copy the answer that it is shown in training.
    """
    llm.generation_config = decoding(tokenizer, max_new_tokens=1)
    table = llm.get_input_embeddings()
    rows, length = table.weight.shape[0], min(_LENGTH, context_length(llm) or _LENGTH)
    ids = (torch.arange(2 * length, device=table.weight.device) * max(1, rows // (2 * length)) % rows).view(2, length)
    same = max(1, length // 2)  # ids (2, T): the first half of both rows is made alike
    ids[1, :same] = ids[0, :same]
    try:
        logits = llm(inputs_embeds=table(ids)).logits[:, :same].float()
        llm.generate(inputs_embeds=table(ids[:, :same]), generation_config=llm.generation_config)
    except Exception as error:  # each model has a way of its own to say no
        reason = (str(error).strip() or repr(error)).splitlines()[0][:200]
        raise CheckpointError(
            f"a base is a language model that reads embeddings in place of words, and {where} does not ({reason}): "
            "take another"
        ) from error
    if not bool(logits.isfinite().all()):
        raise CheckpointError(
            f"a base gives each next word a finite score, and {where} does not: its config.json or "
            "its weights are damaged"
        )
    rounding = max(1e-3, 4 * torch.finfo(table.weight.dtype).eps) * logits.abs().max()
    if bool((logits[0] - logits[1]).abs().max() > rounding):
        raise CheckpointError(
            f"a base predicts each word from those before it, and {where} looks at those after it, too, as BERT and "
            "its kind do: take a causal language model"
        )
