"""Folders whose files belong together: written whole, swapped in at one moment, and read from one save only.

A save is made beside the folder and flushed. On Linux the two folders then change places in one system call, so a
kill at any moment leaves the whole old folder or the whole new one. Where that call is not to be had (other systems,
some network disks, a folder that is a mount point or someone's working directory), the finished save is renamed to
`.elm-save` inside the folder, which is the moment that counts, and its parts are moved in from there. What a kill
interrupted is finished by the next writer, or by `elm repair`; a reader never writes. A folder may come from anybody,
so a finished save counts only where it proves that it was made for this very folder: it holds the inodes of both.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import json
import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from weakref import WeakValueDictionary

from elm._errors import CallError, DataFileError, FolderBusyError
from elm._storage.files import disk_errors, sync
from elm._storage.inside import check_links, check_place, inode

if TYPE_CHECKING:
    from filelock import FileLock

T = TypeVar("T")

WAIT = 5.0
"""Seconds that a writer, or a reader, waits for a writer of the same folder."""

_READY, _RETIRED = ".elm-save", ".retired"
_NOT_HERE = {
    errno.ENOSYS,
    errno.EINVAL,
    errno.EBUSY,
    errno.EXDEV,
    errno.EPERM,
    errno.ENOTSUP,
    errno.ENOTEMPTY,
    errno.EEXIST,
    errno.EACCES,
}


@contextlib.contextmanager
def folder_written_aside(folder: str | Path, retired: Iterable[str] = ()) -> Iterator[Path]:
    """Yield an empty folder; when the block ends without an error, it takes the place of `folder` at one moment.

    Files and folders at the top of the old folder stay where the new one has none of that name, except those in
    `retired`, which belonged to the old save. A kill leaves the old folder or the new one; an error, such as a full
    disk, leaves the old one. Raises `FolderBusyError` while another process writes the folder, `CallError` where a file
    is in its place or a link leads out of the run that it is in, `DataFileError` where it holds a half-done save that
    was not made here.

    >>> import tempfile
    >>> target = Path(tempfile.mkdtemp()) / "unit"
    >>> for text in ("old", "new"):
    ...     with folder_written_aside(target) as aside:
    ...         _ = (aside / "a.txt").write_text(text)
    >>> [p.name for p in target.parent.rglob("*")], (target / "a.txt").read_text()
    (['unit', 'a.txt'], 'new')
    """
    check_place(folder)
    folder = Path(folder).resolve()  # a link goes on pointing where it points
    if folder.exists() and not folder.is_dir():
        raise CallError(f"what is saved here is a folder, and {folder} is a file: choose another name")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with locked(folder):
        _finish(folder)
        home = _home(folder)
        _remove_strays(home, folder.name)
        aside = Path(tempfile.mkdtemp(dir=home, prefix=f".{folder.name}.", suffix=".tmp"))
        try:
            aside.chmod(folder.stat().st_mode & 0o777 if folder.is_dir() else 0o755)
            with disk_errors(folder):
                yield aside
                for path in (*aside.rglob("*"), aside):
                    if path.is_file():
                        path.chmod(0o644)  # some libraries write for their owner alone
                    sync(path)
                _swap(aside, folder, set(retired))
                sync(folder.parent)
        finally:
            shutil.rmtree(aside, ignore_errors=True)


@contextlib.contextmanager
def locked(folder: str | Path, wait: float = WAIT) -> Iterator[None]:
    """Keep other writers of the folder out for the time of the block.

    Raises `FolderBusyError` where another one is still at work after `wait` seconds.
    """
    folder = Path(folder).resolve()
    path = _home(folder) / f".{folder.name}.lock"
    lock = _acquired(path, folder, wait)
    try:
        yield
    finally:
        with contextlib.suppress(OSError):  # Windows keeps it while it is open
            path.unlink()
        lock.release()


def hold(folder: str | Path, wait: float = 1.0) -> object:
    """Keep other processes from working in an existing folder for as long as the object that is returned lives.

    The same process may hold a folder several times. Raises `FolderBusyError` as `locked`.
    """
    folder = Path(folder).resolve()
    lock = _HELD.get(str(folder))
    if lock is None:
        lock = _HELD[str(folder)] = _acquired(folder / ".lock", folder, wait)
    return lock


_HELD: WeakValueDictionary[str, FileLock] = WeakValueDictionary()


def _acquired(path: Path, folder: Path, wait: float) -> FileLock:
    from filelock import FileLock, Timeout

    lock = FileLock(path)
    try:
        lock.acquire(timeout=wait)
    except Timeout:
        raise FolderBusyError(
            f"one process at a time writes {folder}, and another is at it; wait for that one or choose another folder"
        ) from None
    return lock


def read_whole(folder: str | Path, read: Callable[[], T]) -> T:
    """What `read` gives, from one save of the folder: it is called again where the folder was replaced meanwhile.

    Nothing is written or removed. Raises `FolderBusyError` where the folder is saved all the time, `DataFileError`
    where a save of it was interrupted and where a link leads out of it.
    """
    folder = Path(folder)
    until = time.monotonic() + WAIT
    while True:
        before = _stamp(folder)
        try:
            if _is_half_done(folder):
                _check_ready(folder)
                raise FolderBusyError(f"a save of {folder} was interrupted; finish it with: elm repair {folder}")
            check_place(folder)
            check_links(folder)
            value = read()
        except Exception as error:
            lasting = _stamp(folder) == before and not isinstance(error, FolderBusyError)
            if lasting or time.monotonic() > until:
                raise
        else:
            if _stamp(folder) == before:
                return value
            if time.monotonic() > until:
                raise FolderBusyError(f"{folder} is being saved again and again; read it when that has ended")
        time.sleep(0.02)


def finish_save(folder: str | Path) -> bool:
    """Finish a save of the folder that was interrupted; whether there was one.

    Raises `DataFileError` where the folder is none or the half-done save was not made for it on this machine,
    `FolderBusyError` while another process writes it.
    """
    folder = Path(folder).resolve()
    if not folder.is_dir():
        raise DataFileError(f"what is repaired is a folder, and there is none at {folder}")
    with locked(folder):
        found = _is_half_done(folder)
        _finish(folder)
    return found


def _stamp(folder: Path) -> tuple[int, ...] | None:
    """What changes when the folder is replaced, or a part is moved in."""
    try:
        found = folder.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_mtime_ns, _is_half_done(folder)


def _home(folder: Path) -> Path:
    """Where a save is made: beside the folder, or inside where nothing beside it could be moved in."""
    inside = folder.is_dir() and (os.path.ismount(folder) or not os.access(folder.parent, os.W_OK))
    return folder if inside else folder.parent


def _remove_strays(home: Path, name: str) -> None:
    """Remove what killed writers left: they held the lock that we hold now."""
    stray = re.compile(rf"\.{re.escape(name)}\.\w{{8}}\.tmp")
    for entry in os.scandir(home):
        if stray.fullmatch(entry.name):
            shutil.rmtree(entry.path, ignore_errors=True)


def _swap(aside: Path, folder: Path, retired: set[str]) -> None:
    old = set(os.listdir(folder)) if folder.is_dir() else set()
    names = {path.name for path in aside.iterdir()}
    kept = old - names - retired - {aside.name, f".{folder.name}.lock"}
    try:
        if not old:
            os.rename(aside, folder)  # over an empty folder, too
            return
        if not _in_use(folder) and not any(_is_folder(folder / name) for name in kept):
            for name in kept:
                os.link(folder / name, aside / name, follow_symlinks=False)
            _exchange(aside, folder)
            for name in set(os.listdir(aside)) - old:  # put there while the others were linked
                os.rename(aside / name, folder / name)
            return
    except OSError as error:
        if error.errno not in _NOT_HERE:
            raise
        for name in kept:  # the links; the files stay where they are
            (aside / name).unlink(missing_ok=True)
    folder.mkdir(exist_ok=True)
    if os.path.lexists(folder / _READY):
        os.rmdir(folder / _READY)
    record = {"made_for": [inode(folder), inode(aside)], "retired": sorted(old & (retired - names))}
    (aside / _RETIRED).write_text(json.dumps(record), encoding="utf-8")
    os.rename(aside, folder / _READY)
    _finish(folder)


def _finish(folder: Path) -> None:
    """Move in the parts of a finished save. However often it is interrupted, it goes on where it was."""
    ready = folder / _READY
    if not _is_half_done(folder):
        return
    retired = _check_ready(folder)
    for name in retired.intersection(os.listdir(folder)) - {_READY}:  # plain names of this folder, whatever was listed
        _remove(folder / name)
    for part in sorted(ready.iterdir()):
        if part.name != _RETIRED:
            _remove(folder / part.name)
            os.rename(part, folder / part.name)
    sync(folder)
    shutil.rmtree(ready)


def _is_half_done(folder: Path) -> bool:
    """Whether the folder holds parts of a save; an empty folder is what is left when all of them were moved in."""
    ready = folder / _READY
    return os.path.lexists(ready) and not (_is_folder(ready) and not os.listdir(ready))


def _check_ready(folder: Path) -> set[str]:
    """The names that a finished save retires; `DataFileError` unless this program made it for this very folder."""
    ready = folder / _READY
    try:
        record = json.loads((ready / _RETIRED).read_text(encoding="utf-8")) if _is_folder(ready) else {}
        if record["made_for"] == [inode(folder), inode(ready)]:
            return {str(name) for name in record["retired"]}
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        pass
    raise DataFileError(
        f"{ready} should be a save that was made here and interrupted, but it is not: it came with the folder, or the "
        "folder was copied; remove it, or fetch the folder again"
    )


def _exchange(one: Path, other: Path) -> None:
    """Let two folders change places at one moment (Linux 3.15 and later); `OSError` where that cannot be."""
    call = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None) if sys.platform == "linux" else None
    if call is None:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
    here, exchange = -100, 2  # AT_FDCWD, RENAME_EXCHANGE
    if call(here, os.fsencode(one), here, os.fsencode(other), exchange) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), str(other))


def _in_use(folder: Path) -> bool:
    """Whether this process works in the folder: replaced, it would be gone from under it."""
    here = Path.cwd()
    return here == folder or folder in here.parents


def _is_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()


def _remove(path: Path) -> None:
    if _is_folder(path):
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
