"""Rater forms of a run: the texts of its report, what raters are shown of each entity, and the choices between two."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from elm.data import Dataset, EntitySplit, items_named, split_ratings
from elm.data import load as load_dataset
from elm.evaluation import BenchReport, Choice, FormPlan, about_which, make_forms, next_item, save_forms
from elm.runs._config import RunConfig
from elm.runs._open import open_run
from elm.tasks import Domain, ItemBrief, UserBrief, all_tasks, domain_named, item_briefs, user_briefs

_WORDS = 300
"""Of each text of an item that raters read."""


def bench_forms(
    path: str | Path, out: str | Path, outputs: int = 40, choices: int = 30, seed: int = 0
) -> dict[str, Any]:
    """Forms for raters over the texts of a run's report, in the folder `out` (see `make_forms` and `save_forms`).

    Raters are shown of an item its title, kinds and texts, of a user liked and disliked items. Returns {"folder",
    "form", "outputs": how many a task, "questions": all together}. Raises `DataFileError` for a run without a report.
    """
    run, config = open_run(path)
    report = BenchReport.load(path)
    dataset, domain = load_dataset(config.dataset, seed=config.seed), domain_named(config.domain)
    briefs = item_briefs(dataset, _sources(dataset, config), _WORDS, config.domain)
    items = {item: _told_item(brief) for item, brief in briefs.items()}
    rated, hidden = _ratings(dataset, EntitySplit.load(run.path / "splits" / "users.json"), config.seed)
    users = {u: _told_user(b, domain) for u, b in user_briefs(pd.concat([rated, hidden]), briefs, seed=seed).items()}
    ids = set(report.texts["id"])
    told = {id: text for id, text in (items | users).items() if id in ids}
    told |= {id: _told_pair(pair, items, domain) for id in ids if len(pair := items_named(id, items)) == 2}
    questions = {task.id: task.questions for task in all_tasks(domain=config.domain)}
    labels = {item: _told_item(brief, texts=False) for item, brief in briefs.items()}
    forms = make_forms(
        f"{report.title}: how good are these texts?",
        report.texts,
        told,
        questions,
        choice=_choice({i: told[i] for i in told if i in items}, rated, hidden, labels, config, domain, seed),
        plan=FormPlan(outputs=outputs, choices=choices),
        seed=seed,
    )
    save_forms(forms, out)
    parts = forms.key.groupby(["kind", "task"], sort=False)
    return {
        "folder": str(out),
        "form": forms.form,
        "outputs": {f"{kind}: {task}": len(rows) for (kind, task), rows in parts},
        "questions": sum(len(item.questions) for item in forms.items),
    }


def _choice(
    items: Mapping[str, str],
    rated: pd.DataFrame,
    hidden: pd.DataFrame,
    labels: Mapping[str, str],
    config: RunConfig,
    domain: Domain,
    seed: int,
) -> Callable[[str, str], Choice | None]:
    of_item = about_which(items, f"Which {domain.item} is the text about?", seed)
    of_user = next_item(hidden, rated, labels, f"Which {domain.item} would this {domain.person} like better?", seed)
    people = {task.id for task in all_tasks("user", domain=config.domain)}
    return lambda task, id: of_user(id) if task in people else of_item(id)


def _sources(dataset: Dataset, config: RunConfig) -> tuple[str, ...]:
    """The texts that tell what an item is: what teachers quote, of generated worlds the first behind the vectors."""
    if config.target_source is not None:
        return (config.target_source,)
    return tuple(source for source in config.vector_sources if source in dataset.sources)[:1]


def _ratings(dataset: Dataset, split: EntitySplit, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The test users' ratings, those behind their vectors and the rest, as the run's world splits them."""
    held = dataset.interactions[dataset.interactions["user"].isin({*split.validation, *split.test})]
    rated, hidden = split_ratings(held, 0.8, seed=seed)
    tested = set(split.test)
    return rated[rated["user"].isin(tested)], hidden[hidden["user"].isin(tested)]


def _told_item(brief: ItemBrief, texts: bool = True) -> str:
    lines = [brief.label, ", ".join(brief.kinds), *(brief.texts if texts else ())]
    return "\n".join(line for line in lines if line.strip())


def _told_user(brief: UserBrief, domain: Domain) -> str:
    def listed(items: tuple[ItemBrief, ...]) -> str:
        return "\n".join(
            f"- {i.label}" + (f" ({', '.join(map(domain.kind_word, i.kinds))})" if i.kinds else "") for i in items
        )

    return f"This {domain.person} rated high:\n{listed(brief.liked)}\n\nand low:\n{listed(brief.disliked)}"


def _told_pair(ids: list[str], items: Mapping[str, str], domain: Domain) -> str:
    heads = (f"The first {domain.item}", f"The second {domain.item}")
    return "\n\n".join(f"{head}: {items[id]}" for head, id in zip(heads, ids, strict=True))
