"""What a report says of the files that it is about."""

from __future__ import annotations

import errno
import hashlib
import json
from collections.abc import Callable, Iterable
from pathlib import Path

from elm._storage.files import read_json
from elm.model import model_folder

_READ_ONLY = (errno.EACCES, errno.EPERM, errno.EROFS)


def model_digest(path: str | Path) -> str:
    """A hash of the weights of a run's model: the checksums that its manifest holds."""
    files = read_json(model_folder(path) / "manifest.json")
    return digest(f"{name} {files[name]['sha256']}" for name in sorted(files) if name.endswith(".safetensors"))


def digest(words: Iterable[str]) -> str:
    """16 hexadecimal digits of a list of texts."""
    return hashlib.sha256(json.dumps(list(words)).encode()).hexdigest()[:16]


def unless_read_only(write: Callable[[], object]) -> None:
    """A run that may only be read is scored, too."""
    try:
        write()
    except OSError as error:
        if error.errno not in _READ_ONLY:
            raise
