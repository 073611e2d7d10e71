"""Writing to disk so that a kill at any moment leaves either the old file or the new one, never half of one.

A folder whose files belong together is written by `elm._storage.folders`.
"""

from __future__ import annotations

import contextlib
import errno
import functools
import hashlib
import json
import os
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from elm._errors import DataFileError
from elm._storage.inside import check_place

JSON_LIMIT = 64 * 2**20
"""No description of ours comes near so many bytes; parsing a larger file would only fill the memory."""


@contextlib.contextmanager
def written_aside(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; flush it and rename it into place when the block ends without an error.

    >>> import tempfile
    >>> target = Path(tempfile.mkdtemp()) / "a.txt"
    >>> with written_aside(target) as aside:
    ...     _ = aside.write_text("hello")
    >>> target.read_text()
    'hello'
    """
    path = Path(path)
    check_place(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    _remove_strays(path)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.{os.getpid()}.", suffix=".tmp")
    os.close(handle)
    aside = Path(name)
    try:
        yield aside
        sync(aside)
        os.chmod(aside, 0o644)
        os.replace(aside, path)
        sync(path.parent)
    finally:
        aside.unlink(missing_ok=True)


@contextlib.contextmanager
def disk_errors(target: str | Path) -> Iterator[None]:
    """A full or read-only disk is an `OSError` about `target`, also where safetensors reports it as its own error."""
    try:
        yield
    except Exception as error:
        number = error.errno if isinstance(error, OSError) else None
        if type(error).__name__ == "SafetensorError" and (found := _OS_ERROR.search(str(error))):
            number = int(found[1])
        if number not in _DISK:
            raise
        raise OSError(number, f"{os.strerror(number)}; what was there before is kept", str(target)) from error


_OS_ERROR = re.compile(r"(?:os error|code:) (\d+)")
_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO)


def sync(path: Path) -> None:
    """Have the disk hold what a file or a folder holds, so that it outlives a power cut."""
    if path.is_dir() and os.name == "nt":  # Windows opens no folders
        return
    handle = os.open(path, os.O_RDONLY if os.name != "nt" else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _remove_strays(path: Path) -> None:
    """Remove what killed writers of this file left beside it: temporary files of processes that are gone."""
    stray = re.compile(rf"\.{re.escape(path.name)}\.(\d+)\.\w{{8}}\.tmp")
    for entry in os.scandir(path.parent):
        found = stray.fullmatch(entry.name)
        if found and not _alive(int(found[1])):
            Path(entry).unlink(missing_ok=True)


def _alive(process: int) -> bool:
    if os.name == "nt":  # there is no harmless signal to ask with
        return True
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:  # another person's
        return True
    return True


def json_bytes(value: Any) -> bytes:
    """A value as the JSON file that people read: indented, in UTF-8."""
    return (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode()


def write_json(path: str | Path, value: Any) -> None:
    with written_aside(path) as aside:
        aside.write_bytes(json_bytes(value))


def read_json(path: str | Path, limit: int = JSON_LIMIT) -> Any:
    """Read a JSON file; `DataFileError` says which file is missing, broken, or larger than `limit` bytes."""
    path = Path(path)
    if not path.is_file():  # nor a pipe or a device, which would never end
        raise DataFileError(f"{path} is missing; the folder is not complete, so make or fetch it again")
    with open(path, "rb") as file:
        data = file.read(limit + 1)
    if len(data) > limit:
        raise DataFileError(f"{path} must be a description of at most {limit} bytes, and is larger; fetch it again")
    try:
        return json.loads(data.decode("utf-8"))
    except RecursionError as error:
        raise DataFileError(f"{path} is not valid JSON (nested too deeply); make or fetch it again") from error
    except ValueError as error:  # also bytes that are no text, and numbers of thousands of digits
        raise DataFileError(f"{path} is not valid JSON ({error}); make or fetch it again") from error


def require_hash(path: Path, expected: object) -> None:
    """Raise `DataFileError` unless a file is there and has the sha256 that was written down when it was saved."""
    if not path.is_file():
        raise DataFileError(f"{path} is missing; the folder is not complete, so make or fetch it again")
    if sha256(path) != expected:
        raise DataFileError(
            f"{path} is not the file that is described beside it (cut off, changed, or an interrupted save); "
            "make or fetch the folder again"
        )


def sha256(path: str | Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def file_hash(path: Path) -> str:
    """sha256 of a file, remembered while its size and time stay the same."""
    stat = path.stat()
    return _remembered_hash(str(path.resolve()), stat.st_size, stat.st_mtime_ns)


@functools.lru_cache(maxsize=64)
def _remembered_hash(path: str, size: int, mtime_ns: int) -> str:
    return sha256(path)
