"""The consistency benchmark of a run: its model scored, or texts that another system wrote, and the report of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from elm._errors import CallError, CheckpointError
from elm._storage.files import sha256
from elm._version import __version__
from elm.data import items_named
from elm.embeddings import SentenceEncoder
from elm.evaluation import (
    BenchReport,
    CachedEncoder,
    Comparison,
    Texts,
    compare,
    entities_asked,
    read_texts,
    write_entities,
)
from elm.model import Choosing, Placement, load_model
from elm.recommend import Recommender
from elm.runs._config import RunConfig
from elm.runs._experiment_data import World, build_world
from elm.runs._folder import RunFolder
from elm.runs._open import open_recommender, open_run, run_settings
from elm.runs.readers._bench import bench_reader
from elm.runs.readers._config import is_reader
from elm.runs.scoring._files import digest, model_digest, unless_read_only
from elm.runs.scoring._nearest_of import NearestOf
from elm.runs.scoring._score import RunScores, score_films, score_run
from elm.runs.share._card import write_card
from elm.tasks import item_briefs


@dataclass(frozen=True)
class BenchOptions:
    """What is scored of a run, and where the report goes.

    zero_shot: also by the untrained ranker. texts: a file of texts that any system wrote (see `read_texts`); without
    it, the run's model writes, and its card gets the scores. out: the report's folder. training: score the film tasks
    on training films instead, to see what is learned by heart; the report says so, and the card gets nothing. n: of how
    many texts the model gives the one nearest to the vector, where its space has a text encoder; the report says what
    that choice leaves to judge by, and the card gets nothing. placement: where the model lies. corpus: of a reader,
    texts that it never learned, which are scored instead of its held-out entities. tasks: of a reader, those that are
    scored, in a report of their own; all by default. Raises `CallError` for what does not go together.
    """

    zero_shot: bool = False
    texts: str | Path | None = None
    out: str | Path | None = None
    training: bool = False
    n: int = 1
    placement: Placement = field(default_factory=Placement)
    corpus: str | Path | None = None
    tasks: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        Choosing(self.n)
        if self.texts is not None and (self.training or self.n > 1):
            what = "training films are" if self.training else "the best of n texts is"
            raise CallError(
                f"given texts are about held-out entities, as they are; {what} scored with the run's model alone"
            )

    def folder(self, run: str | Path) -> Path:
        """Where the report goes: `out`, the run's folder (of training films or the best of n a folder in it), or one
        beside given texts.
        """
        if self.out is not None:
            return Path(self.out)
        if self.texts is not None:
            return Path(self.texts).with_name(f"{Path(self.texts).stem}-report")
        of = [] if self.corpus is None else [Path(self.corpus).stem]
        parts = of + [*self.tasks] + ["training"] * self.training + [f"best-of-{self.n}"] * (self.n > 1)
        return Path(run) / "-".join([*parts, "report"]) if parts else Path(run)


def bench_run(path: str | Path, films: int, users: int, *, progress: bool = True, **options: Any) -> dict[str, Any]:
    """Scores on a run's held-out test films and users: {"run", "consistency", "profile", "behaviour", "versions"}.

    options: the fields of `BenchOptions`. "profile" holds the scores of `user_profile`, and those of `user_summary`
    under that name.

    Raises `DataFileError` for texts that are not as they should be, `CallError` for a run without held-out entities, or
    for options that do not go together.
    """
    told = BenchOptions(**options)
    if is_reader(run_settings(path)):
        return _score_reader(path, films, told, progress)
    if told.corpus is not None or told.tasks:
        raise CallError("--corpus and --tasks are of a reader, and this run is none: `elm fit` makes readers")
    run, config = open_run(path)
    world = _held_out(run, config, progress)
    cached = CachedEncoder(SentenceEncoder(config.encoder))
    recommender = _recommender(path)
    asked = {
        "films": films,
        "users": users,
        "zero_shot": told.zero_shot,
        "text_encoder": recommender is not None,
        "training": told.training,
        "best_of": told.n,
    }
    texts = told.texts
    writer: Any
    if texts is None:
        writer = load_model(path, **vars(told.placement))
        writer = NearestOf(writer, told.n, cached) if told.n > 1 else writer
        source = {"kind": "model", "folder": str(path), "weights": model_digest(path)}
    else:
        writer = read_texts(texts, _asked(world, config, films, users), config.domain)
        config = _scored(config, writer)
        source = {"kind": "texts", "file": str(texts), "sha256": sha256(texts)}
    counted = replace(config, scored_films=films, scored_users=users)
    if told.training:
        scores = RunScores(score_films(writer, world, counted, cached, include_training=True, progress=progress), {})
    else:
        scores = score_run(writer, world, counted, cached, progress, told.zero_shot, recommender)
    found = scores.to_dict()
    sections = {name: part for name, part in found.items() if isinstance(part, dict)}
    if texts is None and not told.training and told.n == 1:
        unless_read_only(lambda: write_card(path, found))
    about = {
        "title": Path(texts or path).resolve().stem,
        "version": __version__,
        "source": source,
        "asked": asked,
        "world": _world(world, config) | {"training": told.training} | ({"best_of": told.n} if told.n > 1 else {}),
        "settings": config.to_dict(),
    }
    written = scores.texts_frame()
    report = BenchReport(about, sections, scores.frame(), written, _names(world, set(written["id"])))
    target = told.folder(path)
    if told.out is None:
        unless_read_only(lambda: report.save(target))
    else:
        report.save(target)
    profile = dict(found["profile"])
    return {
        "run": str(path),
        "consistency": found["consistency"],
        "profile": {**profile.pop("user_profile", {}), **profile},
        "behaviour": found["behaviour"],
        "versions": found["versions"],
    }


def bench_entities(path: str | Path, out: str | Path, films: int, users: int, progress: bool = True) -> dict[str, Any]:
    """Write what another system has to write about to be scored on a run's world (see `write_entities`).

    The counts are those that `bench_run` is called with. Returns {"file", "texts": how many a task}.
    """
    run, config = open_run(path)
    world = _held_out(run, config, progress)
    asked = _asked(world, config, films, users)
    tables = {task: world.held_users if task in config.user_tasks else world.films for task in asked}
    write_entities(out, asked, tables, config.domain)
    return {"file": str(out), "texts": {task: len(ids) for task, ids in asked.items()}}


def bench_compare(
    paths: Sequence[str | Path], films: int, users: int, *, zero_shot: bool = False, progress: bool = True
) -> Comparison:
    """Compare runs, folders of reports or `report.json` files; a run that has no report yet is scored first.

    Raises what `compare` and `bench_run` raise, and `CallError` for a report of another model than its run holds now.
    """
    reports = []
    for path in map(Path, paths):
        if (path / "run.json").is_file() and not (path / "report.json").is_file():
            bench_run(path, films, users, zero_shot=zero_shot, progress=progress)
        report = BenchReport.load(path)
        source = report.about.get("source", {})
        if (path / "run.json").is_file() and source.get("kind") == "model" and source["weights"] != model_digest(path):
            raise CallError(
                f"a comparison needs reports of the models as they are, and that of {path} is of an earlier one: score "
                f"it again with `elm bench consistency {path}`"
            )
        reports.append(report)
    titles = [report.title for report in reports]
    return compare(reports, titles if len(set(titles)) == len(titles) else [str(path) for path in paths])


def _score_reader(path: str | Path, entities: int, told: BenchOptions, progress: bool) -> dict[str, Any]:
    """The same of a reader's folder, whose tasks are all about single entities, their means and pairs."""
    if told.texts is not None or told.training:
        raise CallError("a reader's own texts about held-out entities are scored: leave --texts and --training out")
    own = told.out is None and told.n == 1 and told.corpus is None and not told.tasks
    out = None if own else told.folder(path)
    scored = bench_reader(
        path,
        entities,
        out=out,
        n=told.n,
        corpus=told.corpus,
        tasks=told.tasks or None,
        placement=told.placement,
        progress=progress,
    )
    return {"profile": {}, "behaviour": {}, "versions": {}, **scored}


def _held_out(run: RunFolder, config: RunConfig, progress: bool) -> World:
    """The run's world; `CallError` where it keeps nothing apart to score."""
    world = build_world(run, config, SentenceEncoder(config.encoder), progress)
    for what, split, tasks in (
        ("film", world.film_split, config.film_tasks),
        ("user", world.user_split, config.user_tasks),
    ):
        if tasks and len(split.test) < 2:
            raise CallError(
                f"only what was never trained on is scored, and {run.path} keeps {len(split.test)} test {what}s apart; "
                f"train a run with a share of test {what}s"
            )
    return world


def _recommender(path: str | Path) -> Recommender | None:
    """The run's recommender, whose text encoder is one more ranker; None where it is missing, of another encoder, or
    reads no text."""
    try:
        found = open_recommender(path) if (Path(path) / "recommender").is_dir() else None
    except CheckpointError:
        return None
    return found if isinstance(found, Recommender) else None


def _asked(world: World, config: RunConfig, films: int, users: int) -> dict[str, list[str]]:
    """Task -> the entities that a text is needed of."""
    asked = entities_asked(config.film_tasks, world.films, world.film_split.test[:films], config.seed, config.domain)
    return asked | dict.fromkeys(config.user_tasks, world.user_split.test[:users])


def _scored(config: RunConfig, texts: Texts) -> RunConfig:
    """The settings with only the tasks that there are texts of."""
    film_tasks, user_tasks = (tuple(t for t in tasks if t in texts) for tasks in (config.film_tasks, config.user_tasks))
    return replace(config, film_tasks=film_tasks, user_tasks=user_tasks)


def _world(world: World, config: RunConfig) -> dict[str, Any]:
    """What two reports must share for their scores to be compared."""
    hidden = world.hidden[["user", "item", "rating"]].astype(str).agg(" ".join, axis=1)
    return {
        "dataset": world.dataset.name,
        "domain": config.domain,
        "seed": config.seed,
        "vectors": world.films.space.fingerprint,
        "film_split": digest((*world.film_split.train, "|", *world.film_split.test)),
        "user_split": digest((*world.user_split.train, "|", *world.user_split.test)),
        "held_out_ratings": digest(sorted(hidden)),
    }


def _names(world: World, ids: Iterable[str]) -> dict[str, str]:
    briefs = item_briefs(world.dataset, domain=world.domain)
    parts = sorted({part for id in ids for part in items_named(id, briefs)})
    return {item: briefs[item].label for item in parts if item in briefs}
