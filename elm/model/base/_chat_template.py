"""How a base that was tuned for conversation is asked: by its tokenizer's own chat template."""

from __future__ import annotations

from typing import Any

from elm._errors import CallError
from elm.tasks import SECOND, VECTOR

_SAME_DAY = '{%- macro strftime_now(format) -%}{{ "1 January 2025" }}{%- endmacro -%}'


def chat_text(tokenizer: Any, prompt: str) -> str | None:
    """The whole prompt as text, opened for the model's answer, or None where the tokenizer has no chat template.

    The template writes its own start token, so none is added to what comes back. The places for vectors stay in it.
    Templates that tell the date are told one and the same, or a model would be asked otherwise each day than in
    training; those that let the model think before it answers are asked for the answer alone.

    Raises `CallError` for a template that does not take a message of a user, or loses a vector's place.
    """
    template = getattr(tokenizer, "chat_template", None)
    if not template:
        return None
    try:
        template = tokenizer.get_chat_template()
        text = tokenizer.apply_chat_template(
            [{"role": "user", "content": prompt}],
            chat_template=_SAME_DAY + template if "strftime_now" in template else template,
            tokenize=False,
            add_generation_prompt=True,
            enable_thinking=False,
        )
    except Exception as error:  # a template is a program of the base's makers, and stops as it likes
        reason = (str(error).strip() or repr(error)).splitlines()[0][:200]
        raise CallError(
            f"a base's chat template must take one message of a user, and this one does not ({reason}): "
            "set tokenizer.chat_template to one that does, or to None to ask without it"
        ) from error
    for place in (VECTOR, SECOND):
        if text.count(place) != prompt.count(place):
            raise CallError(
                f"a base's chat template must keep {place}, of which the prompt has {prompt.count(place)} and the chat "
                f"{text.count(place)}: set tokenizer.chat_template to one that keeps it, or to None"
            )
    return str(text)
