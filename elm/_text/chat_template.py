"""Chat templates are programs of a base's makers: run in a process of their own, with little time and memory."""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from elm._errors import CallError, CheckpointError

LONGEST = 200_000
"""Characters of a template; the longest in use, which list tools and calls of them, have a tenth of it."""

SECONDS = 20
"""For one chat, the start of the process included; a template needs a few milliseconds."""

OTHERWISE = "set tokenizer.chat_template to one that does, or to None to ask without it"

_CHILD = Path(__file__).with_name("chat_child.py")


def render_chat(tokenizer: Any, messages: Sequence[Mapping[str, Any]], **options: Any) -> str:
    """Messages ({"role", "content"} each) as one text, opened for the answer, by the tokenizer's chat template.

    options: variables of the template, such as `enable_thinking`. Templates that state the date get one and the
    same, or a model would be asked otherwise each day than in training.

    Raises `CallError` where the template does not take the messages, `CheckpointError` for one that is longer than
    `LONGEST` or does not end within `SECONDS` and the memory that it has.
    """
    template = tokenizer.get_chat_template()
    if len(template) > LONGEST:
        raise CheckpointError(
            f"a chat template has at most {LONGEST:,} characters, and this one has {len(template):,}: {OTHERWISE}"
        )
    variables = {
        **tokenizer.special_tokens_map,
        "tools": None,
        "documents": None,
        **options,
        "messages": list(messages),
        "add_generation_prompt": True,
    }
    text, problem = _rendered(json.dumps({"template": template, "variables": variables}, default=str))
    if problem is not None:
        roles = [message["role"] for message in messages]
        what = "one message of a user" if roles == ["user"] else f"messages of {', '.join(roles)}"
        raise CallError(f"a base's chat template must take {what}, and this one does not ({problem}): {OTHERWISE}")
    return text


@functools.lru_cache(maxsize=1024)
def _rendered(asked: str) -> tuple[str, str | None]:
    """The text of a chat, and what the template objects to, if it does."""
    try:
        done = subprocess.run(
            [sys.executable, "-P", str(_CHILD)],
            input=asked,
            capture_output=True,
            timeout=SECONDS,
            encoding="utf-8",
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "PYTHONIOENCODING": "utf-8"},
        )
    except subprocess.TimeoutExpired as error:
        raise CheckpointError(
            f"a chat template must end within {SECONDS} seconds, this one does not: {OTHERWISE}"
        ) from error
    if done.returncode != 0:
        reason = (done.stderr.strip() or f"it was ended by signal {-done.returncode}").splitlines()[-1][:200]
        raise CheckpointError(f"a chat template must end within its time and memory ({reason}): {OTHERWISE}")
    answer = json.loads(done.stdout)
    return answer.get("text", ""), answer.get("problem")
