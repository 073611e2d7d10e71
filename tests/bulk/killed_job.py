"""A job in a child process that is killed again and again: python killed_job.py FOLDER KILLS SEED (`test_job.py`).

The libraries are imported once; each child is forked from here, and SIGKILL leaves it no time for anything.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from pathlib import Path

import numpy as np
import tiny_elm
from tiny_elm import SAY

from elm.bulk import Order, describe_table
from elm.model import EmbeddingLanguageModel

ROWS, SHARD = 240, 16
ORDER = Order(SAY, seed=5, temperature=0.7, batch_size=6)


def write(model: EmbeddingLanguageModel, out: Path) -> int:
    """How many rows were done before."""
    return describe_table(model, tiny_elm.table(ROWS), out, ORDER, shard_rows=SHARD).before


def main(folder: Path, kills: int, seed: int) -> None:
    model, rng = tiny_elm.model(), np.random.default_rng(seed)
    began = time.perf_counter()
    write(model, folder / "whole.parquet")
    whole, committed = time.perf_counter() - began, [0]
    for _ in range(kills):
        process = os.fork()
        if not process:
            write(model, folder / "killed.parquet")
            os._exit(0)
        time.sleep(rng.uniform(0.3, 1.0) * whole / kills)
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)
        if (folder / "killed.parquet").exists():  # it was quicker
            break
        parts = folder / "killed.parquet.parts"
        committed.append(len(list(parts.glob("part-*.parquet"))))
    before = write(model, folder / "killed.parquet")
    print(json.dumps({"committed": committed, "before": before, "rows": ROWS}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
