"""What tells whether a text is of the kind that a text side learned from: kinds of items, and how far is far."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from elm._typing import Floats
from elm.recommend.profiles._sentences import pieces

_FAR = 99.0
"""Percentile of held-out texts of the training's writer beyond which a text is far."""
_FEWEST = 20  # held-out texts that a limit is taken from


@dataclass(frozen=True)
class KnownTexts:
    """kinds: those that items have. limit: the distance (`text_distances`) that 1 % of held-out texts of the training's
    writer lie beyond; None where there were too few of them, or where no texts are read.
    """

    kinds: tuple[str, ...] = ()
    limit: float | None = None

    @classmethod
    def fit(cls, text: Any, held_out: Sequence[str], kinds: Sequence[str]) -> KnownTexts:
        """For a trained text side, from texts that it was not trained on, by the writer of those that it was."""
        found = text_distances(text, held_out) if len(held_out) >= _FEWEST else None
        return cls(tuple(kinds), None if found is None else float(np.percentile(found, _FAR)))

    def far(self, text: Any, profiles: Sequence[str]) -> np.ndarray:
        """Whether each text lies beyond the limit, (n,) of booleans."""
        found = None if self.limit is None else text_distances(text, profiles)
        return np.zeros(len(profiles), bool) if found is None else found > self.limit

    def told(self) -> dict[str, Any]:
        """As plain values, for the config of a recommender's folder."""
        return {"kinds": list(self.kinds), "limit": self.limit}


def text_distances(text: Any, profiles: Sequence[str]) -> np.ndarray | None:
    """How far the mean piece of each profile lies from that of the training texts, (n,), in deviations of pieces.

    text: a text side whose head has a centre and a scale; None for any other, such as one that reads genres.
    """
    head, encoder = getattr(text, "head", None), getattr(text, "encoder", None)
    centre = getattr(head, "centre", None)
    if encoder is None or head is None or centre is None or not all(isinstance(profile, str) for profile in profiles):
        return None
    cut = [pieces(profile) for profile in profiles]
    every = list(dict.fromkeys(piece for own in cut for piece in own))
    if not every:
        return None
    table = (np.asarray(encoder.encode(every)) - centre.cpu().numpy()) / float(head.scale)
    place = {piece: row for row, piece in enumerate(every)}
    empty = np.zeros(table.shape[1])
    means = [table[[place[piece] for piece in own]].mean(0) if own else empty for own in cut]
    result: Floats = np.linalg.norm(np.stack(means), axis=1)
    return result
