"""Run by test_kill.py in a process of its own: forks writers of a small folder and kills each at another system call.

Usage: kill_folders.py FOLDER exchange|moves. Prints one JSON object: how many moments, and what was read after each.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from elm._errors import FolderBusyError
from elm._storage import files, folders

PARTS = ("a.txt", "b/c.txt", "b/d.txt")


def write(folder: Path, version: str) -> None:
    """Save a version: three files that say which it is, and one that this version alone has."""
    with folders.folder_written_aside(folder, retired=("only-old.txt", "only-new.txt")) as aside:
        (aside / "b").mkdir()
        for part in (*PARTS, f"only-{version}.txt"):
            (aside / part).write_text(version)


def read(folder: Path) -> str:
    """What a reader finds: the version, or what is mixed."""

    def all_parts() -> str:
        found = {part: (folder / part).read_text() for part in PARTS}
        alone = sorted(path.name for path in folder.glob("only-*"))
        (version,) = set(found.values()) if len(set(found.values())) == 1 else {f"a mixture: {found}"}
        mine = (folder / "mine.txt").read_text() == "kept"
        return version if alone == [f"only-{version}.txt"] and mine else f"a mixture: {version} with {alone}"

    return folders.read_whole(folder, all_parts)


def read_after_kill(folder: Path) -> str:
    """The same where a save may be half done: the reader then says so and changes nothing, and the save is finished."""
    before = listing(folder)
    try:
        return read(folder)
    except FolderBusyError as error:
        told = str(error)
    assert f"elm repair {folder}" in told
    assert listing(folder) == before, "reading changed the folder"
    assert folders.finish_save(folder)
    return read(folder)


def listing(folder: Path) -> list[tuple[str, int]]:
    return sorted((str(path), path.lstat().st_ino) for path in folder.parent.rglob("*"))


def killed_at(moment: int, work: Callable[[], None]) -> bool:
    """Do the work in a child that is killed -9 as it enters its nth system call on files; False: it had fewer."""
    child = os.fork()
    if child == 0:
        left = [moment]

        def counted(call: Callable[..., Any]) -> Callable[..., Any]:
            def wrapper(*args: Any, **options: Any) -> Any:
                left[0] -= 1
                if left[0] == 0:
                    os.kill(os.getpid(), signal.SIGKILL)
                return call(*args, **options)

            return wrapper

        for name in ("rename", "replace", "fsync", "link", "unlink", "rmdir", "mkdir", "chmod", "open"):
            setattr(os, name, counted(getattr(os, name)))
        folders._exchange = counted(folders._exchange)
        work()
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return True
    assert os.WEXITSTATUS(status) == 0, "the writer failed before it was killed"
    return False


def main(folder: Path, mode: str) -> None:
    if mode == "moves":

        def none(one: Path, other: Path) -> None:
            raise OSError(95, "no such call here")

        folders._exchange = none
    folders.WAIT = 0  # no other process is at work
    files.sync(folder.parent)
    found: Counter[str] = Counter()
    moment = 0
    while True:
        moment += 1
        shutil.rmtree(folder, ignore_errors=True)
        write(folder, "old")
        (folder / "mine.txt").write_text("kept")
        went_on = killed_at(moment, lambda: write(folder, "new"))
        found[read_after_kill(folder)] += 1
        if not went_on:
            break
        write(folder, "new")  # the next writer tidies up
        left = sorted(path.name for path in folder.parent.iterdir())
        assert left == [folder.name], f"left beside the folder: {left}"
        assert read(folder) == "new"
        assert not (folder / ".elm-save").exists()
    print(json.dumps({"moments": moment - 1, "found": found}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
