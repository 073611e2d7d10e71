"""`elm.fit`: from anyone's vectors and texts to a trained reader, in one folder that resumes."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Unpack

import torch

from elm._errors import CallError, CheckpointError, ConsistencyWarning, LeakageError, callers_depth
from elm.adapters import MLPAdapter
from elm.embeddings import SentenceEncoder, semantic, vector_table
from elm.evaluation import Encoder
from elm.model import (
    EmbeddingLanguageModel,
    base_reference,
    load_llm,
    load_model,
    plain_ids,
    save_model,
    token_spread,
)
from elm.runs._base import about_base, license_of
from elm.runs._folder import RunFolder
from elm.runs.readers._bench import report_reader
from elm.runs.readers._config import FitOptions, ReaderConfig
from elm.runs.readers._lessons import ReaderWorld, lessons, schedule, single
from elm.runs.readers._open import is_reader_folder, open_reader
from elm.runs.readers._pairs import Pairs, plain
from elm.runs.readers._score import expectation, score_reader, text_reader
from elm.runs.readers._texts import texts_of
from elm.runs.share._card import LOSSES, losses_picture, write_card
from elm.training import TwoStageResult, Validation, train_two_stage

_WATCHED, _LOOKS = 32, 4  # validation entities, and how often they are looked at in stage two
_WATCHED_SCORES = {"SC": "model", "nn": "nn", "shuffled": "shuffled"}  # name in the metrics -> whose texts
_PATIENCE = 2
_UNREADABLE = 1.0  # tokens a letter above which a base spells texts out byte by byte


@dataclass(frozen=True)
class Reader:
    """A fitted reader. folder: its run folder, which `elm.load` opens. verdict: what it is worth, in one line.

    scores: task -> figures on held-out entities, as `report.json` has them.
    """

    folder: Path
    verdict: str
    scores: dict[str, Any]

    @cached_property
    def model(self) -> EmbeddingLanguageModel:
        """The trained model."""
        return load_model(self.folder)

    def describe(self, vectors: Any, task: str = "text", **options: Any) -> Any:
        """Texts about vectors, as `EmbeddingLanguageModel.describe` writes them."""
        return self.model.describe(vectors, task, **options)


def fit(
    vectors: Any,
    texts: Any = None,
    *,
    out: str | Path = "my-reader",
    ids: Any = None,
    name: str = "vectors",
    fresh: bool = False,
    progress: bool = True,
    **options: Unpack[FitOptions],
) -> Reader:
    """Train a model that reads these vectors in words, score it on entities that it has not seen, and save both.

    vectors: n of them, in whatever form `vector_table` reads; or a `SentenceEncoder`, which makes them from the texts.
    texts: one or more of each vector, in whatever form `texts_of` reads; they are joined by id. out: the reader's
    folder; the same call goes on where it was stopped, `fresh` begins again. name: of the space. options: the fields of
    `ReaderConfig`, such as base="gemma-3-270m", task=("text", "topics"), epochs, seed.

    A tenth of the entities is held out for scores, a twentieth is watched while it trains; entities that share a text
    or a vector are held out together. The folder gets the model with its card, and a report; certificates are
    calibrated when they are first asked for (`elm.runs.certifier`).

    Raises `CallError` for fewer than 20 vectors with texts, vectors or texts that are all alike, and texts in a script
    that the base does not read, and what `vector_table` and `texts_of` raise. Warns `ConsistencyWarning` for fewer than
    500 vectors.
    """
    pairs = paired(vectors, texts, ids, name, progress)
    if told := expectation(len(pairs.table)):
        warnings.warn(told, ConsistencyWarning, stacklevel=callers_depth())
    config = ReaderConfig.of(pairs.digest, pairs.table.space.name, **options)
    return fit_pairs(pairs, config, out, fresh=fresh, progress=progress)


def paired(vectors: Any, texts: Any, ids: Any = None, name: str = "vectors", progress: bool = True) -> Pairs:
    """Vectors and texts joined by id; errors as of `fit`."""
    if isinstance(vectors, SentenceEncoder):
        found = texts_of(texts)
        return Pairs.of(semantic(found, vectors, name=name, progress=progress), found)
    table = vector_table(vectors, ids, name=name)
    if texts is None:
        raise CallError("a reader learns what texts say of vectors: give texts, one or more of each vector")
    return Pairs.of(table, texts_of(texts, table.ids))


def fit_pairs(
    pairs: Pairs, config: ReaderConfig, out: str | Path, *, fresh: bool = False, progress: bool = True
) -> Reader:
    """The same from pairs and settings; errors of `RunFolder.start` where the folder was begun with others."""
    run = config.begin(out, fresh)
    run.step("data", lambda: _save(run, pairs))
    world = cache(lambda: ReaderWorld.of(pairs, config))  # only where a step is left that needs it
    encoder = cache(lambda: text_reader(world(), SentenceEncoder(config.encoder)))
    run.step("train", lambda: _train(run, world(), config, encoder, progress))
    scored = run.step("score", lambda: report_reader(run, world(), config, encoder(), progress=progress))
    return Reader(run.path, scored["verdict"], scored["consistency"])


def _save(run: RunFolder, pairs: Pairs) -> dict[str, Any]:
    pairs.save(run.path)
    return {"vectors": len(pairs.table), "texts": sum(map(len, pairs.texts.values()))}


def _train(
    run: RunFolder, world: ReaderWorld, config: ReaderConfig, encoder: Callable[[], Encoder], progress: bool
) -> dict[str, Any]:
    learned = lessons(world, config)
    model = fresh_model(world, config)
    _check_language(model, world)
    plan = schedule(model, learned, config)
    result = train_two_stage(
        model,
        [learned],
        plan,
        progress=progress,
        checkpoints=run.path / "checkpoints",
        validation=_watch(world, config, encoder(), plan.two.steps),
    )
    model.about |= {"made": _made(world, config, result), **license_of(config.base)}
    picture = losses_picture({"stage one": result.one.losses, "stage two": result.two.losses})
    kind = torch.float16 if config.lora else torch.float32  # updates and an adapter are small, and meant to be shared
    write_card(save_model(model, run.path / "model", dtype=kind, files={LOSSES: picture}))
    return {
        f"stage_{name}": {"loss": round(stage.loss, 4), "seconds": round(stage.seconds, 1), "steps": len(stage.losses)}
        for name, stage in (("one", result.one), ("two", result.two))
    }


def fresh_model(world: ReaderWorld, config: ReaderConfig) -> EmbeddingLanguageModel:
    """The base with an untrained adapter; or a trained reader, whose adapter goes on where it is of the same space.

    Raises `CheckpointError` for a reader of another base.
    """
    space = world.pairs.table.space
    if config.reader is None:
        llm, tokenizer = load_llm(config.base)
        about, known = about_base(config.base), list[MLPAdapter]()
    else:
        trained = load_model(config.reader)
        _check_base(trained, config)
        _check_unseen(config.reader, world)
        llm, tokenizer, about = trained.llm, trained.tokenizer, dict(trained.about)
        known = list(trained.parts.adapters.values())
    same = [adapter for adapter in known if adapter.config.fingerprint == space.fingerprint]
    adapter = same[0] if same else _fresh_adapter(world, config, llm)
    tasks = tuple(dict.fromkeys((*adapter.config.tasks, *config.task)))
    adapter.config = replace(adapter.config, space=space.name, tasks=tasks)
    return EmbeddingLanguageModel(llm, tokenizer, {space.name: adapter}, about)


def _fresh_adapter(world: ReaderWorld, config: ReaderConfig, llm: Any) -> MLPAdapter:
    table, train = world.pairs.table, world.split.train
    width = llm.get_input_embeddings().weight.shape[1]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        adapter = MLPAdapter.for_space(
            table.space, width, config.task, token_spread(llm), config.soft_tokens, config.hidden
        )
    return adapter.start_from(table.rows(train))


def _check_base(trained: EmbeddingLanguageModel, config: ReaderConfig) -> None:
    own, wanted = (trained.about.get("base") or {}).get("id"), base_reference(config.base)["id"]
    if own != wanted:
        raise CheckpointError(
            f"a reader goes on with the base that it was trained on: that of {config.reader} is {own}, and {wanted} "
            f"was asked for; say --base {own}"
        )


def _check_unseen(reader: str, world: ReaderWorld) -> None:
    """`LeakageError` where the reader learned a text that is held out here, as far as its folder tells."""
    if not is_reader_folder(Path(reader)):
        return
    _, _, before = open_reader(reader)
    learned = {plain(text) for id in before.split.train for text in before.pairs.texts[id]}
    held = [*world.split.validation, *world.split.test]
    seen = [id for id in held if any(plain(text) in learned for text in world.pairs.texts[id])]
    if seen:
        raise LeakageError(
            f"what is scored was never trained on, but {reader} learned the texts of {len(seen)} of {len(held)} "
            f"held-out entities, such as {seen[0]!r}: begin from a reader of other texts, or keep its "
            "seed, which splits them alike"
        )


def _check_language(model: EmbeddingLanguageModel, world: ReaderWorld) -> None:
    """`CallError` for texts that the base can only spell, such as those of a script that it never saw."""
    some = [world.pairs.texts[id][0] for id in world.split.train[:200]]
    letters = sum(len(text) for text in some)
    tokens = sum(len(plain_ids(model.tokenizer, text)) for text in some)
    if tokens > _UNREADABLE * letters:
        raise CallError(
            f"a base has to read the language of the texts, and this one needs {tokens / letters:.1f} tokens a letter "
            "for them: take another, such as --base gemma-3-270m"
        )


def _watch(world: ReaderWorld, config: ReaderConfig, encoder: Encoder, steps: int) -> Validation | None:
    """SC of the first task on validation entities, a few times in stage two, the best of which is kept."""
    ids = world.split.validation[:_WATCHED]
    if len(ids) < 2:
        return None
    task = single(config)[:1]

    def score(model: Any, step: int) -> dict[str, float]:
        (found,) = score_reader(model, world, config, encoder, ids=ids, tasks=task, progress=False).values()
        return {name: float(found.sc[key].mean()) for name, key in _WATCHED_SCORES.items()}

    every = max(20, steps // _LOOKS)
    return Validation(score, every=every, watch="SC", patience=_PATIENCE, stages=("two",))


def _made(world: ReaderWorld, config: ReaderConfig, result: TwoStageResult) -> dict[str, str]:
    """How the reader was made, as its card tells it."""
    split, table = world.split, world.pairs.table
    held = len(split.validation) + len(split.test)
    rows = len(result.one.losses), len(result.two.losses)
    return {
        "dataset": f"vectors of {table.space.made.get('by') or table.space.name}",
        "trained on": f"{len(split.train)} vectors with texts; {held} held out",
        "tasks": ", ".join(config.task),
        "steps": f"{rows[0]} and {rows[1]} of {config.batch_tokens} tokens, seed {config.seed}",
        "loss": f"{result.one.loss:.3f} and {result.two.loss:.3f} nats per token",
        **({"began from": str(config.reader)} if config.reader else {}),
    }
