"""Very many concepts on very many vectors of 384: seconds and memory over both numbers.

python benchmarks/scale/many_concepts.py [--method difference] [--sizes 250x10000 500x10000 500x20000]

Memory is that above the table and the concepts, beside two matrices of scores (concepts x vectors, float32).
"""

from __future__ import annotations

import argparse

from _child import run

_CODE = """
import resource
import numpy as np
from elm.cav import fit
from elm.embeddings import VectorTable
concepts, rows = {concepts}, {rows}
rng = np.random.default_rng(0)
table = VectorTable([str(i) for i in range(rows)], rng.standard_normal((rows, 384), dtype=np.float32))
named = {{}}
for i in range(concepts):
    few = rng.choice(rows, 400, replace=False)
    along = table.vectors[few] @ rng.standard_normal(384)
    named[f"c{{i}}"] = [table.ids[j] for j in few[np.argsort(-along)[:100]]]
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
def work():
    fit(table, named, method={method!r})
    return dict(above=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20 - before)
measured(work)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--method", default="difference")
    parser.add_argument("--sizes", nargs="*", default=["250x10000", "500x10000", "500x20000"])
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    for size in options.sizes:
        concepts, rows = map(int, size.split("x"))
        row = run(_CODE.format(concepts=concepts, rows=rows, method=options.method), options.threads)
        each, two = 1e9 * row["busy"] / concepts / rows, 2 * 4 * concepts * rows / 2**30
        print(
            f"{concepts:,} concepts on {rows:,} vectors: {row['seconds']:.1f} s, processor {row['busy']:.1f} s "
            f"({each:.0f} ns a pair), {row['above']:.2f} GB above; two score matrices {two:.2f} GB",
            flush=True,
        )


if __name__ == "__main__":
    main()
