"""What the experiments share: their options, a folder in which they go on where they were, a table and a figure."""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from elm.embeddings import SentenceEncoder
from elm.evaluation import CachedEncoder
from elm.model import EmbeddingLanguageModel, load_model, shipped_model
from elm.runs import RunConfig, RunFolder, World, build_world, open_run, shipped_twin

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def arguments(doc: str | None, steps: int | None = None, seeds: int | None = None) -> argparse.ArgumentParser:
    """Options that every experiment takes; without steps it trains nothing, without seeds it takes one."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    if steps is not None:
        parser.add_argument("--steps", type=int, default=steps, help=f"of training (default {steps})")
    parser.add_argument("--seed", type=int, default=0, help="the first seed (default 0)")
    if seeds is not None:
        parser.add_argument("--seeds", type=int, default=seeds, help=f"how many seeds (default {seeds})")
    parser.add_argument("--out", type=Path, help="folder of table and figure; a second call goes on there")
    parser.add_argument("--json", action="store_true", help="print the results as JSON")
    return parser


def set_values(words: Sequence[str]) -> dict[str, Any]:
    """What `--set NAME=VALUE` gave, each value read as JSON."""
    return {name: json.loads(value) for name, _, value in (word.partition("=") for word in words)}


@contextmanager
def folder(out: Path | None, given: Mapping[str, Any]) -> Iterator[RunFolder]:
    """The folder of an experiment, in which each finished part is kept; a temporary one where none is named."""
    if out is not None:
        yield RunFolder.start(out, given)
        return
    with tempfile.TemporaryDirectory() as temporary:
        yield RunFolder.start(temporary, given)


def report(name: str, frame: pd.DataFrame, rows: Any, figure: Figure | None, options: argparse.Namespace) -> None:
    """Print the table, or all rows as JSON; keep both and the figure in the folder, where one was named."""
    print(json.dumps(rows, indent=2) if options.json else frame.to_string(index=False, na_rep="-"))
    if options.out is None:
        return
    (options.out / f"{name}.json").write_text(json.dumps(rows, indent=2), encoding="utf-8")
    frame.to_csv(options.out / f"{name}.csv", index=False)
    if figure is not None:
        figure.savefig(options.out / f"{name}.png", dpi=100)


def described(named: str | None, run: RunFolder) -> tuple[EmbeddingLanguageModel, World, RunConfig, CachedEncoder]:
    """Model, world, settings and encoder of the run that is named; else the shipped model and the demo world."""
    if named is not None:
        opened, config = open_run(named)
        encoder = SentenceEncoder(config.encoder)
        world = build_world(opened, config, encoder, progress=False)
        return load_model(named), world, config, CachedEncoder(encoder)
    encoder = SentenceEncoder()
    world = shipped_twin(build_world(run, RunConfig(), encoder, progress=False))
    return shipped_model(), world, RunConfig(), CachedEncoder(encoder)
