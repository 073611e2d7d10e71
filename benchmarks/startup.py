"""Seconds that `import elm` and `elm --help` take over a bare start of Python.

Medians of several fresh processes, in turns, so that a busy moment hits all three alike.
Run: .venv/bin/python benchmarks/startup.py [--json]
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time

COMMANDS = {
    "python": [sys.executable, "-c", "pass"],
    "import elm": [sys.executable, "-c", "import elm"],
    "elm --help": [sys.executable, "-m", "elm", "--help"],
}
TARGETS = {"import elm": 0.3, "elm --help": 0.6}


def measure(repeats: int) -> dict[str, float]:
    """Median seconds of each command, after one run each that warms the file cache."""
    seconds: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for turn in range(repeats + 1):
        for name, command in COMMANDS.items():
            start = time.perf_counter()
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            if turn:
                seconds[name].append(time.perf_counter() - start)
    return {name: statistics.median(times) for name, times in seconds.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    medians = measure(options.repeats)
    over = {name: medians[name] - medians["python"] for name in TARGETS}
    if options.json:
        print(json.dumps({"median_s": medians, "over_python_s": over, "target_s": TARGETS}, indent=2))
        return
    for name, median in medians.items():
        more = f", {over[name]:.3f} s over python (at most {TARGETS[name]})" if name in over else ""
        print(f"{name:12} {median:.3f} s{more}")


if __name__ == "__main__":
    main()
