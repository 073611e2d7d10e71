"""Verifying an adapter folder of 1 GB (hashes, shapes, finiteness) against sha256sum and Python's hashlib on the same.

Medians of repeats in turns, files in the page cache, each in a fresh process whose imports are not counted.
Run: .venv/bin/python benchmarks/verify.py [--megabytes 1024] [--repeats 5] [--dtype float32] [--json]
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TARGET = 0.5  # of the speed of sha256sum

_VERIFY = """
import json, sys, time
from elm.model import verify
import transformers.models.llama.modeling_llama  # what the first model of a process loads
def memory():
    words = dict(line.split(":") for line in open("/proc/self/status") if ":" in line)
    return int(words["RssAnon"].split()[0]) / 1024
before, began = memory(), time.perf_counter()
problems = verify(sys.argv[1])
took = time.perf_counter() - began
print(json.dumps({"seconds": took, "more_mb": memory() - before, "problems": list(map(str, problems))}))
"""
_HASHLIB = """
import hashlib, sys, time
began = time.perf_counter()
for path in sys.argv[1:]:
    with open(path, "rb") as file:
        hashlib.file_digest(file, "sha256").hexdigest()
print(time.perf_counter() - began)
"""


def make(folder: Path, megabytes: int, dtype: str) -> None:
    """The shipped model with an adapter of so many megabytes in the place of one of its own."""
    import torch

    from elm.adapters import AdapterConfig, write_manifest, write_tensors
    from elm.model import save_model, shipped_model

    save_model(shipped_model(), folder)
    place = folder / "adapters" / "minilm"
    config = AdapterConfig.from_dict(json.loads((place / "config.json").read_text()))
    kind: torch.dtype = getattr(torch, dtype)
    rows = config.soft_tokens * config.token_dim + config.dim
    config = AdapterConfig(**{**config.to_dict(), "hidden": megabytes * 2**20 // kind.itemsize // rows})
    block = torch.randn(2**20).to(kind)
    tensors = {}
    for name, shape in config.shapes().items():
        size = torch.Size(shape).numel()
        tensors[name] = block.repeat(size // len(block) + 1)[:size].reshape(shape).abs()
    (place / "config.json").write_text(json.dumps(config.to_dict()))
    write_tensors(place / "model.safetensors", tensors)
    write_manifest(folder)


def measure(folder: Path, repeats: int) -> dict[str, float]:
    """Median seconds of each way to read the folder, and how much memory verifying took."""
    files = [str(path) for path in folder.rglob("*") if path.is_file()]
    seconds: dict[str, list[float]] = {"verify": [], "sha256sum": [], "hashlib": []}
    more = []
    for turn in range(repeats + 1):
        done = json.loads(_output([sys.executable, "-c", _VERIFY, str(folder)]))
        assert not done["problems"], done["problems"]
        began = time.perf_counter()
        _output(["sha256sum", *files])
        summed = time.perf_counter() - began
        if turn:  # the first one warms the page cache
            seconds["verify"].append(done["seconds"])
            seconds["sha256sum"].append(summed)
            seconds["hashlib"].append(float(_output([sys.executable, "-c", _HASHLIB, *files])))
            more.append(done["more_mb"])
    medians = {name: statistics.median(times) for name, times in seconds.items()}
    return {**medians, "megabytes": sum(map(os.path.getsize, files)) / 2**20, "more_mb": statistics.median(more)}


def _output(command: list[str]) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=int, default=1024)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--dtype", choices=("float32", "float16", "bfloat16"), default="float32")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        make(Path(place) / "model", options.megabytes, options.dtype)
        found = measure(Path(place) / "model", options.repeats)
    ratios = {f"of_{name}": found[name] / found["verify"] for name in ("sha256sum", "hashlib")}
    if options.json:
        print(json.dumps({**found, **ratios, "target": TARGET}, indent=2))
        return
    for name in ("verify", "sha256sum", "hashlib"):
        print(f"{name:10} {found[name]:.2f} s, {found['megabytes'] / found[name]:.0f} MB/s")
    print(
        f"verify reads {found['megabytes']:.0f} MB at {ratios['of_sha256sum']:.2f} of the speed of sha256sum (at least "
        f"{TARGET}) and {ratios['of_hashlib']:.2f} of hashlib's, and takes {found['more_mb']:.0f} MB of memory for it"
    )


if __name__ == "__main__":
    main()
