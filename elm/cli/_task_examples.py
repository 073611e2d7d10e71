"""What `elm tasks examples` does: a world's vectors and splits, a teacher, examples, and what leaks."""

from __future__ import annotations

import json
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from elm._errors import CallError, UnknownNameError
from elm.chat import Asking, Client, Usage
from elm.data import PARTS, EntitySplit
from elm.embeddings import SentenceEncoder, VectorTable
from elm.runs import RunConfig, RunFolder, World, build_world
from elm.tasks import (
    ChatTeacher,
    ExamplePlan,
    ExampleSource,
    ItemBrief,
    PipelineTeacher,
    Task,
    Teacher,
    UserBrief,
    all_tasks,
    build_examples,
    domain_named,
    item_briefs,
    leakage_report,
    load_task,
    save_examples,
    user_briefs,
)


@dataclass(frozen=True)
class Teaching:
    """Who writes the texts. who: template, chat or pipeline; fields: JSON; cache: the file of a model's answers."""

    who: str
    endpoint: str | None
    model: str | None
    told: tuple[str, ...]
    prices: tuple[float, float] | None
    concurrency: int
    max_tokens: int
    fields: str
    cache: Path

    def __post_init__(self) -> None:
        if self.who != "template" and self.model is None:
            raise CallError(f"a {self.who} teacher is a model: name it with --model")
        if self.who != "chat" and (self.endpoint is not None or self.prices is not None):
            raise CallError("--endpoint and --prices are for --teacher chat")
        if self.who == "template" and (self.model is not None or self.told):
            raise CallError("a template teacher writes from facts: --model and --told are for the other teachers")
        self.extra()

    def extra(self) -> dict[str, Any]:
        """The further fields of a call."""
        try:
            found = json.loads(self.fields)
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise CallError(f"--fields takes a JSON object, such as '{{\"top_k\": 20}}', got {self.fields!r}")
        return found


def examples_of(
    out: Path,
    data: str,
    encoder: str,
    names: Sequence[str],
    files: Iterable[Path],
    plan: ExamplePlan,
    teaching: Teaching,
    report: bool,
    seed: int,
    progress: bool,
) -> dict[str, Any]:
    """Make the examples of a data set in `out`; returns what was made, as the command prints it."""
    config = RunConfig.for_dataset(
        data, seed=seed, encoder=encoder, film_shares=plan.item_shares, user_shares=plan.user_shares
    )
    tasks = _chosen(config.domain, names, files)
    run = RunFolder.start(out, {"world": config.to_dict()})
    world = build_world(run, config, SentenceEncoder(config.encoder), progress)
    films, users = _briefs(world, teaching.told, seed)
    teachers = _teachers(world, teaching, films, users, seed)
    known = world.user_facts if teaching.who == "template" else users
    both = {
        "items": (world.films, world.film_split),
        "users": (_all_users(world), _known_part(world.user_split, known)),
    }
    sources = [
        ExampleSource(table, teachers[kind], own, split, config.domain)
        for kind, (table, split) in both.items()
        if (own := tuple(task for task in tasks if (task.reads == "user") == (kind == "users")))
    ]
    made = build_examples(sources, plan, seed, progress)
    save_examples(made, out)
    found = None
    if report:
        tables = {source.table.space.name: source.table for source in sources}
        found = leakage_report(made, tables, {config.domain: films})
    failures = [failure for teacher in teachers.values() for failure in getattr(teacher, "failures", ())]
    return {
        "folder": str(out),
        "examples": {part: rows.num_rows for part, rows in made.items()},
        "tasks": [task.id for task in tasks],
        "spending": _spending(teachers),
        "given_up": [{"entity": f.entity, "task": f.task, "reason": f.reason} for f in failures],
        "report": found,
    }


def _chosen(domain: str, names: Sequence[str], files: Iterable[Path]) -> list[Task]:
    own = [load_task(path).in_domain(domain_named(domain)) for path in files]
    known = {task.id: task for task in (*all_tasks(domain=domain), *own)}
    if unknown := next((name for name in names if name not in known), None):
        raise UnknownNameError("task", unknown, known)
    return [known[name] for name in dict.fromkeys((*names, *(task.id for task in own)))] or list(known.values())


def _briefs(world: World, told: tuple[str, ...], seed: int) -> tuple[dict[str, ItemBrief], dict[str, UserBrief]]:
    """What models are given: of a held-out user only the ratings behind the vector, never those that are scored."""
    items = item_briefs(world.dataset, told, domain=world.domain)
    train = world.dataset.interactions
    train = train[train["user"].isin(set(world.user_split.train))]
    users = user_briefs(train, items, seed=seed) | user_briefs(world.rated, items, seed=seed)
    return items, users


def _teachers(
    world: World, teaching: Teaching, items: dict[str, ItemBrief], users: dict[str, UserBrief], seed: int
) -> dict[str, Teacher]:
    if teaching.who == "template":
        return {"items": world.film_teacher(seed), "users": world.user_teacher(seed)}
    asking, model = Asking(max_tokens=teaching.max_tokens, extra=teaching.extra()), str(teaching.model)
    if teaching.who == "chat":
        client = Client(
            model, teaching.endpoint, cache=teaching.cache, prices=teaching.prices, concurrency=teaching.concurrency
        )
        return {
            "items": ChatTeacher(items, client, asking=asking, seed=seed),
            "users": ChatTeacher(users, client, asking=asking, seed=seed),
        }
    options: dict[str, Any] = {
        "asking": asking,
        "cache": teaching.cache,
        "batch_size": teaching.concurrency,
        "seed": seed,
    }
    first = PipelineTeacher.from_folder(items, model, **options)
    second = PipelineTeacher(users, first.llm, first.tokenizer, **options)
    second.spending = first.spending
    return {"items": first, "users": second}


def _spending(teachers: dict[str, Teacher]) -> str | None:
    """What both teachers have cost, who count together; None where no model was asked."""
    spent: Usage | None = getattr(teachers["items"], "spending", None)
    return None if spent is None else spent.line()


def _all_users(world: World) -> VectorTable:
    """Training users, and the held-out ones that were folded in."""
    return world.users.joined(world.held_users)


def _known_part(split: EntitySplit, known: Container[str]) -> EntitySplit:
    """The users that the teacher knows something of: some gave no five low ratings that a model could be told."""
    return EntitySplit(**{part: [user for user in getattr(split, part) if user in known] for part in PARTS})
