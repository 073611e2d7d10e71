"""The constants of `elm train run --plan`, measured on this machine: python benchmarks/scale/cost.py

For bases of several shapes: what a training step keeps in memory for the way back, beside the numbers counted on paper,
and the share of a plain product's speed that it reaches, both side by side in one process a shape.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

SHAPES = [(256, 4, 704), (384, 6, 1024), (512, 8, 1408)]
"""Width, layers, width of the feed-forward part."""
TOKENS = (1200, 4800)


def memory(field: str) -> int:
    """A line of this process's memory, in bytes: VmRSS now, VmHWM the most since it was reset."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith(field))


def measure(width: int, layers: int, inner: int) -> dict[str, Any]:
    """One shape: bytes a token, over those on paper, and the speed of steps over that of products."""
    import torch

    from elm.model import BaseConfig, new_base, shipped_base, token_loss
    from elm.training import kept_numbers, product_speed

    torch.set_num_threads(1)
    shape = BaseConfig(vocabulary=2048, width=width, layers=layers, heads=width // 64, feed_forward=inner, context=512)
    llm = new_base(shipped_base()[1], shape, 0)
    optimiser = torch.optim.AdamW(llm.parameters(), fused=True)
    body = sum(p.numel() for p in llm.parameters()) - llm.get_input_embeddings().weight.numel()

    def step(tokens: int) -> float:
        began = time.perf_counter()
        embeds = torch.randn(tokens // 60, 60, width)
        labels = torch.randint(0, 2048, embeds.shape[:2])
        token_loss(llm, embeds, labels).backward()
        optimiser.step()
        optimiser.zero_grad(set_to_none=False)
        return time.perf_counter() - began

    step(120)
    peaks = []
    for tokens in TOKENS:
        Path("/proc/self/clear_refs").write_text("5")
        step(tokens)
        peaks.append(memory("VmHWM"))
    each = (peaks[1] - peaks[0]) / (TOKENS[1] - TOKENS[0])
    paper = 4 * (kept_numbers(llm.config) + 3 * 2048)
    shares = []
    for _ in range(5):
        plain = product_speed("cpu")
        shares.append(6 * body * TOKENS[0] / step(TOKENS[0]) / plain)
    return {
        "shape": [width, layers, inner],
        "parameters": body,
        "bytes_a_token": round(each),
        "kept": round((each / 4 - 3 * 2048) / kept_numbers(llm.config), 3),
        "paper": round(paper),
        "reached": round(statistics.median(shares), 3),
        "product_gflops": round(plain / 1e9, 1),
        "process": memory("VmRSS"),
    }


def main() -> None:
    if len(sys.argv) == 4:
        print(json.dumps(measure(*map(int, sys.argv[1:]))))
        return
    rows = []
    for shape in SHAPES:
        command = [sys.executable, __file__, *map(str, shape)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        rows.append(json.loads(done.stdout.splitlines()[-1]))
        print(rows[-1], flush=True)
    for name in ("kept", "reached"):
        print(f"{name}: {statistics.median(row[name] for row in rows):.2f}")


if __name__ == "__main__":
    main()
