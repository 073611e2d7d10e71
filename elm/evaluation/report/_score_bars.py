"""One picture: scores against their controls."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from elm._errors import CallError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Rows = Mapping[str, Mapping[str, Any]]

# system -> (key after the score's name, label, colour): the model stands out, controls are greys, limits are blues
_FILM_BARS = (
    ("_random", "random text", "#d9d9d9"),
    ("_shuffled", "another film's text", "#b5b5b5"),
    ("_nn", "nearest film's text", "#8c8c8c"),
    ("", "the model", "#d1495b"),
    ("_probe", "linear probe", "#7fb2d6"),
    ("_teacher", "teacher (ceiling)", "#2e6f9e"),
)
_USER_BARS = (
    ("_random", "random text", "#d9d9d9"),
    ("_shuffled", "another user's text", "#b5b5b5"),
    ("_nn", "nearest user's text", "#8c8c8c"),
    ("", "the model", "#d1495b"),
    ("_teacher", "teacher (ceiling)", "#2e6f9e"),
)
_LINES = (("_cf", "collaborative model itself", "-"), ("_popular", "popularity", ":"))


def scores_figure(consistency: Rows, profiles: Rows | None = None, title: str = "Scores against controls") -> Figure:
    """Bars of SC for each film task and of BC for each user task: the model between its controls and the ceiling.

    consistency, profiles: task -> the dicts of `TaskScores` and `UserScores`; either may be empty, not both. Drawn
    without a display; save it with `figure.savefig("scores.png", dpi=150)`.
    """
    from matplotlib.figure import Figure

    panels = [(rows, kind) for rows, kind in ((consistency, "film"), (profiles or {}, "user")) if rows]
    if not panels:
        raise CallError("the figure needs the scores of at least one task, got none")
    widths = [max(1.4, len(rows)) for rows, _ in panels]
    figure = Figure(figsize=(2.6 + 2.3 * sum(widths), 5.2), layout="constrained")
    figure.suptitle(title, fontweight="bold")
    axes = figure.subplots(1, len(panels), width_ratios=widths, squeeze=False)[0]
    for axis, (rows, kind) in zip(axes, panels, strict=True):
        if kind == "film":
            _draw(axis, rows, "sc", _FILM_BARS, "rsc", "rSC")
            axis.set_ylabel("semantic consistency (cosine)")
            axis.set_title("film tasks, held-out films", fontsize="medium")
        else:
            _draw(axis, rows, "bc", _USER_BARS, "rbc", "rBC")
            _lines(axis, rows, "bc")
            axis.set_ylabel("behavioural consistency (Spearman)")
            axis.set_title("user tasks, held-out users", fontsize="medium")
        axis.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=3, frameon=False, fontsize="small")
    return figure


def _draw(axis: Axes, rows: Rows, score: str, bars: tuple[tuple[str, str, str], ...], ratio: str, name: str) -> None:
    """Grouped bars, the model's value on its bar, its ratio under the task's name."""
    width, top = 0.84 / len(bars), 0.0
    for place, (suffix, label, colour) in enumerate(bars):
        values = [_value(row.get(f"{score}{suffix}")) for row in rows.values()]
        lefts = [number + (place - (len(bars) - 1) / 2) * width for number in range(len(rows))]
        drawn = axis.bar(lefts, values, width * 0.94, label=label, color=colour)
        top = max(top, *values)
        if suffix == "":
            axis.bar_label(drawn, fmt="%.2f", padding=2, fontsize="small", fontweight="bold", color=colour)
    labels = [f"{task}\n{name} {_text(row.get(ratio))}" for task, row in rows.items()]
    axis.set_xticks(range(len(rows)), labels)
    axis.tick_params(axis="x", length=0)
    axis.set_xlim(-0.55, len(rows) - 0.45)
    axis.margins(y=0.1)
    axis.spines[["top", "right"]].set_visible(False)
    axis.axhline(0, color="black", linewidth=0.8)


def _lines(axis: Axes, rows: Rows, score: str) -> None:
    for suffix, label, style in _LINES:
        for number, row in enumerate(rows.values()):
            value = _value(row.get(f"{score}{suffix}"))
            name = label if number == 0 else "_"  # one entry in the legend
            axis.hlines(value, number - 0.46, number + 0.46, color="black", linestyle=style, linewidth=1.2, label=name)


def _value(value: float | None) -> float:
    return float("nan") if value is None else float(value)


def _text(value: float | None) -> str:
    return "n/a" if value is None else f"{value:.2f}"
