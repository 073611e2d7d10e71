"""Four ways to ask for the same thing: an edited profile under alpha, guidance, a request, a concept."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from scipy import sparse

from elm.metrics import ndcg, recall, top_k
from elm.recommend import Recommender, RequestValues, combine, ranked_gains


def four_ways(
    rec: Recommender,
    histories: sparse.csr_matrix,
    profiles: Sequence[str],
    targets: sparse.csr_matrix,
    wanted: Sequence[str],
    masks: Mapping[str, np.ndarray],
    values: RequestValues,
    concepts: Mapping[str, np.ndarray],
    *,
    weights: Sequence[float] = (0.25, 0.5, 0.75, 0.9),
    k: int = 10,
) -> list[dict[str, Any]]:
    """A row a way and weight: the share of the first k that has the wanted genre, NDCG and recall on what came later,
    and milliseconds a user.

    Each user wants more of one genre. rec: TEARS, which gives engagement as well. histories, profiles, targets: of the
    users. wanted: a genre each. masks: genre -> (items,) of bool. values: of requests. concepts: genre -> how far each
    item lies along it, by its direction in a space. The weight is alpha, or w_control.
    """
    masked_all = np.stack([masks[name] for name in wanted])
    plain = rec.scores(histories, profiles, 0.5)
    edits = [f"{text} They love {name.lower()} films most of all." for text, name in zip(profiles, wanted, strict=True)]
    asks = [f"More {name.lower()} films." for name in wanted]

    def request(w: float) -> np.ndarray:
        return combine(plain, values.values(asks), w)

    def concept(w: float) -> np.ndarray:
        return combine(plain, np.stack([concepts[name] for name in wanted]), w)

    ways: dict[str, Callable[[float], np.ndarray]] = {
        "profile edited": lambda alpha: rec.scores(histories, edits, alpha),
        "guide": lambda alpha: rec.scores(histories, asks, alpha, [1] * len(asks)),
        "request": request,
        "concept": concept,
    }
    rows = [_row("none", 0.0, plain, targets, masked_all, k, 0.0)]
    for name, way in ways.items():
        for weight in weights:
            started = time.perf_counter()
            scores = way(weight)
            took = 1000 * (time.perf_counter() - started) / len(wanted)
            rows.append(_row(name, weight, scores, targets, masked_all, k, took))
    return rows


def _row(
    way: str, weight: float, scores: np.ndarray, targets: sparse.csr_matrix, masks: np.ndarray, k: int, took: float
) -> dict[str, Any]:
    gains, counts = ranked_gains(scores, targets, k)
    some = counts > 0
    best = top_k(scores, k)
    return {
        "way": way,
        "weight": weight,
        "share": float(np.take_along_axis(masks, best, 1).mean()),
        "ndcg": float(ndcg(gains[some], k, n_relevant=counts[some]).mean()),
        "recall": float(recall(gains[some], counts[some], k).mean()),
        "ms": took,
    }
