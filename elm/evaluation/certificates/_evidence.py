"""What the text about a vector is compared with: its own vector, its neighbour's text, others' texts, a witness."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from elm._errors import CallError
from elm._typing import Array, Flags, Floats
from elm.embeddings import VectorTable, nearest, unit
from elm.evaluation._protocols import Encoder, encoded
from elm.evaluation.consistency._facts import fact_kinds, fact_scores, true_facts
from elm.evaluation.controls._item_probe import LinearProbe
from elm.metrics import cosine, spearman
from elm.tasks import ItemFacts, found_facts


class Witness(Protocol):
    """Reads a vector without any text, and says what in a text it does not find there."""

    def against(self, texts: Sequence[str], vectors: Array, /) -> list[tuple[str, ...]]: ...


class FactWitness:
    """A linear probe on known facts as a witness: against a text are the facts that it states and the probe does not.

    Raises what `LinearProbe.fit` raises.
    """

    def __init__(self, probe: LinearProbe) -> None:
        self._probe = probe

    def against(self, texts: Sequence[str], vectors: Array, /) -> list[tuple[str, ...]]:
        """For each text (n) the facts that the vector (n, dim) does not seem to hold."""
        told = []
        for text, read in zip(texts, self._probe.read(vectors), strict=True):
            stated = found_facts(text, read.domain)
            told.append(
                tuple(fact for kind, facts in stated.items() for fact in sorted(facts - true_facts(read, kind)))
            )
        return told


@dataclass(frozen=True)
class Signs:
    """What speaks for texts (n) and against them.

    sc: cosine of text and own vector; nearest: that of the training neighbour's text and the vector; others: mean over
    texts about other entities; near: cosine of the vector and its nearest training vector; outside: whether it lies
    outside the space's data; against: what the witness does not find; bc: Spearman of the items as the text orders them
    and as the vector does, where there are items.
    """

    sc: Floats
    nearest: Floats
    others: Floats
    near: Floats
    outside: Flags
    against: list[tuple[str, ...]]
    bc: Floats | None = None

    @property
    def refuted(self) -> Flags:
        """(n,): whether a text lies farther from its own vector than the text about the nearest training entity."""
        return self.sc < self.nearest

    def matrix(self) -> Floats:
        """(n, 5), with `bc` (n, 6): what a calibration reads."""
        count = np.array([len(found) for found in self.against], dtype=np.float64)
        columns = [self.sc, self.sc - self.nearest, self.sc - self.others, self.near, count]
        return np.stack(columns if self.bc is None else [*columns, self.bc], axis=1)


class Evidence:
    """What is known of a space beside the model: training vectors, how texts are read back, texts about neighbours.

    known: the table of training entities. encoder: texts into the space, its own or a `TextProjection`. neighbour:
    (entity of `known`, task id) -> a text about it, the teacher's. witness: None where no facts are known. items: what
    texts about users should order. Raises `CallError` for an empty table.
    """

    def __init__(
        self,
        known: VectorTable,
        encoder: Encoder,
        neighbour: Callable[[str, str], str],
        witness: Witness | None = None,
        items: VectorTable | None = None,
    ) -> None:
        if not len(known):
            raise CallError("evidence needs the vectors of training entities, got an empty table")
        self.known, self.encoder, self.neighbour, self.witness, self.items = known, encoder, neighbour, witness, items

    def signs(self, texts: Sequence[str], vectors: npt.ArrayLike, task: str, others: npt.ArrayLike) -> Signs:
        """Of texts (n) about vectors (n, dim); others (dim,): the mean direction of texts about other entities.

        Raises `VectorError` for vectors that are not of the space.
        """
        rows = self.known.space.check(vectors, warn_far=False)
        read = encoded(self.encoder, list(texts))
        lists, _ = nearest(self.known, rows, 1)
        copied = encoded(self.encoder, [self.neighbour(found[0], task) for found in lists])
        witness = self.witness
        return Signs(
            sc=cosine(read, rows),
            nearest=cosine(copied, rows),
            others=(unit(rows) @ np.asarray(others, np.float32)).astype(np.float64),
            near=cosine(self.known.rows([found[0] for found in lists]), rows),
            outside=self.known.space.far(rows),
            against=witness.against(texts, rows) if witness else [()] * len(rows),
            bc=None if self.items is None else spearman(read @ self.items.vectors.T, rows @ self.items.vectors.T),
        )

    def mean_direction(self, texts: Sequence[str]) -> Array:
        """(dim,): the mean of the texts' unit vectors, whose product with a unit vector is their mean cosine."""
        result: Array = unit(encoded(self.encoder, list(texts))).mean(0)
        return result


def no_false_fact(texts: Sequence[str], facts: Sequence[ItemFacts]) -> Flags:
    """Whether each text (n) states no fact that its item (n) has not; a text that states none is not right, either."""
    scores = fact_scores(texts, facts, fact_kinds(facts[0]))
    found, right = (np.sum(list(counts.values()), axis=0) for counts in (scores.found, scores.right))
    flags: Flags = (found > 0) & (found == right)
    return flags
