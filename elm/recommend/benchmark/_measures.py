"""A comparison of recommenders: the measures per user, the tables over seeds, and what a fit costs."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from elm._errors import CallError
from elm.metrics import entity_p_value, ndcg, paired_test, recall
from elm.recommend._held_out import HeldOut, ranked_gains
from elm.recommend._ratings import masked
from elm.recommend.backbones._autoencoder import Backbone

T = TypeVar("T")

CUTOFFS = (10, 20, 50)
"""The places that are counted: 20 and 50 in the TEARS paper, 10 elsewhere."""


def measure(model: Backbone, held_out: HeldOut, cutoffs: Sequence[int] = CUTOFFS) -> dict[str, np.ndarray]:
    """Recall@k and NDCG@k of each user that has targets: name, such as "ndcg@20", -> (users with targets,).

    All items are ranked but those of the history (and of `held_out.hidden`). Recall counts hits / min(k, targets); the
    ideal of NDCG is min(k, targets) hits (TEARS, after Liang et al. 2018).

    Raises `CallError` where no user has a target, or the model ranks another number of items.
    """
    held_out.check_targets()
    scores = model.scores(held_out.inputs)
    if held_out.hidden is not None:
        scores = masked(scores, held_out.hidden)
    gains, counts = ranked_gains(scores, held_out.targets, max(cutoffs))
    some = counts > 0
    found = {}
    for k in cutoffs:
        found[f"recall@{k}"] = recall(gains[some], counts[some], k)
        found[f"ndcg@{k}"] = ndcg(gains[some], k, n_relevant=counts[some])
    return found


def compare(
    results: Mapping[str, Sequence[Mapping[str, Sequence[float]]]], reference: str | None = None
) -> list[dict[str, Any]]:
    """The rows of a table: each model's mean and deviation over seeds, and whether it differs from `reference`.

    Args:
        results: model -> one record per seed, as `measure` gives it, all models with the same seeds and users.
        reference: the model that the others are tested against, two-sided and in pairs: `p_seeds` over the means of the
            seeds (the paper's test; None for fewer than two), `p_users` over the users of all seeds.

    >>> runs = {"a": [{"ndcg@20": [0.1, 0.3]}, {"ndcg@20": [0.2, 0.4]}], "b": [{"ndcg@20": [0.2, 0.4]}] * 2}
    >>> [(row["model"], round(row["ndcg@20"]["mean"], 3)) for row in compare(runs, "b")]
    [('a', 0.25), ('b', 0.3)]
    """
    if reference is not None and reference not in results:
        raise CallError(f"the reference must be one of the models {', '.join(results)}, got {reference!r}")
    rows = []
    for model, seeds in results.items():
        row: dict[str, Any] = {"model": model, "seeds": len(seeds)}
        for metric in seeds[0]:
            means = np.array([np.mean(seed[metric]) for seed in seeds])
            row[metric] = {"mean": float(means.mean()), "sd": float(means.std(ddof=1)) if len(means) > 1 else None}
            if reference is not None and model != reference:
                row[metric] |= _against(seeds, results[reference], metric)
        rows.append(row)
    return rows


def _against(
    ours: Sequence[Mapping[str, Sequence[float]]], theirs: Sequence[Mapping[str, Sequence[float]]], metric: str
) -> dict[str, float | None]:
    if [len(seed[metric]) for seed in ours] != [len(seed[metric]) for seed in theirs]:
        raise CallError("models are compared on the same seeds and users; measure both on the same splits")
    mean, other_mean = ([float(np.mean(seed[metric])) for seed in side] for side in (ours, theirs))
    user, other_user = (np.concatenate([np.asarray(seed[metric]) for seed in side]) for side in (ours, theirs))
    return {
        "p_seeds": paired_test(mean, other_mean).p_value if len(mean) > 1 else None,
        "p_users": None if np.isnan(p := entity_p_value(user, other_user)) else p,
    }


def cost(work: Callable[[], T]) -> tuple[T, dict[str, float | None]]:
    """What `work` gives; the seconds it took, and the MiB of memory that it needed at its peak beyond what was in use.

    The peak is that of the process as Linux counts it; elsewhere None.
    """
    before = _reset_peak()
    began = time.perf_counter()
    value = work()
    seconds = time.perf_counter() - began
    peak = _status("VmHWM")
    memory = None if before is None or peak is None else max(0.0, (peak - before) / 1024)
    return value, {"seconds": seconds, "memory_mib": memory}


def _reset_peak() -> float | None:
    """Have Linux count the peak anew; the KiB in use now, None where that cannot be."""
    if not sys.platform.startswith("linux"):
        return None
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return None
    return _status("VmRSS")


def _status(name: str) -> float | None:
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return None
    return next((float(line.split()[1]) for line in lines if line.startswith(f"{name}:")), None)
