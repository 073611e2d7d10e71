"""An engine on a Ray cluster: actors that hold the model map shards to texts, by Ray Data's `map_batches`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

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
                for number, data in self._round(replace(work, source=source), some):
                    table = _unpacked(data)
                    told(len(table))
                    yield number, table

    def _round(self, work: Work, numbers: list[int]) -> Iterator[tuple[int, bytes]]:
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
            yield int(row["number"]), row["table"]


class _Worker:
    """Holds a model, and writes shard after shard."""

    def __init__(self, folder: Path, placement: Mapping[str, Any], about: Mapping[str, str], work: Work) -> None:
        self._engine = _engine(folder, placement)
        if self._engine.about != about:
            raise CheckpointError(
                f"all workers write with one model, and {folder} on one of them holds another than on the first: copy "
                "the folder anew"
            )
        self._work = work

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        numbers = [int(number) for number in batch["number"]]
        tables = [_packed(self._work.table(number, self._engine.texts)) for number in numbers]
        return {"number": numbers, "table": tables}


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


class _cluster_errors:
    """Errors of workers as they would be here; those of the cluster as `EngineError`."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        import ray.exceptions

        if error is None or not isinstance(error, ray.exceptions.RayError | ConnectionError):
            return
        inner: BaseException | None = error
        while inner is not None and not isinstance(inner, ElmError):
            inner = getattr(inner, "cause", None) or inner.__cause__
        if isinstance(inner, ElmError):
            raise inner from error
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
