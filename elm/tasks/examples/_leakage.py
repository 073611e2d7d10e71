"""What training examples give away of the examples that are scored."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from elm._errors import LeakageError, UnknownNameError
from elm.data import PARTS
from elm.embeddings import VectorTable
from elm.tasks._task import get
from elm.tasks.examples._files import check_examples
from elm.tasks.facts._briefs import Brief, ItemBrief
from elm.tasks.teachers._title_leaks import names_in

if TYPE_CHECKING:
    from datasets import DatasetDict

Holder = tuple[str, str, str]  # domain, "item" or "user", id: an item in two spaces is one


@dataclass(frozen=True)
class LeakageReport:
    """Counts by pair of parts, such as "train/test" (what stands in the second was seen in the first), or by part.

    examples: rows of each part. entities: shared ones, which are always 0 here. texts: rows of the later part whose
    text stands in the earlier one. vectors: entities of the later part with a vector of nearly the direction of one in
    the earlier (cosine above `near`). names: rows whose text names its entity. Both are empty where tables or briefs
    were not given.
    """

    examples: dict[str, int]
    entities: dict[str, int]
    texts: dict[str, int]
    vectors: dict[str, int] = field(default_factory=dict)
    names: dict[str, int] = field(default_factory=dict)
    near: float = 0.999

    @property
    def copied(self) -> float:
        """The share of test texts that stand in the training part, word for word."""
        return self.texts.get("train/test", 0) / max(1, self.examples.get("test", 0))

    def lines(self) -> list[str]:
        """The report for people."""
        told = [f"{part}: {count:,} examples" for part, count in self.examples.items()]
        told += [f"{pair}: {count:,} shared entities" for pair, count in self.entities.items()]
        told += [f"{pair}: {count:,} texts come twice" for pair, count in self.texts.items()]
        told += [
            f"{pair}: {count:,} vectors nearly equal (cosine above {self.near:g})"
            for pair, count in self.vectors.items()
        ]
        told += [f"{part}: {count:,} texts name their entity" for part, count in self.names.items()]
        if "test" in self.examples:
            told.append(f"{self.copied:.1%} of the test texts stand in the training part word for word")
        return told


def leakage_report(
    examples: DatasetDict,
    tables: Mapping[str, VectorTable] | None = None,
    briefs: Mapping[str, Mapping[str, Brief]] | None = None,
    near: float = 0.999,
) -> LeakageReport:
    """Look for what parts share: entities, texts, and with `tables` (by space) nearly equal vectors.

    briefs: by domain, what entities are called; texts are then searched for the names. Template texts often come twice,
    for two entities may share the facts that they tell; near vectors mean items that are in the data under two ids.
    Raises `LeakageError` for a shared entity, `CallError` for columns that examples do not have.
    """
    check_examples(examples)
    parts = [part for part in PARTS if part in examples]
    held = {part: _holders(examples[part]) for part in parts}
    pairs = [(f"{one}/{other}", one, other) for one, other in combinations(parts, 2)]
    for _, one, other in pairs:
        if both := sorted(held[one].keys() & held[other].keys()):
            told = ", ".join(f"{kind} {id!r} of {domain}" for domain, kind, id in both[:3])
            raise LeakageError(
                f"parts of the examples must share no entity, but {one} and {other} share {len(both)} ({told}): split "
                "by entity, with split_entities, and make the examples again"
            )
    texts = {part: examples[part]["text"] for part in parts}
    known = {part: set(texts[part]) for part in parts}
    return LeakageReport(
        {part: examples[part].num_rows for part in parts},
        {name: 0 for name, _, _ in pairs},
        {name: sum(text in known[one] for text in texts[other]) for name, one, other in pairs},
        {name: _twins(held[one], held[other], tables, near) for name, one, other in pairs} if tables else {},
        {part: sum(_named(examples[part], briefs)) for part in parts} if briefs else {},
        near,
    )


def _holders(rows: Any) -> dict[Holder, set[str]]:
    """Each entity of a part, with the spaces that it has vectors in."""
    found: dict[Holder, set[str]] = defaultdict(set)
    kinds: dict[tuple[str, str], str] = {}
    for task, domain, space, entities in zip(*(rows[c] for c in ("task", "domain", "space", "entities")), strict=True):
        if (task, domain) not in kinds:
            kinds[task, domain] = _kind(task, domain)
        for entity in entities:
            found[domain, kinds[task, domain], entity].add(space)
    return found


def _kind(task: str, domain: str) -> str:
    try:
        return "user" if get(task, domain).reads == "user" else "item"
    except UnknownNameError:  # a task of someone else's
        return "item"


def _twins(
    one: dict[Holder, set[str]], other: dict[Holder, set[str]], tables: Mapping[str, VectorTable], near: float
) -> int:
    """How many entities of `other` have nearly the direction of one in `one`, in some space."""
    twins: set[Holder] = set()
    for space, table in tables.items():
        ours = [holder for holder, spaces in other.items() if space in spaces]
        theirs = [holder for holder, spaces in one.items() if space in spaces]
        if not ours or not theirs:
            continue
        base = _directions(table, theirs)
        for start in range(0, len(ours), 1024):
            block = ours[start : start + 1024]
            highest = (_directions(table, block) @ base.T).max(1)
            twins.update(holder for holder, cosine in zip(block, highest, strict=True) if cosine > near)
    return len(twins)


def _directions(table: VectorTable, holders: list[Holder]) -> np.ndarray:
    """The vectors of the holders, (n, dim), of length 1 (a zero vector stays zero)."""
    vectors = table.rows([id for _, _, id in holders])
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.where(lengths > 0, lengths, 1)


def _named(rows: Any, briefs: Mapping[str, Mapping[str, Brief]]) -> Iterator[bool]:
    for domain, entities, text in zip(rows["domain"], rows["entities"], rows["text"], strict=True):
        told = [brief for id in entities if (brief := briefs.get(domain, {}).get(id)) is not None]
        items = [
            i for brief in told for i in ((brief,) if isinstance(brief, ItemBrief) else brief.liked + brief.disliked)
        ]
        known = " ".join(part for item in items for part in (*item.texts, *item.kinds))
        yield any(names_in(text, item.title, item.year, known) for item in items)
