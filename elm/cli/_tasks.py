"""`elm tasks`: which tasks there are, what each asks, and training examples for them."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from elm.cli._options import Endpoint, Json, Prices, Quiet, Seed

if TYPE_CHECKING:
    from elm.tasks import Task

tasks = typer.Typer(help="Tasks: list, show, training examples.", no_args_is_help=True, rich_markup_mode=None)

DomainName = Annotated[str, typer.Option(help="The domain: films or products.")]
TaskFile = Annotated[
    list[Path] | None, typer.Option("--file", help="A task of your own, in a TOML file; may be repeated.")
]


class Who(StrEnum):
    template = "template"
    chat = "chat"
    pipeline = "pipeline"


@tasks.command("list")
def list_(domain: DomainName = "films", file: TaskFile = None, quiet: Quiet = False, json_mode: Json = False) -> None:
    """The tasks of a domain: what each reads, how its texts are scored, and its prompt.

    Example: elm tasks list --domain products
    """
    from elm.cli._output import emit, table

    found = _known(domain, file)
    rows = [{"id": t.id, "reads": t.reads, "scored_by": t.scored_by, "prompt": t.prompt} for t in found.values()]
    emit(
        {"domain": domain, "tasks": rows},
        json_mode,
        lambda: table(["task", "reads", "scored by", "prompt"], [tuple(r.values()) for r in rows], words=range(4)),
    )


@tasks.command("show")
def show(
    task: Annotated[str, typer.Argument(help="A task id, such as summary.")],
    domain: DomainName = "films",
    file: TaskFile = None,
    seed: Seed = 0,
    quiet: Quiet = False,
    json_mode: Json = False,
) -> None:
    """One task: its prompt, how a teacher is asked, what raters are asked, and a text from the generated world.

    Example: elm tasks show positive_review
    """
    from elm._errors import UnknownNameError
    from elm.cli._output import echo, echo_lines, emit

    known = _known(domain, file)
    if task not in known:
        raise UnknownNameError("task", task, known)
    value = _about(known[task], domain, seed)

    def tell() -> None:
        echo(f"{value['id']} ({domain})")
        echo()
        for name in ("prompt", "reads", "scored_by", "ask", "max_new_tokens", "temperature"):
            echo(f"{name.replace('_', ' '):<15} {value[name]}")
        for number, question in enumerate(value["questions"]):
            echo(f"{'' if number else 'raters judge':<15} {question}")
        if value["example"] is not None:
            echo()
            echo(f"of {' and '.join(value['of'])} a template teacher writes:")
            echo_lines(value["example"])

    emit(value, json_mode, tell)


@tasks.command("examples")
def examples(
    out: Annotated[Path, typer.Option(help="Folder for examples, vectors and splits.")] = Path("runs/examples"),
    data: Annotated[str, typer.Option(help="demo, demo-shop, or a folder that `elm data --out` wrote.")] = "demo",
    task: Annotated[
        list[str] | None, typer.Option("--tasks", help="Task ids, comma-separated; all of the domain by default.")
    ] = None,
    file: TaskFile = None,
    n: Annotated[
        int, typer.Option("--n", min=0, help="Training examples of each space; a tenth of it for each held-out part.")
    ] = 2000,
    everything: Annotated[
        bool, typer.Option("--paper", help="The paper's numbers: each entity and task once, 1,000 test examples.")
    ] = False,
    variants: Annotated[int, typer.Option(min=1, help="Texts of each entity and task.")] = 1,
    teacher: Annotated[
        Who, typer.Option(help="template; chat (--endpoint, --model); pipeline (--model).")
    ] = Who.template,
    endpoint: Endpoint = None,
    model: Annotated[str | None, typer.Option(help="The model's name at the endpoint, or a local folder.")] = None,
    told: Annotated[
        list[str] | None,
        typer.Option(help="Text source that a model is given besides title and kinds; may be repeated."),
    ] = None,
    prices: Prices = None,
    concurrency: Annotated[int, typer.Option(min=1, help="Calls, or texts, at once.")] = 8,
    cache: Annotated[
        Path | None, typer.Option(help="File that keeps a model's answers; beside the folder by default.")
    ] = None,
    max_tokens: Annotated[int, typer.Option(min=1, help="The longest answer of a model, in tokens.")] = 400,
    fields: Annotated[
        str, typer.Option(help='Further fields of a call as JSON, such as {"top_k": 20}; null leaves one out.')
    ] = "{}",
    encoder: Annotated[
        str, typer.Option(help="Sentence encoder of the item vectors: a name or a local folder.")
    ] = "all-MiniLM-L6-v2",
    report: Annotated[bool, typer.Option("--report", help="Look for what the parts share.")] = False,
    seed: Seed = 0,
    quiet: Quiet = False,
    json_mode: Json = False,
) -> None:
    """Make training examples: vectors, splits, and the teacher's texts, in one folder.

    The same call resumes where it was stopped; what a model has answered is not asked again.

    Example: elm tasks examples --out runs/examples --tasks summary,similarities --n 500 --report
    Example: elm tasks examples --teacher chat --endpoint http://localhost:8000/v1 --model qwen --told plot
    """
    from elm.cli._output import echo, emit, is_quiet, remark
    from elm.cli._task_examples import Teaching, examples_of
    from elm.tasks import PAPER, ExamplePlan

    plan = PAPER if everything else ExamplePlan(train=n, validation=n // 10, test=n // 10, variants=variants)
    wanted = [name.strip() for names in task or () for name in names.split(",") if name.strip()]
    teaching = Teaching(
        teacher.value,
        endpoint,
        model,
        tuple(told or ()),
        prices,
        concurrency,
        max_tokens,
        fields,
        cache or out.with_name(f"{out.name}.answers"),
    )
    made = examples_of(out, data, encoder, wanted, file or [], plan, teaching, report, seed, progress=not is_quiet())

    def tell() -> None:
        counts = ", ".join(f"{count:,} {part}" for part, count in made["examples"].items())
        echo(f"examples in {out}: {counts}")
        for line in made["report"].lines() if made["report"] else ():
            echo(line)

    if made["spending"]:
        remark(made["spending"])
    emit(made, json_mode, tell)


def _known(domain: str, files: list[Path] | None) -> dict[str, Task]:
    """The tasks of a domain by id, those in files too."""
    from elm.tasks import all_tasks, domain_named, load_task

    own = [load_task(path).in_domain(domain_named(domain)) for path in files or ()]
    return {task.id: task for task in (*all_tasks(domain=domain), *own)}


def _about(task: Task, domain: str, seed: int) -> dict[str, Any]:
    from elm._errors import CallError
    from elm.data import demo, demo_shop
    from elm.tasks import TemplateTeacher, TraitReader, UserFacts, item_facts

    value = {
        "id": task.id,
        "domain": domain,
        "reads": task.reads,
        "prompt": task.prompt,
        "ask": task.ask or None,
        "scored_by": task.scored_by,
        "questions": list(task.questions),
        "max_new_tokens": task.max_new_tokens,
        "temperature": task.temperature,
        "of": [],
        "example": None,
    }
    make = {"films": demo, "products": demo_shop}.get(domain)
    if make is None:
        return value
    world = make(60, 20, seed=seed)
    facts: dict[str, Any]
    if task.reads == "user":
        facts = TraitReader(world, domain=domain).read_all(world.interactions)
        lines = {id: told.line() for id, told in facts.items() if isinstance(told, UserFacts)}
    else:
        facts = {str(id): item_facts(world, str(id), domain=domain) for id in world.items.index[:2]}
        lines = {id: str(world.items.at[id, "title"]) for id in facts}
    ids = list(facts)[: len(task.marks)]
    try:
        text = TemplateTeacher(facts, seed).write(ids[0] if len(ids) == 1 else (ids[0], ids[1]), task)
    except CallError:  # a task of one's own, for teachers that are asked
        return value
    return value | {"of": [lines[id] for id in ids], "example": text}
