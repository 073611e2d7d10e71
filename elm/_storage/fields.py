"""Reading JSON objects strictly: all fields that are named, no others, each of its kind."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping
from typing import Any

Check = Callable[[Any], bool]


def is_text(value: Any) -> bool:
    return isinstance(value, str)


def is_count(value: Any) -> bool:
    """A whole number of at least 1, and of a size that a shape may have."""
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 2**31


def is_size(value: Any) -> bool:
    """A count that may be 0, such as that of rows."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 2**31


def is_flag(value: Any) -> bool:
    return isinstance(value, bool)


def is_number(value: Any) -> bool:
    """A finite number, of a size that a float may have."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= sys.float_info.max


def is_positive(value: Any) -> bool:
    return is_number(value) and value > 0


def is_share(value: Any) -> bool:
    """A number from 0 to 1, such as a probability."""
    return is_number(value) and 0 <= value <= 1


def is_numbers(value: Any) -> bool:
    return isinstance(value, list) and all(map(is_number, value))


def is_object(value: Any) -> bool:
    return isinstance(value, dict)


def is_hash(value: Any) -> bool:
    """A sha256 in hexadecimal digits."""
    return isinstance(value, str) and bool(re.fullmatch("[0-9a-f]{64}", value))


def is_texts(value: Any) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(entry, str) for entry in value)


def is_name(value: Any) -> bool:
    """A name that is safe as a folder's and as a module's: no path, no dot in front."""
    return isinstance(value, str) and bool(re.fullmatch(r"\w[\w \-+@]{0,127}", value)) and value == value.strip()


def is_one_of(*known: Any) -> Check:
    """One of these values, and of its type."""
    return lambda value: any(value == one and type(value) is type(one) for one in known)


def optional(check: Check) -> Check:
    """None, or what `check` takes."""
    return lambda value: value is None or check(value)


def strictly(value: Any, fields: Mapping[str, Check]) -> dict[str, Any]:
    """The object itself, once its fields are those of `fields`; else `ValueError` with the first that is not.

    >>> strictly({"dim": 3}, {"dim": is_count})
    {'dim': 3}
    >>> strictly({"dim": 3, "dims": 4}, {"dim": is_count})
    Traceback (most recent call last):
    ValueError: it has a field 'dims' that this version does not know
    """
    if not isinstance(value, dict):
        raise ValueError(f"it must be an object with fields, got {_short(value)}")
    for name, check in fields.items():
        if name not in value:
            raise ValueError(f"it has no field {name!r}")
        if not check(value[name]):
            raise ValueError(f"its field {name!r} cannot be {_short(value[name])}")
    for name in value:
        if name not in fields:
            raise ValueError(f"it has a field {_short(name)} that this version does not know")
    return value


def differing(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """The names of fields in which two objects differ, one that is missing being None.

    >>> differing({"seed": 0, "task": "a", "old": 1}, {"seed": 1, "task": "a"})
    ['old', 'seed']
    """
    return sorted(name for name in before.keys() | now.keys() if before.get(name) != now.get(name))


def _short(value: Any) -> str:
    text = repr(value) if not isinstance(value, int) or abs(value) < 10**30 else "so large a number"
    return text if len(text) <= 60 else f"{text[:57]}..."
