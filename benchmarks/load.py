"""From a fresh process to the first text of the shipped model: seconds of imports, of loading, of one text.

Medians of several processes. Run: .venv/bin/python benchmarks/load.py [--repeats 7] [--json]
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys

TARGET = 3.0  # seconds of loading and one text

_CHILD = """
import json, time
began = time.perf_counter()
import elm, elm.model, transformers.models.llama.modeling_llama
imported = time.perf_counter()
model = elm.load(elm.model.SHIPPED / "demo")
loaded = time.perf_counter()
films = elm.model.shipped_vectors("films")
model.describe(films["f7"], "summary")
told = time.perf_counter()
print(json.dumps({"imports": imported - began, "load": loaded - imported, "first text": told - loaded}))
"""


def measure(repeats: int) -> dict[str, float]:
    """Median seconds of each part, after one process that warms the page cache."""
    runs = []
    for _ in range(repeats + 1):
        done = subprocess.run([sys.executable, "-c", _CHILD], check=True, capture_output=True, text=True)
        runs.append(json.loads(done.stdout))
    return {name: statistics.median(run[name] for run in runs[1:]) for name in runs[0]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found = measure(options.repeats)
    after = found["load"] + found["first text"]
    if options.json:
        print(json.dumps({"median_s": found, "after_imports_s": after, "target_s": TARGET}, indent=2))
        return
    for name, seconds in found.items():
        print(f"{name:10} {seconds:.2f} s")
    print(f"load and first text: {after:.2f} s after imports (at most {TARGET})")


if __name__ == "__main__":
    main()
