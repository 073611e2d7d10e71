"""A training in a child process that is killed again and again: python killed.py FOLDER KILLS SEED (`test_kills.py`).

The libraries are imported once; each child is forked from here, and SIGKILL leaves it no time for anything.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from test_stages import toy
from tiny_elm import SAY

from elm.adapters import write_tensors
from elm.training import LoopConfig, TwoStage, Validation, train_two_stage

CONFIG = TwoStage(
    LoopConfig(30, 1e-2, warmup=3, save_every=3, log_every=4),
    LoopConfig(40, 5e-3, warmup=3, save_every=3, log_every=4, accumulate=2),
    batch_tokens=60,
)


def right(model: Any, step: int) -> Mapping[str, float]:
    """The share of vectors whose name the model says, and how near it is to saying it."""
    texts = model.describe(np.eye(2), SAY)
    norm = sum(float(p.detach().double().square().sum()) for p in model.adapters.parameters())
    return {
        "rSC": float(np.mean([text == word for text, word in zip(texts, ("one", "two"), strict=True)])) + norm / 1e6
    }


def train(folder: Path) -> None:
    """Begin or go on, and write down what came out."""
    model, lessons, _ = toy()
    validation = Validation(right, every=5, window=2)
    result = train_two_stage(model, lessons, CONFIG, progress=False, checkpoints=folder, validation=validation)
    write_tensors(folder / "end.safetensors", {name: p.detach() for name, p in model.named_parameters()})
    told = [
        {"losses": r.losses, "validations": r.validations, "best": r.best, "alarm": r.alarm}
        for r in (result.one, result.two)
    ]
    (folder / "result.json").write_text(json.dumps(told))


def child(folder: Path) -> int:
    """Fork a process that trains; its number."""
    if process := os.fork():
        return process
    status = 1
    try:
        train(folder)
        status = 0
    finally:
        os._exit(status)


def ended(process: int) -> bool:
    return os.waitpid(process, 0)[1] == 0


def main(folder: Path, kills: int, seed: int) -> None:
    torch.set_num_threads(1)
    rng = np.random.default_rng(seed)
    began = time.perf_counter()
    assert ended(child(folder / "whole"))
    whole = time.perf_counter() - began
    moments = []
    for number in range(kills):
        process = child(folder / "killed")
        if number >= kills // 2:  # the second half falls into stage two
            while not (folder / "killed/stage-two.safetensors").exists():
                time.sleep(0.001)
        time.sleep(float(rng.uniform(0, whole / (4 if number >= kills // 2 else 10))))
        os.kill(process, signal.SIGKILL)
        survived = ended(process)
        moments.append("over" if survived else "two" if (folder / "killed/stage-two.safetensors").exists() else "one")
    assert ended(child(folder / "killed"))
    print(json.dumps(moments))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
