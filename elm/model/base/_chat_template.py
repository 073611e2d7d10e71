"""How a base that was tuned for conversation is asked: by its tokenizer's own chat template."""

from __future__ import annotations

from typing import Any

from elm._errors import CallError
from elm._text.chat_template import OTHERWISE, render_chat
from elm.tasks import SECOND, VECTOR


def chat_text(tokenizer: Any, prompt: str) -> str | None:
    """The whole prompt as text, opened for the model's answer, or None where the tokenizer has no chat template.

    The template writes its own start token, so none is added to what comes back. The places for vectors stay in it.
    Templates that state the date get one and the same, or a model would be asked otherwise each day than in
    training; those that let the model think before it answers are asked for the answer alone.

    Raises `CallError` for a template that does not take a message of a user, changes its words, or loses a vector's
    place; `CheckpointError` for one that does not end.
    """
    parts = chat_parts(tokenizer, prompt)
    return None if parts is None else "".join(parts)


def chat_parts(tokenizer: Any, prompt: str) -> tuple[str, str, str] | None:
    """`chat_text` as what the template writes before the prompt, the prompt, and what it writes after it.

    White space at the ends of the prompt counts as the template's, and many a template takes it off. Errors as there.
    """
    if not getattr(tokenizer, "chat_template", None):
        return None
    text = render_chat(tokenizer, [{"role": "user", "content": prompt}], enable_thinking=False)
    for place in (VECTOR, SECOND):
        if text.count(place) != prompt.count(place):
            raise CallError(
                f"a base's chat template must keep {place}, of which the prompt has {prompt.count(place)} and the chat "
                f"{text.count(place)}: {OTHERWISE}"
            )
    said = prompt.strip()
    place = next((place for place in (VECTOR, SECOND) if place in said), said)
    start = text.find(place) - said.find(place)
    end = start + len(said)
    if start < 0 or text[start:end] != said:
        raise CallError(
            f"a base's chat template must keep the words of a message, and this one changes them: {OTHERWISE}"
        )
    return text[:start], said, text[end:]
