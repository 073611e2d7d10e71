"""Pictures of requests: the paper's Figures 4 to 9."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from elm.evaluation.concepts._figures import new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_COLOURS = {"judge": "#5c6670", "distilled": "#d1495b", "untrained": "#2e6f9e"}
_KINDS = {"genre": "genre requests: share with the genre", "open": "open-ended requests: judged satisfaction"}


def satisfaction_figure(rows: Mapping[str, Any], k: str) -> Figure:
    """Satisfaction over w_control, a line a method (Figure 4). rows: those of `bench_requests`."""
    figure = new_figure((8.4, 3.6), f"Satisfaction with the first {k}")
    for axis, (kind, methods) in zip(figure.subplots(1, len(rows), squeeze=False)[0], rows.items(), strict=True):
        for name, by_k in methods.items():
            x = [row["w_control"] for row in by_k[k]]
            y, error = (np.array([row[key] for row in by_k[k]]) for key in ("satisfaction", "satisfaction_se"))
            axis.plot(x, y, "-o", markersize=3, color=_COLOURS[name], label=name)
            axis.fill_between(x, y - error, y + error, color=_COLOURS[name], alpha=0.15)
        axis.set_xlabel("w_control")
        axis.set_title(_KINDS[kind], fontsize=9)
        axis.spines[["top", "right"]].set_visible(False)
        axis.legend(frameon=False, fontsize=8)
    return figure


def fronts_figure(methods: Mapping[str, Any], kind: str, k: str) -> Figure:
    """Satisfaction against precision, recall and NDCG, a line a method (Figures 7 to 9)."""
    figure = new_figure((9.6, 3.4), f"What requests cost, first {k}")
    for axis, measure in zip(figure.subplots(1, 3, sharey=True), ("precision", "recall", "ndcg"), strict=True):
        for name, by_k in methods.items():
            x, y = ([row[key] for row in by_k[k]] for key in (measure, "satisfaction"))
            axis.plot(x, y, "-o", markersize=3, color=_COLOURS[name], label=name)
        axis.set_xlabel(f"{measure}@{k}")
        axis.spines[["top", "right"]].set_visible(False)
    figure.axes[0].set_ylabel(_KINDS[kind], fontsize=8)
    figure.axes[0].legend(frameon=False, fontsize=8)
    return figure


def quality_figure(pairs: Mapping[str, Sequence[Sequence[float]]], quality: Mapping[str, Any]) -> Figure:
    """Predicted against judged values of a sample of pairs (Figure 6). pairs: method -> [predicted, judged]."""
    figure = new_figure((8.0, 3.8), "What was distilled, against its judge, on requests and items never trained on")
    for axis, (name, (predicted, judged)) in zip(
        figure.subplots(1, len(pairs), squeeze=False)[0], pairs.items(), strict=True
    ):
        axis.scatter(judged, predicted, s=3, alpha=0.2, color=_COLOURS[name])
        axis.set_title(
            f"{name}: Pearson {quality[name]['pearson']:.2f}, Spearman {quality[name]['spearman']:.2f}", fontsize=9
        )
        axis.set_xlabel("judge")
        axis.set_ylabel("predicted")
        axis.spines[["top", "right"]].set_visible(False)
    return figure


def cost_figure(rows: Sequence[Mapping[str, Any]]) -> Figure:
    """Seconds over items, a line a number of requests (Figure 5), beside direct judging where it was measured."""
    figure = new_figure((6.4, 4.2), "Seconds for all requests")
    axis = figure.subplots()
    for place, number in enumerate(dict.fromkeys(row["requests"] for row in rows)):
        some = [row for row in rows if row["requests"] == number]
        x = [row["items"] for row in some]
        colour = f"C{place}"
        axis.plot(x, [row["seconds"] for row in some], "-o", markersize=3, color=colour, label=f"{number} distilled")
        if "direct" in some[0]:
            axis.plot(x, [row["direct"] for row in some], "--", color=colour, label=f"{number} judged")
    axis.set_xscale("log")
    axis.set_yscale("log")
    axis.set_xlabel("items")
    axis.set_ylabel("seconds")
    axis.spines[["top", "right"]].set_visible(False)
    axis.legend(frameon=False, fontsize=8)
    return figure
