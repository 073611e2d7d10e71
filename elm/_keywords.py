"""Keyword options of a call that has many: declared once, as a `TypedDict`, with their defaults beside it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

T = TypeVar("T")


def filled(call: str, given: object, defaults: T) -> T:
    """What was given, and the defaults of the rest; both are of one `TypedDict` with a default for every key.

    Type checkers know the keys; at run time an unknown one is a `TypeError`, as of any call.

    >>> filled("rank", {"k": 5}, {"k": 20, "seed": 0})
    {'k': 5, 'seed': 0}
    """
    own, known = cast(Mapping[str, Any], given), cast(Mapping[str, Any], defaults)
    if odd := [name for name in own if name not in known]:
        raise TypeError(f"{call}() got an unexpected keyword argument {odd[0]!r}")
    return cast(T, {**known, **own})
