"""Keys and passwords never stand in a message: messages end in logs and in reports of faults."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote

HIDDEN = "***"
_SHORTEST = 4  # "none", which a local server is given, is longer than what could hide a word by accident


def shown_url(url: str) -> str:
    """An address without what may be secret in it: who asks, the query and the fragment.

    >>> shown_url("http://me:secret@host:8000/v1/?key=abc")
    'http://***@host:8000/v1'
    """
    return _ASIDE.sub("", _AT_START.sub(rf"\1{HIDDEN}@", url)).rstrip("/")


def masked(text: str, client: Any) -> str:
    """A message about a call of `client` without its key, the secrets of its address, or anything that is sent as one.

    >>> masked("Incorrect key: Bearer abc-123", None)
    'Incorrect key: Bearer ***'
    """
    for secret in sorted(_secrets(client), key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    return _SENT_AS_KEY.sub(rf"\1{HIDDEN}", _WHO.sub(rf"\1{HIDDEN}@", text))


def _secrets(client: Any) -> set[str]:
    url = str(getattr(client, "base_url", ""))
    who = _WHO.search(url)
    said = [getattr(client, "api_key", ""), *(re.findall(r"[?&][^=&#]*=([^&#]*)", url))]
    said += who[2].split(":", 1) if who else []
    said += [value for name, value in _headers(client).items() if _SECRET_HEADER.search(name)]
    found = {word for one in said if isinstance(one, str) for word in (one, unquote(one), one.removeprefix("Bearer "))}
    return {word for word in found if len(word) >= _SHORTEST and word != "none"}


def _headers(client: Any) -> dict[str, Any]:
    headers = getattr(client, "default_headers", None) or {}
    return dict(headers)


_WHO = re.compile(r"(\w+://)([^/\s?#]*)@")
_AT_START = re.compile(r"\A(\w+://|)[^/\s?#]*@")
_ASIDE = re.compile(r"[?#].*\Z", re.DOTALL)
_SENT_AS_KEY = re.compile(r"(\bBearer\s+|\bsk-)[\w.+/=-]{4,}", re.IGNORECASE)
_SECRET_HEADER = re.compile(r"key|auth|token|cookie", re.IGNORECASE)
