"""A folder reaches nothing outside of itself: no link in it leads out, and what it claims of this machine is checked.

A folder may come from anybody. So links are looked at before anything is read or written through them, and a folder
proves that it was made here by the numbers that the disk gave it (inodes), which a copy or a download cannot bring.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from elm._errors import CallError, DataFileError

RUN = "run.json"
"""The file that makes a folder a run folder."""

_MADE_HERE = ".made-here"
_MOST = 100_000  # files and folders of a unit; a look at more would take long, and no folder of ours has so many


def belongs(path: Path, folder: Path) -> bool:
    """Whether a file, its links followed, lies in the folder, or in the blobs of the Hub's cache where that does."""
    real, root = (Path(os.path.realpath(p)) for p in (path, folder))  # which takes a ring of links as it is
    homes = [root, *(p.parent.parent / "blobs" for p in (root, *root.parents) if p.parent.name == "snapshots")]
    return any(real.is_relative_to(home) for home in homes)


def check_links(folder: str | Path) -> None:
    """Raise `DataFileError` where a link in the folder, at any depth, leads out of it."""
    folder = Path(folder)
    for path in _links(folder):
        if not belongs(path, folder):
            raise DataFileError(
                f"a folder is read within itself, and {path} is a link that leads out of {folder}: "
                "put the file or folder itself in its place"
            )


def check_place(path: str | Path) -> None:
    """Raise `CallError` where a path that begins in a run folder leads out of that run through a link."""
    path = Path(os.path.abspath(path))
    for home in path.parents:
        if (home / RUN).is_file() and not belongs(path, home):
            raise CallError(
                f"a run is read and written within its folder, and {path} leads out of {home} through a link: "
                "put the file or folder itself in its place"
            )


def check_named(folder: Path, named: Mapping[str, object]) -> None:
    """Raise `CallError` where a folder that was not made here names a file or folder of this disk outside of itself.

    named: setting -> value, as the folder's description gives them; a value that is no path on this disk is a name.
    """
    outside = {key: str(value) for key, value in named.items() if _is_outside(value, folder)}
    if outside and not is_made_here(folder):
        told = ", ".join(f"{key} {value}" for key, value in outside.items())
        raise CallError(
            f"{folder} was not made here and reads from outside of itself ({told}); if you trust it, say so with: "
            f"elm trust {folder}"
        )


def _is_outside(value: object, folder: Path) -> bool:
    return isinstance(value, str) and "\0" not in value and os.path.exists(value) and not belongs(Path(value), folder)


def mark_as_made_here(folder: Path) -> None:
    """Have the folder prove from now on that it was made, or is trusted, on this machine and in this place."""
    mark = folder / _MADE_HERE
    mark.unlink(missing_ok=True)
    with open(mark, "x", encoding="utf-8") as file:
        json.dump([inode(folder), os.fstat(file.fileno()).st_ino], file)


def is_made_here(folder: Path) -> bool:
    """Whether `mark_as_made_here` marked this very folder; a copy of it is another folder."""
    mark = folder / _MADE_HERE
    if mark.is_symlink() or not mark.is_file() or mark.stat().st_size > 100:
        return False
    try:
        return bool(json.loads(mark.read_text(encoding="utf-8")) == [inode(folder), inode(mark)])
    except ValueError:
        return False


def inode(path: Path) -> int:
    """The number that the disk gave to a file or a folder; that of a link is its own."""
    return os.lstat(path).st_ino


def _links(folder: Path) -> Iterator[Path]:
    """The links in a folder, itself aside; `DataFileError` where it has too many entries to be one of ours."""
    count = 0
    for where, folders, files in os.walk(folder):
        count += len(folders) + len(files)
        if count > _MOST:
            raise DataFileError(f"{folder} has more than {_MOST} files, which no folder of elm has; name another one")
        yield from (path for name in (*folders, *files) if (path := Path(where, name)).is_symlink())
