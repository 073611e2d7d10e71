"""Pictures of control: what it costs, what guidance does, and where it takes each user."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from elm._errors import CallError
from elm.evaluation.concepts._figures import new_figure
from elm.evaluation.controllability._map import GuidedMap

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Means = Mapping[str, Sequence[Mapping[str, Any]]]
"""Model -> its records, from `control_means`."""

_COLOURS = ("#d1495b", "#2e6f9e", "#2a7f62", "#e08e3a", "#7a5195", "#5c6670")


def trade_off_figure(means: Means, task: str = "large", baseline: float | None = None) -> Figure:
    """NDCG of the unedited texts against the rise of the new favourite and the fall of the old one, a point an alpha.

    baseline: a horizontal line, such as popularity's NDCG. (TEARS, Figure 4, left)
    """
    figure = new_figure((8.4, 3.8), "What control costs")
    axes = figure.subplots(1, 2, sharey=True)
    for axis, measure, label in zip(axes, ("rise", "fall"), ("new favourite up", "old favourite down"), strict=True):
        for place, (model, rows) in enumerate(means.items()):
            points = _rows(rows, task, None, model)
            x, y = ([row[name]["mean"] for row in points] for name in (measure, "ndcg"))
            axis.plot(x, y, "-o", markersize=3.5, color=_COLOURS[place % len(_COLOURS)], label=model)
            for row, across, up in zip(points, x, y, strict=True):
                axis.annotate(f"{row['alpha']:g}", (across, up), xytext=(3, 3), textcoords="offset points", fontsize=6)
        if baseline is not None:
            axis.axhline(baseline, color="black", linewidth=0.8, linestyle=":", label="popularity")
        axis.set_xlabel(f"{label}: change of genre-wise NDCG")
        axis.spines[["top", "right"]].set_visible(False)
    axes[0].set_ylabel("NDCG of the unedited text")
    axes[0].legend(frameon=False, fontsize="small")
    return figure


def guided_figure(means: Means, alpha: float = 0.5, task: str = "guided") -> Figure:
    """Bars of what "more" adds and "less" takes away, an attribute a place, a model a colour; error bars over seeds."""
    figure = new_figure((9.0, 5.0), f"Asking for more and for less, alpha {alpha:g}")
    axes = figure.subplots(2, 1, sharex=True)
    names: list[str] = []
    for axis, measure, label in zip(axes, ("rise", "fall"), ("more", "less"), strict=True):
        for place, (model, rows) in enumerate(means.items()):
            bars = _rows(rows, task, alpha, model)
            names = [str(row["name"]) for row in bars]
            spots = np.arange(len(bars)) + (place - (len(means) - 1) / 2) * 0.8 / len(means)
            heights, errors = ([row[measure][part] or 0.0 for row in bars] for part in ("mean", "sd"))
            axis.bar(
                spots,
                heights,
                0.8 / len(means),
                yerr=errors,
                label=model,
                ecolor="#555555",
                color=_COLOURS[place % len(_COLOURS)],
                error_kw={"linewidth": 0.8},
            )
        axis.axhline(0, color="black", linewidth=0.8)
        axis.set_ylabel(f'change under "{label}"')
        axis.spines[["top", "right"]].set_visible(False)
    axes[1].set_xticks(np.arange(len(names)), names, rotation=30, ha="right")
    axes[0].legend(frameon=False, fontsize="small")
    return figure


def guided_map_figure(found: GuidedMap, title: str = "Where guidance takes each user") -> Figure:
    """A panel a genre: users at alpha 0 (red), where the phrase takes them (coloured by what the genre gains), lines
    between, and an X for each phrase alone. (TEARS, Figure 6)"""
    figure = new_figure((4.0 * len(found.moved) + 0.8, 4.0), title)
    axes = figure.subplots(1, len(found.moved), squeeze=False, sharex=True, sharey=True)[0]
    top = max(float(values.max()) for values in found.rise.values())
    for axis, (genre, moved) in zip(axes, found.moved.items(), strict=True):
        lines = np.stack([found.start, moved])  # (2, n, 2)
        axis.plot(lines[:, :, 0], lines[:, :, 1], color="#bbbbbb", linewidth=0.4, zorder=1)
        axis.scatter(*found.start.T, color="#d1495b", s=7, linewidths=0, zorder=2)
        dots = axis.scatter(*moved.T, c=found.rise[genre], s=9, linewidths=0, vmin=min(0.0, top), vmax=top, zorder=3)
        for name, place in found.phrases.items():
            axis.plot(*place, "x", color="black", markersize=5, zorder=4)
            weight = "bold" if name == genre else "normal"
            axis.annotate(name, tuple(place), xytext=(3, 3), textcoords="offset points", fontsize=6, fontweight=weight)
        axis.plot(*found.phrases[genre], "o", color="black", markersize=13, fillstyle="none", zorder=4)
        axis.set_title(f"more {genre}, alpha {found.alpha:g}", fontsize="medium")
        axis.set_xticks([])
        axis.set_yticks([])
    figure.colorbar(dots, ax=list(axes), label="gain of the genre in the top of the list")
    return figure


def _rows(rows: Sequence[Mapping[str, Any]], task: str, alpha: float | None, model: str) -> list[Mapping[str, Any]]:
    found = [row for row in rows if row["task"] == task and (alpha is None or abs(row["alpha"] - alpha) < 1e-9)]
    if not found:
        raise CallError(
            f"{model} has no results of the task {task!r}" + ("" if alpha is None else f" at alpha {alpha}")
        )
    return found
