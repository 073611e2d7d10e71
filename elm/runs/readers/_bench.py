"""The consistency benchmark of a reader: scored, reported, and said in one line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from elm._errors import UnknownNameError
from elm._version import __version__
from elm.embeddings import SentenceEncoder
from elm.evaluation import BenchReport, Encoder
from elm.model import Placement, load_model
from elm.runs._folder import RunFolder
from elm.runs.readers._config import ReaderConfig
from elm.runs.readers._elsewhere import another_corpus
from elm.runs.readers._lessons import ReaderWorld
from elm.runs.readers._open import open_reader
from elm.runs.readers._score import key_word_recall, score_reader, text_reader, verdict
from elm.runs.scoring._files import digest, model_digest, unless_read_only
from elm.runs.scoring._nearest_of import NearestOf
from elm.runs.scoring._score import RunScores
from elm.runs.share._card import write_card

_KEY_WORDS = ("topics", "common", "difference")


def bench_reader(
    path: str | Path,
    entities: int | None = None,
    *,
    out: str | Path | None = None,
    n: int = 1,
    corpus: Any = None,
    tasks: Sequence[str] | None = None,
    placement: Placement | None = None,
    progress: bool = True,
) -> dict[str, Any]:
    """Scores of a reader on held-out entities: {"run", "consistency", "key_words", "verdict"}, and its report.

    entities: how many at most; those of its settings by default. corpus: texts of another corpus, which are scored
    instead (`another_corpus`); their report goes to `out`, by default a folder in the reader's. tasks: those that are
    scored, by default all that it learned. Errors of `open_reader` and `another_corpus`; `UnknownNameError` for a task
    that it has not learned; the rest as `report_reader`.
    """
    run, config, world = open_reader(path)
    for task in tasks or ():
        if task not in config.task:
            raise UnknownNameError("task of this reader", task, config.task)
    config = replace(config, scored=entities or config.scored, task=tuple(tasks or config.task))
    texts = SentenceEncoder(config.encoder)
    encoder = text_reader(world, texts)
    if corpus is not None:
        world, config = another_corpus(world, config, corpus, texts, progress)
        out = out or run.path / "corpus-report"  # the reader's own report is of what it held out
    return report_reader(run, world, config, encoder, out=out, n=n, placement=placement, progress=progress)


def report_reader(
    run: RunFolder,
    world: ReaderWorld,
    config: ReaderConfig,
    encoder: Encoder,
    *,
    out: str | Path | None = None,
    n: int = 1,
    placement: Placement | None = None,
    progress: bool = True,
) -> dict[str, Any]:
    """The same where its world is at hand, and what reads texts (`text_reader`).

    n: the best of so many texts is scored, by the encoder that SC is measured with, too. placement: where the model
    lies. The report goes to `out`, by default the reader's folder, whose card gets the scores, too.
    """
    model = load_model(run.path, **vars(placement or Placement()))
    writer = NearestOf(model, n, encoder) if n > 1 else model
    found = score_reader(writer, world, config, encoder, progress=progress)
    scores = RunScores(found, {})
    told = scores.to_dict()
    about = {
        "title": run.path.resolve().name,
        "version": __version__,
        "source": {"kind": "model", "folder": str(run.path), "weights": model_digest(run.path)},
        "asked": {"entities": config.scored, "best_of": n},
        "world": {
            "data": config.data,
            "seed": config.seed,
            "vectors": world.pairs.table.space.fingerprint,
            "split": digest((*world.split.train, "|", *world.split.test)),
            **({"best_of": n} if n > 1 else {}),
        },
        "settings": config.to_dict(),
    }
    sections = {name: part for name, part in told.items() if isinstance(part, dict)}
    report = BenchReport(about, sections, scores.frame(), scores.texts_frame(), {})
    if out is None:
        unless_read_only(lambda: write_card(run.path, told))
        unless_read_only(lambda: report.save(run.path))
    else:
        report.save(Path(out))
    return {
        "run": str(run.path),
        "consistency": told["consistency"],
        "key_words": {task: key_word_recall(found[task]) for task in _KEY_WORDS if task in found},
        "verdict": verdict(found, world, config),
    }
