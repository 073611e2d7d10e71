"""The figures of the report: where each task stands between controls and ceiling, and how single entities do."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from elm._errors import CallError
from elm.evaluation.controls._significance import HEADLINES

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MARKS = (  # system, label, marker, colour; the model last, above the others
    ("random", "random text", "|", "#b0b6bd"),
    ("teacher_shuffled", "teacher about another entity", "x", "#b0b6bd"),
    ("untrained", "untrained adapter", "x", "#b0b6bd"),
    ("shuffled", "another entity's text", "|", "#8d949c"),
    ("nn", "nearest training entity's text", "D", "#8d949c"),
    ("popular", "popularity", "x", "#8d949c"),
    ("probe", "linear probe", "s", "#6fa8d0"),
    ("cf", "the collaborative model", "s", "#3f9e8f"),
    ("teacher", "teacher (ceiling)", "o", "#2f7fb8"),
    ("model", "the model", "o", "#d1495b"),
)
_LONGEST = 28
"""Letters of a task's name that a figure has room for."""
_NAMES = {"SC": "semantic consistency (cosine)", "BC": "behavioural consistency (Spearman)"}


def standing_figure(frame: pd.DataFrame, section: str) -> Figure:
    """A row per task: the mean score of every system, and the model's 95 % interval over entities (normal).

    frame: columns section, task, measure, system, id, value; section: "consistency", "profile" or "behaviour". Raises
    `CallError` where the frame has no scores of it.
    """
    rows = _of(frame, section)
    tasks = list(dict.fromkeys(rows["task"]))
    means = rows.groupby(["task", "system"])["value"].agg(["mean", "sem"])
    figure, axis = _figure(0.46 * len(tasks) + 1.5)
    for system, label, marker, colour in _MARKS:
        places = [place for place, task in enumerate(tasks) if (task, system) in means.index]
        found = [means.loc[tasks[place], system] for place in places]
        if not found:
            continue
        if system == "model":
            width = [1.96 * row["sem"] for row in found]
            axis.errorbar([row["mean"] for row in found], places, xerr=width, fmt="none", color=colour, linewidth=2)
        axis.plot(
            [row["mean"] for row in found],
            places,
            marker,
            color=colour,
            label=label,
            markersize=8,
            markeredgewidth=2 if marker in "|x" else 0,
        )
    _tasks(axis, tasks)
    axis.set_xlabel(_NAMES[HEADLINES[section]])
    figure.legend(loc="outside lower center", ncols=2, frameon=False, fontsize=9)
    return figure


def margins_figure(frame: pd.DataFrame, section: str, control: str = "nn") -> Figure:
    """A row per task: how far the model's text stands above `control`'s for every single entity, as a box.

    The box holds the middle half of the entities, the line is the median, whiskers reach from the 5th to the 95th
    percentile; the number is the share of entities above zero. frame and errors as of `standing_figure`.
    """
    rows = _of(frame, section)
    tasks = list(dict.fromkeys(rows["task"]))
    wide = rows.pivot(index=["task", "id"], columns="system", values="value")
    if control not in wide or "model" not in wide:
        raise CallError(f"the figure needs scores of the model and of {control!r} in section {section!r}")
    margin = (wide["model"] - wide[control]).dropna()
    values = [margin.loc[task].to_numpy() if task in margin.index else np.array([]) for task in tasks]
    figure, axis = _figure(0.46 * len(tasks) + 1.0)
    drawn = axis.boxplot(
        values,
        orientation="horizontal",
        positions=range(len(tasks)),
        whis=(5, 95),
        showfliers=False,
        widths=0.5,
        patch_artist=True,
        manage_ticks=False,
    )
    for box in drawn["boxes"]:
        box.set(facecolor="#d1495b", alpha=0.35, linewidth=0)
    for line in (*drawn["whiskers"], *drawn["caps"], *drawn["medians"]):
        line.set(color="#d1495b", linewidth=1.5)
    axis.axvline(0, color="black", linewidth=0.8)
    shares = [f"{np.mean(found > 0):.0%}" if len(found) else "" for found in values]
    _tasks(axis, tasks)
    beside = axis.secondary_yaxis("right")
    beside.set_yticks(range(len(tasks)), shares)
    beside.tick_params(length=0)
    beside.spines["right"].set_visible(False)
    axis.set_xlabel(f"the model's score minus that of the control ({control}), an entity each")
    return figure


def svg(figure: Figure, name: str) -> str:
    """A figure as an SVG element that takes the text colour of the page it stands in; the same every time.

    name: another one for each figure of a page, since their inner ids must differ.
    """
    import matplotlib

    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": name}):
        drawn = io.StringIO()
        figure.savefig(drawn, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    element = drawn.getvalue()
    element = element[element.index("<svg") :]
    element = re.sub(r"<metadata>.*?</metadata>", "", element, flags=re.DOTALL)
    element = re.sub(r'(<svg\b[^>]*?) width="[^"]*"', r"\1", element, count=1)
    element = re.sub(r'(<svg\b[^>]*?) height="[^"]*"', r"\1", element, count=1)
    element = re.sub(r'\bid="([^"]+)"', rf'id="{name}-\1"', element)
    element = re.sub(r'(xlink:href="#|url\(#)(?=\w)', rf"\1{name}-", element)
    return element.replace("#000000", "currentColor")


def _of(frame: pd.DataFrame, section: str) -> pd.DataFrame:
    """The rows of a section's own measure."""
    rows = frame[(frame["section"] == section) & (frame["measure"] == HEADLINES.get(section))]
    if rows.empty:
        raise CallError(f"the figure needs scores of section {section!r}; there are: {sorted(set(frame['section']))}")
    return rows


def _figure(height: float) -> tuple[Figure, Axes]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.6, height), layout="constrained")
    return figure, figure.subplots()


def _tasks(axis: Axes, tasks: list[str]) -> None:
    """Names of tasks down the left, the first one on top."""
    labels = [task if len(task) <= _LONGEST else f"{task[: _LONGEST - 1]}…" for task in tasks]
    axis.set_yticks(range(len(tasks)), labels, parse_math=False)
    axis.set_ylim(len(tasks) - 0.5, -0.5)
    axis.tick_params(axis="y", length=0)
    axis.locator_params(axis="x", nbins=6)
    axis.grid(axis="x", color="#888888", alpha=0.25)
    axis.set_axisbelow(True)
    axis.spines[["top", "right", "left"]].set_visible(False)
