"""What requests cost in seconds, by direct judging and by one encoding and a product (Figure 5 of CTRL-Rec)."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from elm.embeddings import ExactIndex, FaissIndex, index_recall

REQUESTS = (1, 10, 100, 1000)
_BYTES = 4 << 30  # a table beyond this is not made in one piece
_LONGEST = 60.0  # seconds: what would take longer is measured on a part, and said so


def cost_curve(
    encode: Callable[[Sequence[str]], np.ndarray],
    texts: Sequence[str],
    items: Sequence[int],
    requests: Sequence[int] = REQUESTS,
    *,
    judge_seconds: float | None = None,
    k: int = 10,
    seed: int = 0,
) -> list[dict[str, Any]]:
    """Rows of seconds: encoding all requests and finding the k best of all items by exact search.

    encode: requests -> vectors (n, dim). texts: requests to draw on. judge_seconds: of one request and one item by
    direct judging, which grows with both; None leaves it out. A row's `bare` is the encoding and the plain product,
    where the table lies in memory in one piece; `measured` is the share of the items that was really searched.

    The item vectors are drawn, since their values do not change the time.
    """
    dim = encode([texts[0]]).shape[1]
    rows = []
    for count in items:
        held = min(count, _BYTES // (4 * dim))
        vectors = np.random.default_rng(seed).standard_normal((held, dim), dtype=np.float32)
        index = ExactIndex(vectors)
        index.search(vectors[:1], k)
        for number in requests:
            asked = [f"{texts[place % len(texts)]}" for place in range(number)]
            taken, started = number, time.perf_counter()
            queries = encode(asked)
            encoded = time.perf_counter() - started
            one = _seconds(partial(index.search, queries[:1], k), 3)
            if one * number > 40 * _LONGEST:
                taken = max(2, int(number * 40 * _LONGEST / (one * number)))
            searched = _seconds(partial(index.search, queries[:taken], k), 3 if taken == 1 else 1)
            searched *= count / held * number / taken
            row: dict[str, Any] = {
                "items": count,
                "requests": number,
                "encode": encoded,
                "search": searched,
                "seconds": encoded + searched,
                "measured": held / count * taken / number,
            }
            if number == 1:
                bare = _seconds(partial(np.matmul, vectors, queries[0]), 3)
                row["bare"] = encoded + bare * count / held
            if judge_seconds is not None:
                row["direct"] = judge_seconds * count * number
            rows.append(row)
    return rows


def index_curve(
    items: Sequence[int], probes: Sequence[int] = (8, 32, 128), *, dim: int = 384, k: int = 10, seed: int = 0
) -> list[dict[str, Any]]:
    """Recall and seconds a request of the approximate index against exact search, on drawn clusters of vectors."""
    rows = []
    for count in items:
        rng = np.random.default_rng(seed)
        centres = rng.standard_normal((max(16, count // 500), dim), dtype=np.float32)
        noise = rng.standard_normal((count, dim), dtype=np.float32)
        vectors = centres[rng.integers(len(centres), size=count)] + 0.7 * noise
        queries = vectors[rng.integers(count, size=100)] + 0.5 * rng.standard_normal((100, dim), dtype=np.float32)
        exact = ExactIndex(vectors)
        truth = exact.search(queries, k)[0]
        plain = _seconds(partial(exact.search, queries[:1], k), 5)
        started = time.perf_counter()
        near = FaissIndex(vectors, seed=seed)
        built = time.perf_counter() - started
        for number in probes:
            near.probes = number
            found = near.search(queries, k)[0]
            took = _seconds(partial(near.search, queries[:1], k), 5)
            rows.append(
                {
                    "items": count,
                    "probes": number,
                    "recall": index_recall(truth, found),
                    "build": built,
                    "seconds": took,
                    "exact": plain,
                }
            )
    return rows


def _seconds(work: Callable[[], Any], times: int) -> float:
    """The shortest of some runs."""
    best = np.inf
    for _ in range(times):
        started = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - started)
    return float(best)
