"""Pictures of ways through the space, of concepts, and of a map: each returns a matplotlib figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from elm._errors import CallError
from elm._typing import Floats
from elm.evaluation.concepts._paths import AlongScores

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_LABELS = {
    "model": "the model's text",
    "still": "its text before the move",
    "nn": "nearest training film's text",
    "shuffled": "text about another vector",
    "random": "random order",
    "teacher": "teacher, unmoved",
}
_COLOURS = {
    "model": "#d1495b",
    "still": "#e8a09a",
    "nn": "#8c8c8c",
    "shuffled": "#b5b5b5",
    "random": "#d9d9d9",
    "teacher": "#2e6f9e",
}
_DASHED = ("random", "teacher")
_MEASURES = {"sc": "semantic consistency (cosine)", "ndcg": "behavioural consistency (NDCG)"}


def along_figure(ways: Mapping[str, AlongScores], title: str = "Texts along a way") -> Figure:
    """One panel a way: the model and its controls by amount; below, where it was measured, the concept in the text.

    ways: panel title -> scores of `semantic_along` or `behavioural_along`. The bands are standard errors.
    """
    if not ways:
        raise CallError("the figure needs the scores of at least one way, got none")
    rows = 2 if any(way.concept.size for way in ways.values()) else 1
    figure = new_figure((3.6 * len(ways) + 0.8, 3.2 * rows + 0.4), title)
    axes = figure.subplots(rows, len(ways), squeeze=False)
    for column, (name, way) in enumerate(ways.items()):
        for system, values in way.scores.items():
            dash = "--" if system in _DASHED else "-"
            _line(axes[0, column], way.amounts, values, _LABELS[system], _COLOURS[system], dash)
        axes[0, column].set_title(name, fontsize="medium")
        axes[0, column].set_ylabel(_MEASURES[way.measure] if column == 0 else "")
        if rows == 2 and way.concept.size:
            _line(axes[1, column], way.amounts, way.concept, "concept in the text", "#2a7f62", "-")
            axes[1, column].set_ylabel("concept in the text (deviations)" if column == 0 else "")
        elif rows == 2:
            axes[1, column].set_visible(False)
        axes[rows - 1 if way.concept.size else 0, column].set_xlabel("amount")
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3, frameon=False, fontsize="small")
    return figure


def concepts_figure(report: pd.DataFrame, title: str = "Concepts on held-out entities") -> Figure:
    """A bar a concept: its AUC, from `CAVs.report()`, beside chance and, where it is known, popularity alone."""
    if "auc" not in report or report.empty:
        raise CallError("the figure needs a report of one concept or more, with a column auc")
    rows = report.sort_values("auc")
    figure = new_figure((5.6, 0.32 * len(rows) + 1.2), title)
    axis = figure.subplots()
    places = np.arange(len(rows))
    axis.barh(places, rows["auc"] - 0.5, left=0.5, color="#2a7f62", height=0.7)
    if "auc_popularity" in rows:
        axis.plot(rows["auc_popularity"], places, "|", color="black", markersize=10, label="popularity alone")
        axis.legend(frameon=False, fontsize="small", loc="lower right")
    axis.set_yticks(places, [str(name) for name in rows.index])
    axis.axvline(0.5, color="black", linewidth=0.8)
    axis.set_xlabel("AUC (0.5 is chance)")
    return figure


def map_figure(
    frame: pd.DataFrame, values: pd.Series | None = None, marked: Sequence[str] = (), title: str = "The space"
) -> Figure:
    """A map of `elm.embeddings.space_map`, coloured by a number per entity; `marked` ids are named on it."""
    figure = new_figure((6.2, 5.0), title)
    axis = figure.subplots()
    x, y = (frame[name].to_numpy(dtype=np.float64) for name in ("projection_x", "projection_y"))
    if values is None:
        axis.scatter(x, y, color="#9aa5b1", s=9, linewidths=0)
    else:
        dots = axis.scatter(x, y, c=values.reindex(frame.index).to_numpy(dtype=np.float64), s=9, linewidths=0)
        figure.colorbar(dots, ax=axis, label=str(values.name or ""))
    for name in marked:
        if name not in frame.index:
            raise CallError(f"marked entities are on the map, and {name!r} is not")
        place = float(x[frame.index.get_loc(name)]), float(y[frame.index.get_loc(name)])
        axis.annotate(name, place, xytext=(4, 4), textcoords="offset points", fontsize="small", fontweight="bold")
        axis.plot(*place, "o", color="#d1495b", markersize=6)
    axis.set_xticks([])
    axis.set_yticks([])
    return figure


def new_figure(size: tuple[float, float], title: str) -> Figure:
    """An empty figure of the house: its layout, its title."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=size, layout="constrained")
    figure.suptitle(title, fontweight="bold")
    return figure


def _line(axis: Axes, amounts: Sequence[float], values: Floats, label: str, colour: str, dash: str) -> None:
    mean = values.mean(0)
    error = values.std(0, ddof=1) / np.sqrt(len(values))
    axis.plot(amounts, mean, dash, marker="o", markersize=3, label=label, color=colour)
    axis.fill_between(amounts, mean - error, mean + error, color=colour, alpha=0.15, linewidth=0)
    axis.spines[["top", "right"]].set_visible(False)
