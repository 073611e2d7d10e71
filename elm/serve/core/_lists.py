"""Lists for many callers at once: the texts of all that wait are encoded together, then each has its own list."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from elm._errors import ElmError
from elm.serve.core._lane import Stop, called
from elm.serve.core._served import Served

LISTS = 32
"""Lists that are made in one go."""


@dataclass(frozen=True, eq=False)
class OverTexts:
    """A call, and the texts that it reads."""

    work: Callable[[Stop], Any]
    texts: list[str]


def list_key(payload: Any) -> str | None:
    """Calls over texts go together, others alone."""
    return "texts" if isinstance(payload, OverTexts) else None


def made_together(served: Served, payloads: list[Any], stop: Stop) -> list[Any]:
    """What each call gives, or its error. The sentences of all of them are encoded at once before, which costs little
    more than those of one: the recommender then knows them."""
    if len(payloads) == 1:
        return called([getattr(payloads[0], "work", payloads[0])], stop)
    with contextlib.suppress(ElmError):  # which the call itself will raise
        served.reader.model.text.prepare([text for one in payloads for text in one.texts if text.strip()])
    found: list[Any] = []
    for one in payloads:
        try:
            found.append(one.work(stop))
        except Exception as error:
            found.append(error)
    return found
