"""Vectors beside their texts: what a reader learns from, checked, kept in its folder, and split without twins."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from elm._errors import CallError
from elm._storage.files import written_aside
from elm._storage.parquet import read_parquet
from elm.data import EntitySplit, split_entities
from elm.embeddings import VectorTable, nearest
from elm.runs.readers._texts import Texts

LEAST = 20
"""Pairs without which nothing can be learned, held out and scored."""

_TWINS = 0.9999  # cosine above which two vectors count as one


@dataclass(frozen=True)
class Pairs:
    """table: the vectors; texts: one or more of each. Raises `CallError` for fewer than 20 vectors with a text, for
    vectors without spread, and for texts that all say the same.
    """

    table: VectorTable
    texts: Texts

    def __post_init__(self) -> None:
        spread = self.table.vectors.std(0)
        if len(self.table) < LEAST:
            raise CallError(
                f"a reader learns from {LEAST} vectors with texts at least, better from 2,000; got {len(self.table)}"
            )
        if not (spread > 1e-9 * max(1.0, float(np.abs(self.table.vectors).max()))).any():
            raise CallError(f"vectors have to differ, and these {len(self.table)} are all alike: nothing can be read")
        if len({plain(text) for some in self.texts.values() for text in some}) < 2:
            raise CallError("texts have to differ, and these all say the same: there is nothing to learn")

    @classmethod
    def of(cls, table: VectorTable, texts: Texts) -> Pairs:
        """Those of both that have the other; `CallError` where no id is in both."""
        both = [id for id in table.ids if id in texts]
        if not both:
            raise CallError(
                f"vectors and texts are joined by their ids, and none is in both: vectors have {_some(table.ids)}, "
                f"texts {_some(list(texts))}"
            )
        return cls(table if len(both) == len(table) else table.subset(both), {id: texts[id] for id in both})

    @property
    def digest(self) -> str:
        """A hash of ids, numbers and texts, by which a folder knows its data again."""
        found = hashlib.sha256(json.dumps([self.table.ids, list(self.texts.items())]).encode("ascii"))
        found.update(self.table.vectors.astype("<f4").tobytes())
        return found.hexdigest()[:16]

    def save(self, folder: Path) -> None:
        """Write the vectors and texts of a reader's folder."""
        rows = [(id, text) for id, some in self.texts.items() for text in some]
        self.table.save(folder / "vectors" / "entities")
        with written_aside(folder / "texts.parquet") as aside:
            pd.DataFrame(rows, columns=["id", "text"]).to_parquet(aside, index=False)

    @classmethod
    def load(cls, folder: Path) -> Pairs:
        """Read what `save` wrote; `DataFileError` where a file is missing or damaged."""
        frame = read_parquet(folder / "texts.parquet", kinds={"id": "text", "text": "text"})
        texts: Texts = {}
        for id, text in zip(frame["id"], frame["text"], strict=True):
            texts.setdefault(str(id), []).append(str(text))
        return cls(VectorTable.load(folder / "vectors" / "entities"), texts)

    def split(self, shares: tuple[float, float], seed: int) -> EntitySplit:
        """Entities in three parts; those that share a text or a vector are held out together."""
        groups = self.twins()
        parts = split_entities(groups, *shares, seed=seed)
        return EntitySplit(*([id for key in getattr(parts, part) for id in groups[key]] for part in _PARTS))

    def twins(self) -> dict[str, list[str]]:
        """First id -> the entities that are linked to it by an equal text or a vector of the same direction."""
        head = {id: id for id in self.table.ids}

        def first(id: str) -> str:
            while head[id] != id:
                head[id] = id = head[head[id]]
            return id

        def join(one: str, other: str) -> None:
            head[first(other)] = first(one)

        seen: dict[str, str] = {}
        for id, some in self.texts.items():
            for text in some:
                join(seen.setdefault(plain(text), id), id)
        for id, near, score in self._nearest():
            if score > _TWINS:
                join(near, id)
        groups: dict[str, list[str]] = {}
        for id in self.table.ids:
            groups.setdefault(first(id), []).append(id)
        return {members[0]: members for members in groups.values()}

    def _nearest(self) -> list[tuple[str, str, float]]:
        """Each entity, another with nearly its direction, and the cosine."""
        table = self.table.by_direction()
        found, scores = nearest(table, table.vectors, 1, exclude=table.ids)
        return [(id, some[0], float(best[0])) for id, some, best in zip(table.ids, found, scores, strict=True)]


_PARTS = ("train", "validation", "test")


def plain(text: str) -> str:
    """A text without what does not tell it from another: capital letters and spaces."""
    return " ".join(text.lower().split())


def _some(ids: list[str]) -> str:
    return ", ".join(map(repr, ids[:3])) + (", ..." if len(ids) > 3 else "")
