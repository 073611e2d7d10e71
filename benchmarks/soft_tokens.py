"""How many soft tokens a vector needs: the same training with 1, 2, 4, 8 and 16 of them a vector.

    OMP_NUM_THREADS=1 python benchmarks/soft_tokens.py [--steps 570] [--numbers 1 2 4 8 16] [--out FOLDER]

Four film tasks of the quickstart, in two stages. Scores are of test films, with controls; recall of facts beside that
of the nearest training film's text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
from _experiment import arguments, folder, report
from _films import demo_world, trained, two_stage
from stages import ALONE

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def summary(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """A line a number of soft tokens: means over seeds."""
    lines = [{"soft_tokens": row["soft_tokens"], "seed": row["seed"], **row["test"], "loss": row["loss"]}
             for row in rows]  # fmt: skip
    frame = pd.DataFrame(lines).groupby("soft_tokens")
    return frame.agg(seeds=("seed", "size"), **{c: (c, "mean") for c in lines[0] if c not in ("soft_tokens", "seed")}
                     ).round(3).reset_index()  # fmt: skip


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
    axis.set_xlabel("soft tokens a vector")
    axis.spines[["top", "right"]].set_visible(False)
    axis.legend(frameon=False, fontsize="small")
    figure.suptitle("Soft tokens", fontweight="bold")
    return figure


def main() -> None:
    parser = arguments(__doc__, steps=570)
    parser.add_argument("--base", default="shipped", help="shipped, a folder, or a Hub id")
    parser.add_argument("--films", type=int, default=60, help="held-out films that are scored")
    parser.add_argument("--numbers", type=int, nargs="+", default=[1, 2, 4, 8, 16], help="of soft tokens a vector")
    options = parser.parse_args()
    settings = {"experiment": "soft tokens", "base": options.base, "steps": options.steps, "films": options.films}
    alone = round(options.steps * ALONE)
    rows = []
    with folder(options.out, settings) as run:
        world, encoder = demo_world(run)
        for number in options.numbers:
            for seed in range(options.seed, options.seed + options.seeds):
                name, training = f"{number}-{seed}", two_stage(alone, options.steps - alone, seed)
                found = run.step(name, lambda n=name, t=training, k=number: trained(
                    run, n, world, encoder, options.base, t, options.films, k))  # fmt: skip
                rows.append({"soft_tokens": number, "seed": seed, **found})
    frame = summary(rows)
    report("soft_tokens", frame, rows, picture(frame), options)


if __name__ == "__main__":
    main()
