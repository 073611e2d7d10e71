"""Run by test_kill.py in a process of its own: forks writers of a model folder and kills each at a random moment.

Usage: kill_models.py FOLDER TIMES SEED. Prints one JSON object: how often the old and the new model were found.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import tiny_elm
import torch

from elm.model import EmbeddingLanguageModel, load_model, save_model


def same(one: EmbeddingLanguageModel, other: EmbeddingLanguageModel) -> bool:
    """Whether all weights are equal, bit for bit."""
    ours, theirs = one.state_dict(), other.state_dict()
    return ours.keys() == theirs.keys() and all(torch.equal(theirs[key], value) for key, value in ours.items())


def seconds(work: Callable[[], object]) -> float:
    """How long a forked child takes for it: longer than this process, which has all of its memory."""
    began = time.perf_counter()
    child = os.fork()
    if child == 0:
        work()
        os._exit(0)
    os.waitpid(child, 0)
    return time.perf_counter() - began


def main(folder: Path, times: int, seed: int) -> None:
    models = {name: tiny_elm.model(seed=at) for at, name in enumerate(("first", "second"))}
    save_model(models["first"], folder)
    takes = seconds(lambda: save_model(models["second"], folder))
    draw = random.Random(seed)
    found: Counter[str] = Counter()
    there = "second"
    for _ in range(times):
        child = os.fork()
        if child == 0:
            while True:
                there = next(name for name in models if name != there)
                save_model(models[there], folder)
        time.sleep(draw.uniform(0, 2 * takes))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        came = load_model(folder)
        there = next((name for name, model in models.items() if same(came, model)), "a mixture")
        found[there] += 1
    save_model(models["first"], folder)
    print(json.dumps({"times": times, "found": found, "left": sorted(path.name for path in folder.parent.iterdir())}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
