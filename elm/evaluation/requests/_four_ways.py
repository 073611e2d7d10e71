"""Four ways to ask for the same thing: an edited profile under alpha, guidance, a request, a concept."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from elm.metrics import ndcg, recall, top_k
from elm.recommend import Recommender, RequestValues, combine, ranked_gains


@dataclass(frozen=True, eq=False)
class Asking:
    """Users who each want more of one genre.

    histories, profiles, targets: of the users. wanted: a genre each. masks: genre -> (items,) of bool. values: of
    requests. concepts: genre -> how far each item lies along it, by its direction in a space.
    """

    histories: sparse.csr_matrix
    profiles: Sequence[str]
    targets: sparse.csr_matrix
    wanted: Sequence[str]
    masks: Mapping[str, np.ndarray]
    values: RequestValues
    concepts: Mapping[str, np.ndarray]


def four_ways(
    rec: Recommender, asking: Asking, weights: Sequence[float] = (0.25, 0.5, 0.75, 0.9), k: int = 10
) -> list[dict[str, Any]]:
    """A row a way and weight: the share of the first k that has the wanted genre, NDCG and recall on what came later,
    and milliseconds a user.

    rec: TEARS, which gives engagement as well. The weight is alpha, or w_control.
    """
    masked_all = np.stack([asking.masks[name] for name in asking.wanted])
    plain = rec.scores(asking.histories, asking.profiles, 0.5)
    edits = [
        f"{text} They love {name.lower()} films most of all."
        for text, name in zip(asking.profiles, asking.wanted, strict=True)
    ]
    asks = [f"More {name.lower()} films." for name in asking.wanted]

    def request(w: float) -> np.ndarray:
        return combine(plain, asking.values.values(asks), w)

    def concept(w: float) -> np.ndarray:
        return combine(plain, np.stack([asking.concepts[name] for name in asking.wanted]), w)

    ways: dict[str, Callable[[float], np.ndarray]] = {
        "profile edited": lambda alpha: rec.scores(asking.histories, edits, alpha),
        "guide": lambda alpha: rec.scores(asking.histories, asks, alpha, [1] * len(asks)),
        "request": request,
        "concept": concept,
    }
    rows = [_row("none", 0.0, plain, asking.targets, masked_all, k, 0.0)]
    for name, way in ways.items():
        for weight in weights:
            started = time.perf_counter()
            scores = way(weight)
            took = 1000 * (time.perf_counter() - started) / len(asks)
            rows.append(_row(name, weight, scores, asking.targets, masked_all, k, took))
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
