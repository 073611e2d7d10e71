"""Run by test_disk.py: one process that saves a folder for ever, or that holds it.

Usage: swapping.py FOLDER exchange|moves|hold|run. It prints one line once it is at work.
"""

from __future__ import annotations

import sys
import time
from itertools import cycle
from pathlib import Path

from kill_folders import write

from elm._storage import folders


def main(folder: Path, mode: str) -> None:
    if mode == "hold":
        with folders.locked(folder):
            print("holding", flush=True)
            time.sleep(60)
    if mode == "run":
        folder.mkdir()
        held = folders.hold(folder)
        print("holding", held, flush=True)
        time.sleep(60)
    if mode == "moves":

        def none(one: Path, other: Path) -> None:
            raise OSError(95, "no such call here")

        folders._exchange = none
    print("saving", flush=True)
    for version in cycle(("old", "new")):
        write(folder, version)
        time.sleep(0.005)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
