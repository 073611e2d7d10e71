"""The world of a reader with another corpus in place of its held-out entities: does it read texts of other kinds?"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from elm._errors import CallError
from elm.data import EntitySplit
from elm.embeddings import SentenceEncoder, semantic
from elm.runs.readers._config import ReaderConfig
from elm.runs.readers._lessons import ReaderWorld
from elm.runs.readers._pairs import Pairs, plain
from elm.runs.readers._texts import texts_of

LEAST = 5
"""Texts that were never learned, below which no figure means anything."""


def another_corpus(
    world: ReaderWorld, config: ReaderConfig, source: Any, encoder: SentenceEncoder, progress: bool = True
) -> tuple[ReaderWorld, ReaderConfig]:
    """The reader's world and settings, where the texts of `source` are the ones that are scored.

    source: as `texts_of` reads it, such as a .csv file; texts that the reader learned or watched are left out. As many
    as `config.scored` are taken, by its seed.

    Raises `CallError` for a reader of vectors that its encoder did not make, and for fewer than five texts that it
    never met.
    """
    table = world.pairs.table
    if table.space.fingerprint != encoder.fingerprint:
        raise CallError(
            "another corpus is scored where the reader's vectors are those of its text encoder, and these are vectors "
            f"of {table.space.name!r}: score its held-out entities, without --corpus"
        )
    known = {plain(text) for id in (*world.split.train, *world.split.validation) for text in world.pairs.texts[id]}
    name = Path(source).stem if isinstance(source, str | Path) else "corpus"
    new = {
        f"{name}:{id}": texts
        for id, texts in texts_of(source).items()
        if not any(plain(text) in known for text in texts)
    }
    if len(new) < LEAST:
        raise CallError(f"a corpus is scored on {LEAST} texts that the reader never met, or more; got {len(new)}")
    order = np.random.default_rng([config.seed, 9]).permutation(len(new))[: config.scored]
    chosen = {id: new[id] for id in (list(new)[place] for place in order)}
    added = semantic(chosen, encoder, name=table.space.name, progress=progress)
    both = Pairs(table.joined(added), {**world.pairs.texts, **chosen})
    split = EntitySplit(world.split.train, world.split.validation, list(chosen))
    return replace(world, pairs=both, split=split), replace(config, scored=len(chosen))
