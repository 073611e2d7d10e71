"""Run by test_kill.py in a process of its own: as kill_models.py, for every other kind of folder.

Usage: kill_kinds.py FOLDER TIMES SEED. Prints one JSON object: for each kind, how often each version was found.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from collections import Counter
from itertools import count
from pathlib import Path
from typing import Any

import test_hostile_tables as made
import torch
from kill_models import seconds

from elm._errors import FolderBusyError
from elm._storage.folders import finish_save


def choose(version: int) -> None:
    """What the kinds' functions make from now on: objects of other ids and other numbers for each version."""
    made.VERSION = version
    torch.manual_seed(version)
    made.IDS[:] = [f"{'ij'[version]}{number}" for number in range(6)]


def killed(kind: str, folder: Path, times: int, draw: random.Random) -> Counter[str]:
    save, read = made.KINDS[kind]
    right: list[Any] = []
    for version in (1, 0):
        choose(version)
        save(folder)
        right.insert(0, read(folder))
    assert not made.same(*right), f"both versions of a {kind} are alike"
    takes = seconds(lambda: save(folder))
    found: Counter[str] = Counter()
    for _ in range(times):
        child = os.fork()
        if child == 0:
            for number in count(1):
                choose(number % 2)
                save(folder)
        time.sleep(draw.uniform(0, 3 * takes))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        try:
            came = read(folder)
        except FolderBusyError:  # between two renames, where folders cannot change places: `elm repair` finishes it
            finish_save(folder)
            came = read(folder)
        fits = [name for name, one in zip(("first", "second"), right, strict=True) if made.same(came, one)]
        found[fits[0] if fits else "a mixture"] += 1
    save(folder)
    assert [path.name for path in folder.parent.iterdir()] == [folder.name], "something half-written is left"
    return found


def main(folder: Path, times: int, seed: int) -> None:
    draw = random.Random(seed)
    kinds = [
        kind for kind in made.KINDS if kind != "adapter in JAX"
    ]  # saved as the adapter is; JAX and forks do not mix
    print(json.dumps({kind: killed(kind, folder / kind / "saved", times, draw) for kind in kinds}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
