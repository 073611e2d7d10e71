"""Names of files that another file gives: a manifest, a description, an archive, a card. They lead nowhere else."""

from __future__ import annotations

import re

_PART = re.compile(r"[\w+@-](?:[\w.+@ -]{0,198}[\w+@-])?")  # nothing hidden, and no end that Windows would cut off
_DEVICE = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?", re.IGNORECASE)  # what Windows reads wherever it lies


def is_own_name(name: object, depth: int = 1) -> bool:
    r"""Whether a name is plainly that of a file in its own folder, on every system.

    depth: how many parts, separated by "/", it may have. No absolute path, drive, backslash, NUL or "..".

    >>> [is_own_name(name) for name in ("a.txt", "..", "/etc/passwd", "c:a.txt", "a\\b", "a\0", "x/a.txt", "nul")]
    [True, False, False, False, False, False, False, False]
    >>> [is_own_name(name, depth=8) for name in ("x/a.txt", "x/../a.txt", "x//a.txt", "x/")]
    [True, False, False, False]
    """
    if not isinstance(name, str):
        return False
    parts = name.split("/")
    return len(parts) <= depth and all(_PART.fullmatch(part) and not _DEVICE.fullmatch(part) for part in parts)
