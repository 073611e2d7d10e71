"""The scores as tables for a terminal, from the dicts that go into JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

from elm._text.printed import escaped
from elm.evaluation._measures import SECTIONS
from elm.evaluation.consistency._rewrites import VERSION_HEADS, version_cells

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text

_Row = TypeVar("_Row", bound=Mapping[str, Any])


def consistency_table(consistency: Mapping[str, Mapping[str, Any]]) -> Table:
    """Film tasks: SC of the model and of every control, rSC, and facts right (precision / recall)."""
    drawn = max((row.get("best_of", 1) for row in consistency.values()), default=1)
    chosen = f"; best of {drawn}, chosen by SC's own encoder" if drawn > 1 else ""
    title = f"Do texts lead back to the vector? (held-out films{chosen})"
    facts = {"facts P/R": lambda row: _pair(row.get("fact_precision"), row.get("fact_recall"))}
    return _scores(title, "consistency", consistency, facts)


def facts_table(consistency: Mapping[str, Mapping[str, Any]]) -> Table:
    """Film tasks: the model's precision and recall by kind of fact, and beside them the linear probe's over all."""
    kinds = next((list(row["fact_precision"]) for row in consistency.values() if row["fact_precision"]), [])
    table = _table("Which facts do texts get right? (precision / recall)", "task", (*kinds, "probe, overall"))
    for task, row in _named(consistency):
        precision, recall = row["fact_precision"], row["fact_recall"]
        probe = _pair(row.get("probe_precision"), row.get("probe_recall"))
        table.add_row(task, *(_pair(precision, recall, kind) for kind in kinds), probe)
    return table


def profile_table(profiles: Mapping[str, Mapping[str, Any]]) -> Table:
    """User tasks: BC of the model, of every control and line, rBC and the test against shuffled."""
    title = "Do profiles order what users rated? (held-out users, Spearman; CF: collaborative model)"
    return _scores(title, "profile", profiles, {"p": lambda row: _p(row.get("p_value"))})


def behaviour_table(behaviour: Mapping[str, Mapping[str, Any]]) -> Table:
    """Film tasks: BC of the model and of every control, rBC."""
    title = "Do texts order users as they rated the film? (held-out films, Spearman)"
    return _scores(title, "behaviour", behaviour, {}, {"popular": "active"})


def rankers_table(scores: Mapping[str, Mapping[str, Any]]) -> Table:
    """What each ranker of texts can tell at all: BC of the model's and of the teacher's texts, of the teacher's about
    another entity, and the test of these two; user tasks or film tasks.
    """
    table = _table(
        "What can each ranker tell? (BC; p: the teacher's text against its text about another)",
        "task",
        ("ranker", "model", "teacher", "teacher, another", "p"),
    )
    for task, row in _named(scores):
        for name, found in {"trained": row, **(row.get("rankers") or {})}.items():
            table.add_row(
                task,
                words(name),
                *_figures(found, ("bc", "bc_teacher", "bc_teacher_shuffled")),
                _p(found.get("ranker_p")),
            )
    return table


def findings_table(*sections: Mapping[str, Mapping[str, Any]]) -> Table | None:
    """What speaks against the texts, a row a finding (see `fraud_signs`); None where nothing does."""
    rows = [(task, sign) for scores in sections for task, row in scores.items() for sign in row.get("findings") or ()]
    if not rows:
        return None
    table = _table("What speaks against these texts?", "task", ())
    table.add_column("finding", overflow="fold")
    for task, sign in rows:
        table.add_row(words(task), words(sign["verdict"], "bold") + words(f": {sign['evidence']}"))
    return table


def versions_table(versions: Mapping[str, Mapping[str, Any]]) -> Table:
    """Other versions of films: in how many films the concept rises in a text about the film, beside two controls."""
    table = _table(
        "Does another version have more of its concept, and is it about its film? (held-out films)",
        "task",
        ("concept", *VERSION_HEADS, "n"),
    )
    for task, row in _named(versions):
        table.add_row(task, words(row["concept"]), *map(_figure_or_share, version_cells(row)), str(row["n"]))
    return table


def _figure_or_share(value: Any) -> str:
    return value if isinstance(value, str) else _figure(value)


def loop_table(loop: Mapping[str, Any], edit: Mapping[str, Any] | None = None) -> Table:
    """NDCG of the recommendations by what they come from, and the effect of the edit."""
    table = _table("What do profiles recommend? (held-out users)", "from", ("NDCG",))
    names = {
        "ndcg_elm": "profiles by the model",
        "ndcg_teacher": "profiles by the teacher",
        "ndcg_shuffled": "profiles of other users",
        "ndcg_history": "history alone",
        "ndcg_popular": "popularity",
    }
    for key, name in names.items():
        if key in loop:
            table.add_row(name, _figure(loop[key]))
    if "survives_elm" in loop:
        table.add_row("share of the history's NDCG that words keep", _figure(loop["survives_elm"]))
    if edit is not None:
        table.add_section()
        table.add_row("new favourite genre, before the edit", _figure(edit["ndcg_genre_before"]))
        table.add_row("new favourite genre, after the edit", _figure(edit["ndcg_genre_after"]))
    return table


def _scores(
    title: str,
    section: str,
    scores: Mapping[str, Mapping[str, Any]],
    more: Mapping[str, Callable[[Mapping[str, Any]], str]],
    heads: Mapping[str, str] = MappingProxyType({}),
) -> Table:
    """A row per task of a section: its headline by system, the position, further measures, `more` (head -> cell) and n.

    heads: those of systems that are called otherwise here.
    """
    told = SECTIONS[section]
    columns, further = told.columns(), {one.terminal: one.key for one in told.measures if one.terminal}
    names = [*(heads.get(head, head) for head in columns), f"r{told.headline.name}", *further, *more]
    table = _table(title, "task", (*names, "n"))
    for task, row in _named(scores):
        position = words(_figure(row[told.position]), "bold")
        beside = (*_figures(row, further.values()), *(cell(row) for cell in more.values()))
        table.add_row(task, *_figures(row, columns.values()), position, *beside, str(row["n"]))
    return table


def _table(title: str, first: str, figures: tuple[str, ...]) -> Table:
    """A table whose first column is never cut, with figures to the right; it fits in 100 columns."""
    from rich import box
    from rich.table import Table

    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
    table.add_column(first, no_wrap=True, overflow="fold")
    for head in figures:
        table.add_column(words(head), justify="right", no_wrap=True)
    return table


def _figures(row: Mapping[str, Any], keys: Iterable[str]) -> list[str]:
    return [_figure(row.get(key)) for key in keys]


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _p(value: float | None) -> str:
    return "-" if value is None else "< .001" if value < 0.001 else f"{value:.3f}"


def words(text: object, style: str = "") -> Text:
    """A cell of a table as it is: names come from folders of others, and may hold marks of a terminal or of `rich`."""
    from rich.text import Text

    return Text(escaped(text), style=style)


def _named(rows: Mapping[str, _Row]) -> Iterator[tuple[Text, _Row]]:
    return ((words(name), row) for name, row in rows.items())


def _pair(precision: Mapping[str, Any] | None, recall: Mapping[str, Any] | None, kind: str = "overall") -> str:
    if not precision or not recall or precision.get(kind) is None or recall.get(kind) is None:
        return "-"
    return f"{precision[kind]:.2f}/{recall[kind]:.2f}"
