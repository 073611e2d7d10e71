"""The report as one HTML page without scripts and without anything from elsewhere."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import pandas as pd

from elm._errors import CallError
from elm.data import items_named
from elm.evaluation._measures import SECTIONS, SYSTEMS
from elm.evaluation.consistency._rewrites import VERSION_HEADS, version_cells
from elm.evaluation.controls._significance import HEADLINES
from elm.evaluation.report._figures import margins_figure, standing_figure, svg
from elm.evaluation.report._verdicts import VERDICTS
from elm.tasks import domain_named

if TYPE_CHECKING:
    from jinja2 import Template


class Found(Protocol):
    """What a page shows of a report; the fields are those of `BenchReport`."""

    @property
    def about(self) -> Mapping[str, Any]: ...
    @property
    def scores(self) -> Mapping[str, Mapping[str, Any]]: ...
    @property
    def frame(self) -> pd.DataFrame: ...
    @property
    def texts(self) -> pd.DataFrame: ...
    @property
    def names(self) -> Mapping[str, str]: ...
    @property
    def title(self) -> str: ...

    def judged(self) -> tuple[pd.DataFrame, dict[tuple[str, str], str]]:
        """The tests, and the verdict of each (section, task)."""
        ...


def template(name: str) -> Template:
    """A page of the package; every value that is put into it is escaped."""
    import jinja2

    loader = jinja2.PackageLoader("elm.evaluation", "templates")
    return jinja2.Environment(loader=loader, autoescape=True, undefined=jinja2.StrictUndefined).get_template(name)


def page(report: Found, examples: int = 2) -> str:
    """The whole report as HTML; `examples`: how many good and how many bad texts are shown per task.

    Raises `CallError` where there are no scores.
    """
    if report.frame.empty:
        raise CallError("a report needs the scores of at least one task, got none")
    domain = domain_named(str(report.about.get("world", {}).get("domain", "films")))
    tests, judged = report.judged()
    sections = [s for s in SECTIONS if s in set(report.frame["section"])]
    return template("report.html").render(
        title=report.title,
        counts=_counts(report.frame, domain.items, f"{domain.person}s"),
        trained=any(row.get("trained") for tasks in report.scores.values() for row in tasks.values()),
        source=_source(report.about.get("source", {})),
        item=domain.item,
        person=domain.person,
        summary=_summary(report, judged),
        remarks=_remarks(report.scores),
        meanings=list(VERDICTS.items()),
        sections=[_section(report, section, domain.say) for section in sections],
        extra=_versions(report.scores.get("versions", {})),
        tests=_tests(tests),
        examples=list(_examples(report, examples)),
        settings={
            "caption": "What decided these figures",
            "heads": ["setting", "value"],
            "rows": [[_cell(k), _cell(v, "words")] for k, v in _flat(report.about)],
        },
    )


def _counts(frame: pd.DataFrame, items: str, people: str) -> str:
    names = {"consistency": items, "profile": people}
    found = [
        f"{frame[frame['section'] == s]['id'].nunique():,} {names[s]}" for s in names if (frame["section"] == s).any()
    ]
    return " and ".join(found) or "entities"


def _source(source: Mapping[str, Any]) -> str:
    if source.get("kind") == "texts":
        return f"The texts are those of the file {source.get('file')}; no model was loaded."
    return f"The texts are those of the model in {source.get('folder')}." if "folder" in source else ""


def _summary(report: Found, judged: Mapping[tuple[str, str], str]) -> dict[str, Any]:
    """A row per task and section: the model's position, its verdict, and the position's interval."""
    rows = []
    for (section, task), verdict in sorted(judged.items(), key=lambda one: list(SECTIONS).index(one[0][0])):
        row, key = report.scores.get(section, {}).get(task, {}), SECTIONS[section].position
        low, high = row.get(f"{key}_interval") or (None, None)
        ends = "-" if low is None or high is None else f"{low:.2f} to {high:.2f}"
        position = "-" if row.get(key) is None else f"{row[key]:.2f}"
        rows.append(
            [
                _cell(task),
                _cell(f"r{HEADLINES[section]}"),
                _cell(position, "model"),
                _cell(verdict, f"verdict {verdict}"),
                _cell(ends),
            ]
        )
    heads = ["task", "", "position", "verdict", "95 %"]
    return {"caption": "Between control (0) and ceiling (1)", "heads": heads, "rows": rows}


def _remarks(scores: Mapping[str, Mapping[str, Any]]) -> list[dict[str, str]]:
    """What a reader must know first: signs of fraud, scored training entities, controls that are missing."""
    found: dict[tuple[str, str], list[str]] = {}
    for section, tasks in scores.items():
        for task, row in tasks.items():
            told = [(f"{sign['verdict']} ({sign['evidence']})", "fails") for sign in row.get("findings") or ()]
            if row.get("trained"):
                told.append((f"{row['trained']} of {row['n']} were trained on ({section})", "fails"))
            if row.get("best_of", 1) > 1:
                told.append((_CHOSEN.format(row["best_of"]), "fails"))
            missing = (row.get("left_out") or {}).items()
            told += [(f"{_head(control)} was not scored: {why}", "") for control, why in missing]
            for one in told:
                found.setdefault(one, []).append(task)
    return [
        {"task": ", ".join(dict.fromkeys(tasks)), "kind": kind, "text": text} for (text, kind), tasks in found.items()
    ]


_CHOSEN = (
    "each of the model's texts is the nearest of {} to its vector, by the encoder that SC uses: SC and its position "
    "were chosen on and prove nothing; judge by what the choice did not use: facts, and the ratings behind BC, most "
    "of all by rankers that read without this encoder, such as BM25, or texts encoded by another encoder"
)


def _section(report: Found, section: str, say: Any) -> dict[str, Any]:
    told = SECTIONS[section]
    measures = list(dict.fromkeys(report.frame.loc[report.frame["section"] == section, "measure"]))
    tables = {measure: _means(report, section, measure, told.position) for measure in measures}
    main = HEADLINES[section]
    systems = set(report.frame.loc[report.frame["section"] == section, "system"])
    drawn = [
        {
            "svg": _safe(svg(standing_figure(report.frame, section), f"{section}-standing")),
            "caption": f"{main} of every system; the line through the model is its 95 % interval.",
        }
    ]
    if {"model", "nn"} <= systems:
        drawn.append(
            {
                "svg": _safe(svg(margins_figure(report.frame, section), f"{section}-margins")),
                "caption": "How far the model's text stands above the nearest training entity's, for single "
                "entities; the share above zero stands to the right.",
            }
        )
    return {
        "title": say(told.question),
        "about": say(told.about),
        "figures": drawn,
        "tables": [tables.pop(main)],
        "more": list(tables.values()),
    }


def _head(system: str) -> str:
    return SYSTEMS[system].head if system in SYSTEMS else system


def _label(system: str) -> str:
    return SYSTEMS[system].label if system in SYSTEMS else system


def _safe(element: str) -> Any:
    """An SVG of ours; matplotlib escapes the words in it."""
    from markupsafe import Markup

    return Markup(element)


def _means(report: Found, section: str, measure: str, key: str) -> dict[str, Any]:
    """A row per task: the mean of each system, and where it is the section's own measure the position."""
    rows = report.frame[(report.frame["section"] == section) & (report.frame["measure"] == measure)]
    means = rows.groupby(["task", "system"], sort=False)["value"].mean().unstack()
    systems = [*(n for n in SYSTEMS if n in means), *(str(n) for n in means if n not in SYSTEMS)]
    own = measure == HEADLINES[section]
    heads = ["task", *(_head(name) for name in systems), *([f"r{measure}"] if own else []), "n"]
    body = []
    for task in map(str, means.index):
        cells = [_cell(task), *(_cell(means.at[task, name], "model" if name == "model" else "") for name in systems)]
        if own:
            cells.append(_cell(report.scores.get(section, {}).get(task, {}).get(key)))
        body.append([*cells, _cell(int(rows[rows["task"] == task]["id"].nunique()))])
    return {"caption": f"{measure}, means", "heads": heads, "rows": body}


def _versions(versions: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    rows = [
        [_cell(task), _cell(row["concept"], "words"), *map(_cell, version_cells(row)), _cell(row["n"])]
        for task, row in versions.items()
    ]
    heads = ["task", "concept", *VERSION_HEADS, "n"]
    caption = "Does another version have more of its concept, and is it about its film?"
    return [{"caption": caption, "heads": heads, "rows": rows}] if rows else []


def _tests(tests: pd.DataFrame) -> dict[str, Any]:
    rows = [
        [
            _cell(test.task),
            _cell(f"{test.section}, {test.measure}", "words"),
            _cell(test.system),
            _cell(_label(test.control), "words"),
            _cell(test.difference),
            _cell(f"{test.low:.3f} to {test.high:.3f}"),
            _cell(p_words(test.p_value)),
            _cell(p_words(test.p_holm)),
            _cell("beaten" if test.beaten else "not beaten", "" if test.beaten else "fails"),
            _cell(int(test.n)),
        ]
        for test in _plain_rows(tests)
    ]
    heads = ["task", "measure", "system", "control", "difference", "95 %", "p", "p, Holm", "control is", "n"]
    return {"caption": "Model (or teacher) minus control", "heads": heads, "rows": rows}


def _plain_rows(table: pd.DataFrame) -> Iterator[Any]:
    return table.itertuples(index=False)


def _examples(report: Found, count: int) -> Iterator[dict[str, Any]]:
    """Of every task the entities whose model's text has the highest score, and those with the lowest."""
    texts = report.texts.set_index(["task", "id", "system"])["text"].sort_index()
    for section in ("consistency", "profile"):
        own = report.frame[(report.frame["section"] == section) & (report.frame["measure"] == HEADLINES[section])]
        for task, rows in own[own["system"] == "model"].groupby("task", sort=False):
            ranked = rows.dropna(subset="value").sort_values("value", ascending=False, kind="stable")
            worst = ranked.iloc[max(count, len(ranked) - count) :]
            chosen = [
                *(("best", row) for row in ranked.head(count).itertuples()),
                *(("worst", row) for row in worst.iloc[::-1].itertuples()),
            ]
            scores = own[own["task"] == task].set_index(["id", "system"])["value"]
            yield {"task": task, "found": [_example(report, texts, scores, task, *one) for one in chosen]}


def _example(report: Found, texts: pd.Series, scores: pd.Series, task: Any, rank: str, row: Any) -> dict[str, Any]:
    heads = {"model": "the model", "teacher": "the teacher", "nn": "the teacher about the nearest training entity"}
    shown = [name for name in heads if (task, row.id, name) in texts.index]
    told = [f"{_head(name)} {scores[row.id, name]:.3f}" for name in shown if (row.id, name) in scores.index]
    return {
        "rank": rank,
        "name": " and ".join(_named(report.names, part) for part in items_named(str(row.id), report.names)),
        "scores": f"{row.measure}: {', '.join(told)}",
        "texts": [{"system": heads[n], "model": n == "model", "text": texts[task, row.id, n]} for n in shown],
    }


def _named(names: Mapping[str, str], id: str) -> str:
    return f"{names[id]} ({id})" if id in names else id


def _cell(value: Any, kind: str = "") -> dict[str, str]:
    """What stands in a cell, and how; NaN and None are a dash."""
    if value is None or (isinstance(value, float) and value != value):
        text = "-"
    else:
        text = f"{value:.3f}" if isinstance(value, float) else str(value)
    return {"text": text, "kind": kind}


def p_words(value: float) -> str:
    """A p value as it is read.

    >>> p_words(0.04), p_words(2e-9)
    ('0.040', '2e-09')
    """
    return f"{value:.3f}" if value >= 0.001 else f"{value:.0e}"


def _flat(values: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, str]]:
    """(dotted name, value in words) of nested settings."""
    for name, value in values.items():
        if isinstance(value, Mapping) and value:
            yield from _flat(value, f"{before}{name}.")
        elif isinstance(value, Sequence) and not isinstance(value, str):
            yield f"{before}{name}", ", ".join(map(str, value)) or "none"
        else:
            yield f"{before}{name}", value if isinstance(value, str) else json.dumps(value)
