"""Means of entities as vectors of their own: what a reader learns "common" and "topics" of several texts from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from elm._errors import CallError
from elm.embeddings import VectorTable, centroid, interpolate, nearest
from elm.runs.readers._pairs import Pairs
from elm.runs.readers._texts import Texts

_NEIGHBOURS = (2, 20)  # how many entities the mean of neighbours is of
_SEVERAL = (2, 4)  # and the mean of entities drawn at random
_BETWEEN = (0.25, 0.75)  # where between two entities an interpolation lies


@dataclass(frozen=True)
class Means:
    """table: the means, in the space of the entities. texts: the first text of each entity that a mean is of.

    near: ids of the means of neighbours, which have something in common; the others are of entities drawn at random, or
    lie between two of them.
    """

    table: VectorTable
    texts: Texts
    near: list[str]


def means_of(pairs: Pairs, ids: Sequence[str], count: int, seed: int, size: int | None = None) -> Means:
    """About `count` means of entities among `ids`: half of neighbours, a quarter of random ones, a quarter between two.

    size: only means of so many neighbours. No two means are of the same entities. Raises `CallError` for fewer than two
    entities or fewer than two means.
    """
    if len(ids) < 2 or count < 2:
        raise CallError(f"means are of two entities or more, two means at least, got {len(ids)} and {count}")
    rng, among = np.random.default_rng([seed, 7]), pairs.table.subset(list(ids))
    shares = {"near": 1.0} if size else {"near": 0.5, "some": 0.25, "between": 0.25}
    made: dict[str, tuple[np.ndarray, list[str]]] = {}
    for kind, share in shares.items():
        for members, vector in _drawn(kind, max(1, round(share * count)), among, rng, size):
            made.setdefault(f"mean-{kind}:{'+'.join(members)}", (vector, members))
    table = VectorTable(list(made), np.stack([vector for vector, _ in made.values()]), pairs.table.space)
    texts = {name: [pairs.texts[id][0] for id in members] for name, (_, members) in made.items()}
    return Means(table, texts, [name for name in made if name.startswith("mean-near:")])


def _drawn(
    kind: str, count: int, among: VectorTable, rng: np.random.Generator, size: int | None
) -> Iterator[tuple[list[str], np.ndarray]]:
    """Entities, and the vector that stands for them, `count` times."""
    space, most = among.space, len(among)
    if kind == "near":
        low, high = (size, size) if size else _NEIGHBOURS
        centres = rng.integers(most, size=count)
        numbers = np.minimum(rng.integers(low, high + 1, size=count), most)
        near, _ = nearest(among, among.vectors[centres], int(numbers.max()))  # of all at once
        for members, number in zip(near, numbers, strict=True):
            yield members[:number], centroid(among.rows(members[:number]), space=space)
        return
    for _ in range(count):
        number = 2 if kind == "between" else int(rng.integers(_SEVERAL[0], _SEVERAL[1] + 1))
        members = [among.ids[k] for k in rng.choice(most, size=min(number, most), replace=False)]
        if kind == "some":
            yield members, centroid(among.rows(members), space=space)
        else:
            one, other = among.rows(members)
            yield members, interpolate(one, other, float(rng.uniform(*_BETWEEN)), space)
