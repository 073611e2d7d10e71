"""The tab of the report: how far the model's texts agree with its vectors, as it was measured."""

from __future__ import annotations

import base64
import html
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from elm._storage.files import read_json
from elm.model import SHIPPED
from elm.serve.core._service import Service
from elm.serve.page import _html

_HEADS = {
    "sc": "text against vector",
    "sc_shuffled": "another's vector",
    "sc_nn": "nearest neighbour's text",
    "rsc": "rSC",
}
_HEADS |= {"bc": "orders items as the vector", "rbc": "rBC"}


def report_tab(service: Service) -> None:
    """Build the tab into the page."""
    gr.HTML(report_of(service.served.run))


def report_of(run: Path | None) -> str:
    """The report of a run as it lies there, without its scripts if it had some; else the scores of its model."""
    if run is not None and (run / "report.html").is_file():
        page = (run / "report.html").read_text(encoding="utf-8", errors="replace")
        return f'<iframe class="elm-report" title="Report" sandbox srcdoc="{html.escape(page, quote=True)}"></iframe>'
    model = SHIPPED / "demo" if run is None else run / "model" if (run / "model").is_dir() else run
    parts = []
    if (model / "scores.json").is_file():
        parts.append(_tables(read_json(model / "scores.json")))
    if (model / "scores.png").is_file():
        drawn = base64.b64encode((model / "scores.png").read_bytes()).decode("ascii")
        picture = f'<img alt="Scores beside their controls" src="data:image/png;base64,{drawn}" style="max-width:100%">'
        parts.append(picture)
    if not parts:
        name = "RUN" if run is None else str(run)
        parts.append(_html.note(f"There is no report yet: elm bench consistency {name} makes one."))
    return "".join(parts)


def _tables(scores: Any) -> str:
    """A table a section: a row a task, with the scores that people look at first."""
    found = []
    for section in ("consistency", "profile"):
        rows = scores.get(section) if isinstance(scores, dict) else None
        if not isinstance(rows, dict):
            continue
        names = [name for name in _HEADS if any(isinstance(row.get(name), float) for row in rows.values())]
        heads = "".join(f'<th scope="col">{_html.esc(_HEADS[name])}</th>' for name in names)
        body = "".join(_row(task, [row.get(name) for name in names]) for task, row in rows.items())
        caption = "Texts about items" if section == "consistency" else "Profiles of users"
        table = f"<table><caption>{caption}</caption><tr><td></td>{heads}</tr>{body}</table>"
        found.append(f'<div style="overflow-x:auto">{table}</div>')
    told = "rSC and rBC: 1 is as good as the teacher's own text, 0 no better than a control. All on held-out entities."
    return _html.note(told) + "".join(found) if found else ""


def _row(task: str, values: Sequence[Any]) -> str:
    cells = "".join(f"<td>{_number(value)}</td>" for value in values)
    return f'<tr><th scope="row">{_html.esc(task)}</th>{cells}</tr>'


def _number(value: Any) -> str:
    return f"{value:.2f}" if isinstance(value, float) else "-"
