"""Two stages of training against one on the demo films: as many steps and tokens, the same tasks (ELM, Section 2).

    OMP_NUM_THREADS=1 python benchmarks/stages.py [--steps 570] [--seeds 1] [--lr 1.5e-3 ...] [--out FOLDER]

Four film tasks of the quickstart. Two stages: the adapter alone for 150 of 570 steps, then all weights. One stage: all
weights from the first step, at each learning rate of --lr; which of them to take is read off the validation films'
column. Scores are of test films, with controls; recall of facts beside that of the nearest training film's text.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import pandas as pd
from _experiment import report
from _films import RATES, film_arguments, films, trained, two_stage

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ALONE = 150 / 570  # the share of steps in which the adapter learns alone, that of the quickstart


def plans(steps: int, rates: list[float]) -> dict[str, tuple[int, int, tuple[float, float]]]:
    """Regime -> steps and learning rates of its stages."""
    alone = round(steps * ALONE)
    return {f"two stages, {alone} + {steps - alone}": (alone, steps - alone, RATES)} | {
        f"one stage, lr {lr:g}": (0, steps, (lr, lr)) for lr in rates
    }


def summary(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """A line a regime: means over seeds."""
    lines = [
        {
            "regime": row["regime"],
            "seed": row["seed"],
            **row["test"],
            "rsc_validation": row["validation"]["rSC"],
            "loss": row["loss"],
        }
        for row in rows
    ]
    frame = pd.DataFrame(lines).groupby("regime", sort=False)
    return (
        frame.agg(seeds=("seed", "size"), **{c: (c, "mean") for c in lines[0] if c not in ("regime", "seed")})
        .round(3)
        .reset_index()
    )


def picture(rows: list[dict[str, Any]]) -> Figure:
    """rSC of validation films on the way, a line a training."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.2, 3.2), layout="constrained")
    axis = figure.subplots()
    colours = dict(
        zip(
            dict.fromkeys(row["regime"] for row in rows), ("#2e6f9e", "#d1495b", "#e8a09a", "#8c8c8c") * 4, strict=False
        )
    )
    for row in rows:
        label = row["regime"] if row["seed"] == rows[0]["seed"] else None
        axis.plot(
            [point["step"] for point in row["course"]],
            [point["rSC"] for point in row["course"]],
            "o-",
            markersize=3,
            color=colours[row["regime"]],
            label=label,
        )
    axis.set(xlabel="step", ylabel="rSC, validation films")
    axis.spines[["top", "right"]].set_visible(False)
    axis.legend(frameon=False, fontsize="small")
    figure.suptitle("Two stages of training against one", fontweight="bold")
    return figure


def main() -> None:
    parser = film_arguments(__doc__)
    parser.add_argument("--lr", type=float, nargs="+", default=[RATES[1]], help="of the training in one stage")
    options = parser.parse_args()
    rows = []
    with films("stages", options) as shared:
        for seed in range(options.seed, options.seed + options.seeds):
            for regime, (one, two, rates) in plans(options.steps, options.lr).items():
                name = f"{'two' if one else f'one-{rates[1]:g}'}-{seed}"
                training = two_stage(one, two, seed, rates, options.batch_tokens)
                found = shared.run.step(name, partial(trained, shared, name, training))
                rows.append({"regime": regime, "seed": seed, **found})
    report("stages", summary(rows), rows, picture(rows), options)


if __name__ == "__main__":
    main()
