"""`elm describe --vectors TABLE --out texts.parquet`: a text about each vector of a table of any size."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from elm.cli._options import Endpoint

if TYPE_CHECKING:
    from elm.bulk import Engine, Order


class EngineName(StrEnum):
    """What writes the texts."""

    transformers = "transformers"
    vllm = "vllm"
    ray = "ray"


Out = Annotated[
    Path | None,
    typer.Option(help="Write the texts of a whole table here: a .parquet file, or a folder of one file a shard."),
]
SkipBad = Annotated[
    bool, typer.Option("--skip-bad", help="With --out: a row that cannot be read is told of, and not an error.")
]
BatchSize = Annotated[int, typer.Option(min=1, help="Texts at a time; for an endpoint, calls at a time.")]
ShardRows = Annotated[int, typer.Option(min=1, help="With --out: rows of a shard, what a kill loses at most.")]
ByEngine = Annotated[
    EngineName,
    typer.Option("--engine", help="With --out: this process, a vLLM server (--endpoint), or a Ray cluster."),
]
Served = Annotated[str | None, typer.Option(help="The model's name at the endpoint, where it serves several.")]
Workers = Annotated[int, typer.Option(min=1, help="With --engine ray: processes that hold the model.")]
Cluster = Annotated[str | None, typer.Option(help="With --engine ray: address of a cluster; this machine without it.")]
EndpointUrl = Endpoint


def engine_of(
    name: EngineName,
    run: Path | None,
    placement: dict[str, Any],
    endpoint: str | None,
    served: str | None,
    workers: int,
    cluster: str | None,
) -> tuple[Engine, Any]:
    """The engine that the options name, and the model where it is here; `CallError` for another's options."""
    from elm._errors import CallError
    from elm.bulk import EndpointEngine, RayEngine, TransformersEngine
    from elm.model import SHIPPED, model_folder
    from elm.runs import open_model

    if (endpoint is not None or served is not None) != (name == EngineName.vllm):
        raise CallError("--engine vllm writes by an --endpoint, such as http://localhost:8000/v1, and no other does")
    if name == EngineName.ray:
        return RayEngine(model_folder(SHIPPED / "demo" if run is None else run), workers, cluster, placement), None
    model: Any = open_model(run, **placement)
    if name == EngineName.vllm:
        return EndpointEngine(model, model_folder(SHIPPED / "demo" if run is None else run), endpoint, served), model
    return TransformersEngine(model), model


def write_table(engine: Engine, vectors: Path, out: Path, order: Order, way: dict[str, Any], json_mode: bool) -> None:
    """Describe the table and say what came of it. way: further options of `describe_table`."""
    from elm.bulk import describe_table
    from elm.cli._output import echo, emit, is_quiet, remark

    for line in engine.remarks:
        remark(line)
    done = describe_table(engine, vectors, out, order, progress=not is_quiet(), **way)
    told = f"{done.rows - done.bad} texts in {done.path}"
    told += f", {done.bad} rows without one (column problem)" if done.bad else ""
    told += f"; {done.before} of {done.rows} rows were done before" if done.before else ""
    emit(vars(done), json_mode, lambda: echo(told))
