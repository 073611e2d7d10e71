"""Describing a table of any size: a job that a kill interrupts and the same call goes on with."""

from __future__ import annotations

import contextlib
import shutil
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tqdm.auto import tqdm

from elm._errors import CallError, OutsideDataWarning, callers_depth
from elm._storage.folders import hold
from elm._storage.inside import check_place
from elm.bulk._engine import Engine, TransformersEngine
from elm.bulk._order import Order, Work
from elm.bulk._parts import Parts, finished
from elm.model import EmbeddingLanguageModel

SHARD_ROWS = 1024
"""Rows of a shard: what a kill loses at most."""


@dataclass(frozen=True)
class Described:
    """Where the texts are; rows of the table, those without a text, and how many were done before this call."""

    path: Path
    rows: int
    bad: int
    before: int


def describe_table(
    engine: Engine | EmbeddingLanguageModel,
    source: Any,
    out: str | Path,
    order: Order,
    *,
    shard_rows: int = SHARD_ROWS,
    skip_bad: bool = False,
    progress: bool = False,
) -> Described:
    """Write a text about each vector of a table, of which a shard is in memory at a time.

    engine: what writes; a model stands for `TransformersEngine(model)`. source: as `elm.embeddings.open_stream` takes
    it. out: a name that ends in .parquet becomes one file, once all is done (until then the shards lie in the folder
    `<out>.parts`, and while they are joined the texts are on the disk twice); any other name a folder of one file a
    shard, which Parquet readers take for one table and which never has to be joined. Columns are row (its number in the
    source), id, text, and problem (why there is no text).

    The same call goes on where a kill, a full disk or an engine that stopped ended it, and what it writes has the same
    bits. A row without a vector or an id, and one whose id an earlier row has, is an error; with `skip_bad` the reason
    stands in its problem. Raises `CallError` where the job was begun with another model, task, seed or table,
    `VectorError` for a bad row, `DataFileError` for a damaged source, `EngineError` where the engine stops, `OSError`
    for a full disk, `FolderBusyError` while another process writes there; warns `OutsideDataWarning` at the end.
    """
    if shard_rows < 1:
        raise CallError(f"a shard has at least one row, got shard_rows={shard_rows}")
    engine = TransformersEngine(engine) if isinstance(engine, EmbeddingLanguageModel) else engine
    work = _work(source, order, shard_rows, skip_bad)
    rows = len(work.stream)
    record = {
        **engine.about,
        **order.about,
        "shard_rows": shard_rows,
        "skip_bad": skip_bad,
        "rows": rows,
        "source": work.stream.fingerprint(),
    }
    out = Path(out)
    check_place(out)
    one_file = out.suffix.lower() == ".parquet"
    folder = out.with_name(f"{out.name}.parts") if one_file else out
    if one_file and (bad := finished(out, record)) is not None:
        shutil.rmtree(folder, ignore_errors=True)
        return Described(out, rows, bad, rows)
    folder.mkdir(parents=True, exist_ok=True)
    held = hold(folder)
    parts = Parts(folder, record, [work.rows_of(number) for number in range(work.shards)])
    before = parts.done()
    try:
        _write(engine, work, parts, progress)
        bad = parts.bad()
        if one_file:
            parts.join(out)
    finally:
        del held
        if one_file and (out.exists() or not parts.done()):  # all is done, or nothing was
            shutil.rmtree(folder)
    return Described(out, rows, bad, before)


def _work(source: Any, order: Order, shard_rows: int, skip_bad: bool) -> Work:
    work = Work(source, order, shard_rows, skip_bad)
    if not len(work.stream):
        raise CallError("a table to describe holds at least one vector, and this one holds none")
    repeats = work.stream.repeats()
    if repeats and not skip_bad:
        name = work.stream.ids(repeats[0], repeats[0] + 1)[0]
        raise CallError(
            f"ids of a table are unique, in all its files, and {name!r} (row {repeats[0]}) is that of an earlier row, "
            f"as {len(repeats)} are: mend them, or write what is wrong with such rows (skip_bad, --skip-bad)"
        )
    return Work(work.source, order, shard_rows, skip_bad, frozenset(repeats)) if repeats else work


def _write(engine: Engine, work: Work, parts: Parts, progress: bool) -> None:
    total, missing, far = len(work.stream), parts.missing(), _FarVectors()
    bar = tqdm(total=total, initial=parts.done(), desc="describe", unit=" texts", disable=not progress, leave=False)
    with bar, far.counted():
        for number, table in engine.shards(work, missing, bar.update):
            parts.commit(number, table)
    if far.batches:
        told = f"in {far.batches} batches, the first of which: {far.first}"
        warnings.warn(told, OutsideDataWarning, stacklevel=callers_depth())


class _FarVectors:
    """Takes the warnings of vectors outside the data, of which there may be one a batch."""

    def __init__(self) -> None:
        self.batches, self.first = 0, ""

    @contextlib.contextmanager
    def counted(self) -> Iterator[None]:
        with warnings.catch_warnings():  # which puts the filters and the function back
            warnings.simplefilter("always", OutsideDataWarning)
            show = warnings.showwarning

            def kept(message: Warning | str, category: type[Warning], *where: Any, **more: Any) -> None:
                if not issubclass(category, OutsideDataWarning):
                    return show(message, category, *where, **more)
                self.batches, self.first = self.batches + 1, self.first or str(message)

            warnings.showwarning = kept
            yield
