"""One measure in a process of its own: seconds by the clock, of the processor, and the most memory it had."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
_FRAME = """
import json, resource, time
def measured(work):
    begin, busy = time.perf_counter(), time.process_time()
    told = work()
    found = dict(seconds=time.perf_counter() - begin, busy=time.process_time() - busy)
    found["gb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print("\\n" + json.dumps({**found, **(told or {})}))
"""


def run(code: str, threads: int = 1, **environment: str) -> dict[str, Any]:
    """Run code that calls `measured(work)`; what it printed last."""
    limits = dict.fromkeys(("OMP_NUM_THREADS", "POLARS_MAX_THREADS", "OPENBLAS_NUM_THREADS"), str(threads))
    paths = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    given = {**os.environ, "PYTHONPATH": paths, **limits, **environment}
    done = subprocess.run([sys.executable, "-c", _FRAME + code], env=given, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(done.stderr[-2000:])
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def in_turns(codes: dict[str, str], repeats: int, threads: int = 1) -> dict[str, dict[str, float]]:
    """The medians of some turns, in each of which all are measured, so that other work slows all of them."""
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in codes}
    for _ in range(repeats):
        for name, code in codes.items():
            rows[name].append(run(code, threads))
    return {
        name: {key: statistics.median(row[key] for row in found) for key in ("seconds", "busy", "gb")}
        for name, found in rows.items()
    }


def show(rows: dict[str, dict[str, float]], against: str) -> None:
    """A line for each, with ratios to one of them."""
    for name, row in rows.items():
        ratio, busy = (row[key] / rows[against][key] for key in ("seconds", "busy"))
        print(
            f"{name:28} {row['seconds']:8.2f} s (x {ratio:5.2f})  processor {row['busy']:8.2f} s (x {busy:5.2f})  "
            f"{row['gb']:5.2f} GB",
            flush=True,
        )
