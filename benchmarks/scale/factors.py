"""WALS in JAX beside implicit: seconds an iteration, the objective reached, and folding in.

python benchmarks/scale/factors.py [--ratings 100000 1000000] [--iterations 5] [--factors 64] [--fold 10000]
python benchmarks/scale/factors.py --movielens FOLDER     a release, such as ML-1M, in place of generated ratings
"""

from __future__ import annotations

import argparse
import os
import resource
import time
from pathlib import Path

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from elm.data import load, rating_blocks
from elm.embeddings import Sharded, fold_in, objective, wals
from elm.embeddings.als._fit import sharded_factors
from elm.embeddings.als._ratings import coded


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ratings", type=int, nargs="*", default=[100_000, 1_000_000])
    parser.add_argument("--iterations", type=int, default=5)
    parser.add_argument("--factors", type=int, default=64)
    parser.add_argument("--fold", type=int, default=0, help="fold in so many users instead")
    parser.add_argument("--movielens", type=Path)
    options = parser.parse_args()
    # A processor's cores as devices: JAX then works on as many batches at once.
    os.environ.setdefault("XLA_FLAGS", f"--xla_force_host_platform_device_count={os.cpu_count()}")
    if options.fold:
        folded(options.fold, options.factors)
        return
    for count in [0] if options.movielens else options.ratings:
        data = load(options.movielens).interactions if options.movielens else pd.concat(list(rating_blocks(count)))
        side_by_side(data, options.factors, options.iterations)


def side_by_side(data: pd.DataFrame, factors: int, iterations: int) -> None:
    """An iteration of one, then one of the other, so that other work on the machine slows both alike."""
    from implicit.cpu.als import AlternatingLeastSquares

    matrix = coded(data).matrix(alpha=20.0)
    penalty = 0.1 * float(np.abs(matrix.data).sum(dtype=np.float64)) / float(np.sqrt(np.prod(matrix.shape)))
    work = 2 * matrix.nnz * 16 * factors + sum(matrix.shape) * 8 * factors**2  # operations of an iteration, by "cg"
    model = AlternatingLeastSquares(factors=factors, regularization=penalty, iterations=1, random_state=0)
    times: dict[str, list[float]] = {"implicit": [], "jax": []}
    begin = [time.perf_counter()]

    def turn(_: int) -> None:
        times["jax"].append(time.perf_counter() - begin[0])
        with threadpool_limits(1, "blas"):
            model.fit(matrix, show_progress=False, callback=lambda _, elapsed, loss: times["implicit"].append(elapsed))
        begin[0] = time.perf_counter()

    found = sharded_factors(matrix, factors, penalty, iterations, 0, Sharded(), turn)
    reached = {"implicit": objective(model.user_factors, model.item_factors, matrix, penalty)}
    reached["jax"] = objective(*found, matrix, penalty)
    print(f"{matrix.nnz:,} ratings, {matrix.shape[0]:,} users, {matrix.shape[1]:,} items", flush=True)
    usual = float(np.median(times["implicit"][1:]))
    for engine, each in times.items():
        seconds = float(np.median(each[1:]))
        print(
            f"  {engine:9} {seconds:8.2f} s an iteration (x {seconds / usual:.2f}; the first {each[0]:.1f} s), "
            f"objective {reached[engine]:.6g} ({reached[engine] / reached['implicit'] - 1:+.1e}), "
            f"{1e9 * seconds / work:.3f} ns an operation",
            flush=True,
        )
    print(f"  {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.1f} GB for both", flush=True)


def folded(users: int, factors: int) -> None:
    """Seconds to fold in so many users of generated ratings."""
    data = pd.concat(list(rating_blocks(160 * users + 500_000)), ignore_index=True)
    known = data["user"].max() - users
    trained, items = wals(data[data["user"] <= known], factors, iterations=2, min_item_ratings=1)
    new = data[data["user"] > known]
    begin, busy = time.perf_counter(), time.process_time()
    placed = fold_in(items, new, trained)
    print(
        f"{len(placed):,} users of {len(new):,} ratings folded in: {time.perf_counter() - begin:.1f} s, "
        f"of the processor {time.process_time() - busy:.1f} s"
    )


if __name__ == "__main__":
    main()
