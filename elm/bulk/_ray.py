"""An engine on a Ray cluster: actors that hold the model map shards to texts, by Ray Data's `map_batches`."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

from elm import _errors
from elm._errors import CallError, CheckpointError, ElmError, EngineError
from elm.bulk._engine import Told, TransformersEngine
from elm.bulk._order import Work
from elm.model import load_model

_ROUND = 1024  # shards of one data set of Ray: it has a block for each, and its actors load the model once


class RayEngine:
    """Shards are written by `workers` actors, each with a model of its own, read from the folder by path.

    The folder and the table must be where every worker finds them under the same path. Ray starts a worker that died
    again by itself; where it cannot, what was written is kept, and the same call goes on.
    """

    remarks: tuple[str, ...] = ()

    def __init__(
        self,
        folder: str | Path,
        workers: int = 2,
        address: str | None = None,
        placement: Mapping[str, Any] | None = None,
        resources: Mapping[str, float] | None = None,
    ) -> None:
        """address: of the cluster; None is one on this machine. placement: as `load_model` takes it. resources: of an
        actor, such as {"num_gpus": 1}, as `map_batches` takes them; by default a processor.

        Raises `CallError` where Ray is not installed, `EngineError` where the cluster is not reached, and the errors of
        `load_model`.
        """
        self._ray = _installed()
        self._folder, self._workers = Path(folder).resolve(), workers
        self._placement, self._resources = dict(placement or {}), dict(resources or {"num_cpus": 1})
        with _cluster_errors():
            self._ray.init(address=address, ignore_reinit_error=True, log_to_driver=False, include_dashboard=False)
            about = self._ray.remote(_about).options(**self._resources)
            self.about: Mapping[str, str] = self._ray.get(about.remote(self._folder, self._placement))

    def shards(self, work: Work, numbers: Iterable[int], told: Told) -> Iterator[tuple[int, Any]]:
        source = Path(work.source).resolve() if isinstance(work.source, str | Path) else work.source
        waiting = iter(numbers)
        while some := list(islice(waiting, _ROUND)):
            with _cluster_errors():
                for number, problem, data in self._round(replace(work, source=source), some):
                    if problem:
                        raise _error_of(problem)
                    table = _unpacked(data)
                    told(len(table))
                    yield number, table

    def _round(self, work: Work, numbers: list[int]) -> Iterator[tuple[int, str, bytes]]:
        blocks = self._ray.data.from_items([{"number": number} for number in numbers], override_num_blocks=len(numbers))
        found = blocks.map_batches(
            _Worker,
            fn_constructor_args=(self._folder, self._placement, dict(self.about), work),
            batch_size=1,
            batch_format="numpy",
            compute=self._ray.data.ActorPoolStrategy(size=min(self._workers, len(numbers))),
            **self._resources,
        )
        for row in found.iter_rows():
            yield int(row["number"]), str(row["problem"]), row["table"]


class _Worker:
    """Holds a model, and writes shard after shard; an error is told of, since Ray would try again what cannot be."""

    def __init__(self, folder: Path, placement: Mapping[str, Any], about: Mapping[str, str], work: Work) -> None:
        self._engine, self._work = _engine(folder, placement), work
        self._other = self._engine.about != about

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        numbers = [int(number) for number in batch["number"]]
        found = [self._written(number) for number in numbers]
        return {"number": numbers, "problem": [one[0] for one in found], "table": [one[1] for one in found]}

    def _written(self, number: int) -> tuple[str, bytes]:
        try:
            if self._other:
                raise CheckpointError(
                    "all workers write with one model, and the folder of one of them holds another than that of the "
                    "first: copy it anew"
                )
            return "", _packed(self._work.table(number, self._engine.texts))
        except ElmError as error:
            return f"{type(error).__name__} {error}", b""


def _error_of(problem: str) -> ElmError:
    """An error that a worker told of, as it would be here."""
    name, _, message = problem.partition(" ")
    kind = getattr(_errors, name, EngineError)
    error: ElmError = kind.__new__(kind)
    error.args = (message,)
    return error


def _engine(folder: Path, placement: Mapping[str, Any]) -> TransformersEngine:
    return TransformersEngine(load_model(folder, **placement))


def _about(folder: Path, placement: Mapping[str, Any]) -> dict[str, str]:
    return _engine(folder, placement).about


def _installed() -> Any:
    try:
        import ray
        import ray.data
    except ImportError as error:
        raise CallError('a cluster needs Ray: pip install "elm-toolkit[ray]"') from error
    ray.data.DataContext.get_current().enable_progress_bars = False
    return ray


@contextlib.contextmanager
def _cluster_errors() -> Iterator[None]:
    """What Ray raises where workers or the cluster are gone, as `EngineError`."""
    import ray.exceptions

    try:
        yield
    except (ray.exceptions.RayError, ConnectionError) as error:
        said = " ".join(str(error).split())[-300:]
        raise EngineError(f"the cluster stopped ({said}); what is written is kept: run the same call again") from error


def _packed(table: Any) -> bytes:
    import pyarrow as pa

    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


def _unpacked(data: bytes) -> Any:
    import pyarrow as pa

    return pa.ipc.open_stream(data).read_all()
