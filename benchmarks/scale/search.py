"""The best 20 of many items: exact search over the bare product, and an index at a recall over exact search.

python benchmarks/scale/search.py [--items 1000000] [--dim 64] [--kind ivf-sq8] [--cells N] [--recall 0.95]

The vectors are drawn: clusters on a low-dimensional spread, as factors of recommenders have it. Times are those of one
query at a time, medians over the queries, in one process of as many threads as OMP_NUM_THREADS says.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from elm.embeddings import ExactIndex, FaissIndex, tuned


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=1_000_000)
    parser.add_argument("--dim", type=int, default=64)
    parser.add_argument("--queries", type=int, default=32)
    parser.add_argument("--kind", default="ivf-sq8", choices=["ivf-sq8", "ivf-pq", "hnsw", "none"])
    parser.add_argument("--cells", type=int)
    parser.add_argument("--recall", type=float, default=0.95)
    options = parser.parse_args()
    vectors, queries = drawn(options.items, options.dim, options.queries)
    exact = ExactIndex(vectors)
    bare, searched = [], []
    for query in queries[:9]:  # in turns
        bare.append(seconds(lambda query=query: vectors @ query))
        searched.append(seconds(lambda query=query: exact.search(query, 20)))
    plain = statistics.median(searched)
    ratio = plain / statistics.median(bare)
    print(
        f"{options.items:,} items of {options.dim}: bare product {1e3 * statistics.median(bare):.1f} ms, exact top 20 "
        f"{1e3 * plain:.1f} ms (x {ratio:.2f}), {gigabytes():.1f} GB",
        flush=True,
    )
    if options.kind == "none":
        return
    begin = time.perf_counter()
    index = FaissIndex(vectors, cells=options.cells, kind=options.kind)
    built = time.perf_counter() - begin
    reached = tuned(index, vectors, queries, k=20, recall=options.recall)
    took = statistics.median(seconds(lambda query=query: index.search(query, 20)) for query in queries)
    print(
        f"{options.kind}: built in {built:.0f} s; recall {reached:.3f} with {index.probes} probes, {1e3 * took:.2f} ms "
        f"(exact / index {plain / took:.1f}), {gigabytes():.1f} GB"
    )


def drawn(items: int, dim: int, queries: int) -> tuple[np.ndarray, np.ndarray]:
    """Items (items, dim) and queries (queries, dim) beside some of them."""
    rng = np.random.default_rng(0)
    spread = (rng.standard_normal((16, dim)) / 4).astype(np.float32)
    centres = rng.standard_normal((max(64, items // 2000), 16), dtype=np.float32)
    vectors = np.empty((items, dim), dtype=np.float32)
    for at in range(0, items, 2**18):
        part = vectors[at : at + 2**18]
        inner = centres[rng.integers(len(centres), size=len(part))]
        inner = inner + 0.4 * rng.standard_normal(inner.shape, dtype=np.float32)
        part[...] = inner @ spread + 0.05 * rng.standard_normal(part.shape, dtype=np.float32)
    near = vectors[rng.integers(items, size=queries)]
    return vectors, near + 0.05 * rng.standard_normal(near.shape, dtype=np.float32)


def seconds(work: Callable[[], Any]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def gigabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


if __name__ == "__main__":
    main()
