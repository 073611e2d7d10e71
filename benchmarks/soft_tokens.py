"""How many soft tokens per vector needs: the same training with 1, 2, 4, 8 and 16 of them a vector.

    OMP_NUM_THREADS=1 python benchmarks/soft_tokens.py [--steps 570] [--numbers 1 2 4 8 16] [--out FOLDER]

Four film tasks of the quickstart, in two stages. Scores are of test films, with controls; recall of facts beside that
of the nearest training film's text.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import pandas as pd
from _experiment import report
from _films import film_arguments, films, trained, two_stage
from stages import ALONE

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def summary(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """A line a number of soft tokens: means over seeds."""
    lines = [
        {"soft_tokens": row["soft_tokens"], "seed": row["seed"], **row["test"], "loss": row["loss"]} for row in rows
    ]
    frame = pd.DataFrame(lines).groupby("soft_tokens")
    return (
        frame.agg(seeds=("seed", "size"), **{c: (c, "mean") for c in lines[0] if c not in ("soft_tokens", "seed")})
        .round(3)
        .reset_index()
    )


def picture(frame: pd.DataFrame) -> Figure:
    """rSC and recall of facts by number of soft tokens."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4.6, 3.0), layout="constrained")
    axis = figure.subplots()
    axis.plot(frame["soft_tokens"], frame["rsc"], "o-", color="#d1495b", label="rSC")
    axis.plot(frame["soft_tokens"], frame["facts"], "s-", color="#2e6f9e", label="recall of facts")
    axis.plot(frame["soft_tokens"], frame["facts_nn"], ":", color="#8c8c8c", label="recall, nearest film's text")
    axis.set_xscale("log", base=2)
    axis.set_xticks(frame["soft_tokens"], [str(n) for n in frame["soft_tokens"]])
    axis.set_xlabel("soft tokens per vector")
    axis.spines[["top", "right"]].set_visible(False)
    axis.legend(frameon=False, fontsize="small")
    figure.suptitle("Soft tokens", fontweight="bold")
    return figure


def main() -> None:
    parser = film_arguments(__doc__)
    parser.add_argument("--numbers", type=int, nargs="+", default=[1, 2, 4, 8, 16], help="of soft tokens per vector")
    options = parser.parse_args()
    alone = round(options.steps * ALONE)
    rows = []
    with films("soft tokens", options) as shared:
        for number in options.numbers:
            for seed in range(options.seed, options.seed + options.seeds):
                name = f"{number}-{seed}"
                training = two_stage(alone, options.steps - alone, seed, batch_tokens=options.batch_tokens)
                found = shared.run.step(name, partial(trained, shared, name, training, number))
                rows.append({"soft_tokens": number, "seed": seed, **found})
    frame = summary(rows)
    report("soft_tokens", frame, rows, picture(frame), options)


if __name__ == "__main__":
    main()
