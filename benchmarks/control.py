"""Whether lists follow edits: the tasks of `elm bench control` on the demo world or MovieLens, beside what is aimed at.

OMP_NUM_THREADS=1 python benchmarks/control.py [demo | ml-100k --folder FOLDER] [--seeds 5] [--out FOLDER] [--json]
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
from _experiment import arguments, folder, report, set_values

from elm.cli.bench._control import by_model, soft_attributes
from elm.data import WITH_TEXTS, load
from elm.evaluation import trade_off_figure
from elm.recommend import split_dataset
from elm.runs import ControlTasks, TextModels, bench_control

MODELS = "tears-recvae,tears-multi-vae,tears-macridvae"
# what is aimed at: task, name, alpha, measure -> for TEARS RecVAE, and for the best model where it differs
GOALS: dict[tuple[str, str | None, float, str], tuple[float, float | None]] = {
    ("large", None, 1.0, "rise"): (0.39, 0.69),
    ("large", None, 1.0, "fall"): (0.35, 0.45),
    ("guided", "mean", 0.5, "rise"): (0.21, None),
    ("guided", "mean", 0.5, "fall"): (0.10, None),
    ("fine", None, 1.0, "share_edits"): (0.70, None),
    ("fine", None, 1.0, "gain"): (0.0, None),
}


def headlines(value: dict[str, Any]) -> pd.DataFrame:
    """One row per model and measure: mean, deviation over seeds, goal; NDCG of the unedited text and popularity."""
    goals = GOALS | {("large", None, 1.0, "ndcg"): (value["popularity"]["mean"], None)}
    found = []
    for row in value["rows"]:
        for (task, name, alpha, measure), (goal, best) in goals.items():
            if (row["task"], row["name"], row["alpha"]) == (task, name, alpha):
                about = {"model": row["model"], "task": task, "alpha": alpha, "measure": measure}
                found.append(about | row[measure] | {"seeds": row["seeds"], "goal": goal, "best model": best})
    return pd.DataFrame(found).round(3)


def main() -> None:
    parser = arguments(__doc__, seeds=5)
    parser.add_argument("dataset", nargs="?", default="demo")
    parser.add_argument("--folder", type=Path, help="where the files of MovieLens lie")
    parser.add_argument("--texts", action="store_true", help="MovieLens with the texts below FOLDER, for themes")
    parser.add_argument("--models", default=MODELS)
    parser.add_argument("--part", default="test", choices=("test", "validation"))
    parser.add_argument("--set", action="append", default=[], help="a setting of every model's training, epochs=20")
    options = parser.parse_args()
    if options.texts and (options.dataset not in WITH_TEXTS or options.folder is None):
        parser.error(f"--texts goes with {' or '.join(WITH_TEXTS)} and --folder, which holds ml-1m-text and the like")
    data = WITH_TEXTS[options.dataset](options.folder) if options.texts else load(options.dataset, options.folder)
    order = "time" if data.has_times else "random"
    own = set_values(options.set)
    models = options.models.split(",")
    with folder(
        options.out, {"dataset": options.dataset, "texts": options.texts, "part": options.part, "set": own}
    ) as run:
        value = bench_control(
            TextModels(data, settings=dict.fromkeys(models, own)),
            lambda seed: split_dataset(data, "paper", seed, order=order),
            models,
            range(options.seed, options.seed + options.seeds),
            ControlTasks(part=options.part, attributes=soft_attributes(data, None)),
            run.step,
        )
    figure = trade_off_figure(by_model(value["rows"]), baseline=value["popularity"]["mean"])
    rows = {key: value[key] for key in ("splits", "popularity", "rows")}
    report("control", headlines(value), rows, figure, options)


if __name__ == "__main__":
    main()
