"""elm train: the base model, the demo model that ships, or a run on any data set."""

from __future__ import annotations

from enum import StrEnum
from math import isfinite
from pathlib import Path
from typing import Annotated, Any

import typer

from elm.cli._options import Json, Quiet, Seed, Track

train = typer.Typer(
    help="Train the base model, the demo model, or adapters on a data set.", no_args_is_help=True, rich_markup_mode=None
)


class World(StrEnum):
    """The generated worlds."""

    demo = "demo"
    shop = "demo-shop"


_BASE = '"shipped", a folder, a GGUF file, "gemma-3-270m", or a Hub id.'

Fast = Annotated[bool, typer.Option("--fast", help="Compile and compute in bfloat16 (needs a C++ compiler).")]


@train.command("base")
def base(
    out: Annotated[Path, typer.Option(help="Folder for the base, in transformers format.")] = Path("runs/base"),
    data: Annotated[
        str | None, typer.Option(help='"demo-shop"; or go on from the shipped base with the texts of this data set.')
    ] = None,
    steps: Annotated[int | None, typer.Option(min=1, help="Optimisation steps; the recipe's own by default.")] = None,
    seed: Seed = 0,
    fast: Fast = False,
    quiet: Quiet = False,
    json_mode: Json = False,
) -> None:
    """Train the small base language model: from facts in a prompt it learns to write a task's text.

    Example: elm train base --out runs/base --fast
    """
    from elm.cli._output import echo, emit, is_quiet
    from elm.runs import make_base

    result = make_base(out, data, steps=steps, seed=seed, fast=fast, progress=not is_quiet())
    emit(result, json_mode, lambda: echo(f"base in {out}: loss {result['loss']:.3f} after {result['steps']} steps"))


@train.command("demo")
def demo(
    out: Annotated[Path, typer.Option(help="Folder for model, vectors and scores.")] = Path("runs/shipped"),
    data: Annotated[World, typer.Option(help="The generated world.")] = World.demo,
    base_folder: Annotated[str, typer.Option("--base", help=_BASE)] = "shipped",
    seed: Seed = 0,
    fast: Fast = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="Begin again instead of resuming.")] = False,
    install: Annotated[bool, typer.Option(help="Put the result into the package, to be shipped.")] = False,
    quiet: Quiet = False,
    json_mode: Json = False,
) -> None:
    """Train the demo model that ships with the package (about an hour on two cores), or one of products.

    Example: elm train demo --out runs/shipped --fast --install
    Products: elm train demo --data demo-shop --base runs/shop-base --out runs/shop --fast
    """
    from elm.cli._output import echo, emit, is_quiet
    from elm.runs import make_demo

    result = make_demo(
        out,
        data=data.value,
        base=base_folder,
        seed=seed,
        fast=fast,
        fresh=fresh,
        install=install,
        progress=not is_quiet(),
    )
    emit(result, json_mode, lambda: echo(f"model in {out / 'model'}: {_losses(result)}"))


@train.command("run")
def run(
    data: Annotated[str, typer.Argument(help="A data set's name, or a folder that `elm data --out` wrote.")],
    out: Annotated[
        Path | None, typer.Option(help="Run folder; runs/<name> by default, runs/<name>-run where that is the data.")
    ] = None,
    base_folder: Annotated[str, typer.Option("--base", help=_BASE)] = "shipped",
    steps: Annotated[tuple[int, int], typer.Option(help="Steps of stage one and stage two.")] = (400, 800),
    encoder: Annotated[
        str, typer.Option(help="Sentence encoder of the film vectors: a name or a local folder.")
    ] = "all-MiniLM-L6-v2",
    vectors_from: Annotated[
        str, typer.Option(help="Text sources of the film vectors, comma-separated; all but the target by default.")
    ] = "",
    target: Annotated[
        str | None, typer.Option(help="Text source that teachers quote (real films); tmdb by default.")
    ] = None,
    themes: Annotated[
        int, typer.Option(min=0, help="Words that tell what a real film is about; 0: teachers quote its plot instead.")
    ] = 6,
    hidden: Annotated[
        int, typer.Option(min=2, help="Width of the adapters; a narrow one reads coarser and overfits less.")
    ] = 768,
    tasks: Annotated[
        str, typer.Option(help='Film tasks, comma-separated, or "all"; four by default (see elm tasks list).')
    ] = "",
    validate_every: Annotated[
        int, typer.Option(min=0, help="Steps between scorings of what the model writes; the best weights are kept.")
    ] = 0,
    patience: Annotated[int, typer.Option(min=0, help="Stop a stage after this many scorings without a new best.")] = 0,
    batch_tokens: Annotated[
        int, typer.Option(min=1, help="Maximum number of tokens per batch, padding included.")
    ] = 2400,
    accumulate: Annotated[int, typer.Option(min=1, help="Batches per step, where memory holds no more at once.")] = 1,
    schedule: Annotated[str, typer.Option(help="Of the learning rate: cosine, linear or constant.")] = "cosine",
    lr: Annotated[
        float, typer.Option(help="Learning rate of the adapters in stage two; stage one has twice as much.")
    ] = 1e-3,
    llm_lr: Annotated[
        float | None, typer.Option(help="Learning rate of the language model; by its size and by LoRA by default.")
    ] = None,
    dtype: Annotated[
        str,
        typer.Option(help="Precision of the base: float32, or with --lora bfloat16 or float16, for half the memory."),
    ] = "float32",
    recompute: Annotated[
        bool, typer.Option("--gradient-checkpointing", help="Less memory for activations, and a third more time.")
    ] = False,
    lora: Annotated[int, typer.Option(min=0, help="Rank of LoRA in stage two; 0 trains all weights.")] = 0,
    words: Annotated[
        str, typer.Option(help="Of the base that are written: all, corpus (of the texts), or auto (by its size).")
    ] = "auto",
    text_lora: Annotated[
        int, typer.Option(min=0, help="Rank of LoRA in the recommender's text encoder; 0 keeps it frozen (faster).")
    ] = 0,
    fresh: Annotated[bool, typer.Option("--fresh", help="Begin again instead of resuming.")] = False,
    track: Track = None,
    plan: Annotated[bool, typer.Option("--plan", help="Tell memory, tokens and hours, and train nothing.")] = False,
    device: Annotated[
        str | None, typer.Option(help="With --plan: cpu, cuda, or a GPU by name, such as l4, a100, h100.")
    ] = None,
    seed: Seed = 0,
    fast: Fast = False,
    quiet: Quiet = False,
    json_mode: Json = False,
) -> None:
    """Train adapters and recommender on a data set; the same call resumes where it was stopped.

    Example: elm train run runs/data-ml-100k --base runs/base-ml-100k --out runs/ml-100k
    A large base: elm train run my-data --base Qwen/Qwen3-0.6B --lora 16 --dtype bfloat16
    What it would take: elm train run my-data --base Qwen/Qwen3-0.6B --lora 16 --plan --device l4
    """
    from dataclasses import replace

    from elm._errors import CallError
    from elm.cli._output import echo, emit, is_quiet
    from elm.runs import RunConfig, train_run
    from elm.training import TwoStage, tracked

    source, default = Path(data).resolve(), Path("runs") / Path(data).resolve().name
    if source.is_dir() and source == default.resolve():
        default = default.with_name(f"{default.name}-run")
    if out is not None and source.is_dir() and source == out.resolve():
        raise CallError(f"a run begins in a folder of its own, and {out} is the data set's: choose another with --out")
    if min(steps) < 0:
        raise CallError(f"--steps takes two numbers of 0 or more, got {steps[0]} and {steps[1]}")
    if not (lr > 0 and isfinite(lr) and (llm_lr is None or (llm_lr > 0 and isfinite(llm_lr)))):
        raise CallError(f"learning rates are numbers above 0, got --lr {lr} and --llm-lr {llm_lr}")
    by_size = None if base_folder != "shipped" else 1.0  # which learns as fast as the adapters
    stages = TwoStage(
        llm_lr=by_size if llm_lr is None else llm_lr / lr,
        seed=seed,
        fast=fast,
        lora_rank=lora,
        batch_tokens=batch_tokens,
        words=words,
        recompute=recompute,
    )
    one, two = (
        replace(stage, steps=count, lr=rate, accumulate=accumulate, schedule=schedule)
        for stage, count, rate in zip((stages.one, stages.two), steps, (2 * lr, lr), strict=True)
    )
    stages = replace(stages, one=one, two=two)
    sources = [source.strip() for source in vectors_from.split(",") if source.strip()]
    config = RunConfig.for_dataset(
        data,
        sources,
        target,
        seed=seed,
        base=base_folder,
        base_dtype=dtype,
        encoder=encoder,
        themes=themes,
        hidden=hidden,
        training=stages,
        text_lora_rank=text_lora,
        validate_every=validate_every,
        patience=patience,
    )
    config = config.with_tasks([name.strip() for name in tasks.split(",") if name.strip()])
    if plan or device is not None:
        from elm.cli._train_plan import show_plan

        show_plan(config, device, plan, json_mode)
        return
    folder = out or default
    with tracked(track, folder.absolute()):
        result = train_run(folder, config, fresh=fresh, progress=not is_quiet())
    emit(result, json_mode, lambda: echo(f"run in {folder}: {_losses(result['train'])}"))


def _losses(result: dict[str, Any]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} loss {result[name]['loss']:.3f}" for name in ("stage_one", "stage_two"))
