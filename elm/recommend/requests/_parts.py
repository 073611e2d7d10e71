"""The parts of what is asked for: each scores every item, and they add up to one signal or leave items out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from elm.recommend.requests._scoring import shares
from elm.recommend.requests._standing import StandingWishes

LEAVES_OUT = 0.5
"""An item whose value under a standing wish is lower than this is left out by it."""


W_CONTROL = 0.8
"""The weight of what is asked for where none is given."""


@dataclass(frozen=True)
class Asked:
    """What bends a list, beside engagement. concepts: name -> amount from -1 (away) to 1 (towards)."""

    request: str | None = None
    standing: StandingWishes | Iterable[str] | None = None
    concepts: Mapping[str, float] | None = None
    w_control: float = W_CONTROL


@dataclass(frozen=True, eq=False)
class Part:
    """One thing that bends a list. scores: (items,), NaN where nothing is known. filters: it only leaves out."""

    name: str
    said: str
    scores: np.ndarray
    weight: float = 1.0
    filters: bool = False


def left_out_by(parts: Sequence[Part]) -> np.ndarray | bool:
    """Which items the filters among the parts leave out, (items,); what is not known stays."""
    gone: np.ndarray | bool = False
    for part in parts:
        if part.filters:
            gone = gone | (np.nan_to_num(part.scores, nan=1.0) < LEAVES_OUT)
    return gone


def control_of(parts: Sequence[Part]) -> np.ndarray | None:
    """What is asked for as one score an item, (items,): that of the only part, or the weighted mean of the parts'
    places; None where there is none. An item of which a part knows nothing has its last place there."""
    if not parts:
        return None
    if len(parts) == 1:
        return parts[0].scores
    total = sum(part.weight for part in parts)
    lowest = [np.where(np.isnan(part.scores), np.nanmin(part.scores) - 1, part.scores) for part in parts]
    found: np.ndarray = np.sum(
        [part.weight / total * shares(scores)[0] for part, scores in zip(parts, lowest, strict=True)], axis=0
    )
    return found
