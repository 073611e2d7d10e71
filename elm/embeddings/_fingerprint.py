"""What tells two spaces of one name and size apart: a hash of the item factors, the same on every machine."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import numpy as np

from elm._errors import CallError

if TYPE_CHECKING:
    from elm.embeddings._space import EmbeddingSpace
    from elm.embeddings._table import VectorTable

LENGTH = 16  # hexadecimal digits: that any two of a million spaces share one has a chance of 1 in 37 million


def fingerprint_of(items: VectorTable) -> str:
    """The fingerprint of the space that an item table of `wals` spans: 16 hexadecimal digits.

    sha256 over the ids, in order, as a JSON list in ASCII, and the factors, row by row, as little-endian half
    precision, the coarsest that a table is stored in. So a table has one fingerprint whether it is kept in single or
    half precision, and on every machine that reads it. Another fit is another space: it differs by a rotation.

    >>> from elm.embeddings import EmbeddingSpace, VectorTable
    >>> factors = [[0.25, -1.0], [3.1, 0.5]]
    >>> table = VectorTable(["f1", "f2"], factors, EmbeddingSpace.fit("toy", factors, "dot", {}, ""))
    >>> fingerprint_of(table)
    '1a8c2718953e7981'
    """
    with np.errstate(over="ignore"):  # beyond 65504: infinity, as good a number to hash as any
        factors = items.vectors.astype("<f2")
    digest = hashlib.sha256(json.dumps(items.ids).encode("ascii"))
    digest.update(factors.tobytes())
    return digest.hexdigest()[:LENGTH]


def check_fingerprint(items: VectorTable) -> None:
    """`CallError` where a table says that it is a whole item table of `wals`, and its factors say otherwise.

    Of other tables nothing is known: users are placed by the items, and texts by an encoder, neither of which is in
    the table.
    """
    made = items.space.made
    whole = made.get("by") == "wals" and made.get("kind") == "items" and made.get("n_items") == len(items)
    if whole and items.space.fingerprint != (found := fingerprint_of(items)):
        raise CallError(
            f"the fingerprint of an item table is that of its factors ({found}), and this one says "
            f"{items.space.fingerprint}: it was changed, or made by an older version; run wals again"
        )


def nearest_space(wanted: EmbeddingSpace, known: list[EmbeddingSpace]) -> EmbeddingSpace | None:
    """The space among `known` that has most in common with `wanted`; None where they have nothing in common.

    What counts, in this order: the fingerprint, the size, the name, the metric.
    """

    def shared(space: EmbeddingSpace) -> tuple[bool, bool, bool, bool]:
        pairs = ((getattr(space, f), getattr(wanted, f)) for f in ("fingerprint", "dim", "name", "metric"))
        same = [one == other for one, other in pairs]
        return same[0], same[1], same[2], same[3]

    best = max(known, key=shared, default=None)
    return best if best is not None and any(shared(best)[:3]) else None
