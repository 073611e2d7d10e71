"""Certificates on held-out test entities: the share that is trusted, the rate that is stated, and the one observed.

    OMP_NUM_THREADS=1 python benchmarks/trust/certificates.py [--run RUN] [--tasks summary user_profile] [--json]

The shipped model, or that of a run. Rules are calibrated on validation entities; nothing here was chosen on test ones.
Goals: of trusted texts more than 80 % right, and at most 5 points between what "trust" states and what is observed.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pandas as pd

from elm.evaluation import certify
from elm.runs import Known, certifier


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", help="a run folder; by default the shipped model")
    parser.add_argument("--tasks", nargs="+", help="by default all over one vector that the model learned")
    parser.add_argument("--most", type=int, default=200, help="test entities")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    known = Known.of_run(Path(options.run)) if options.run else Known.shipped()
    rows = []
    for task in options.tasks or [task.id for task in known.tasks()]:
        rule = certifier(options.run, task)
        table = known.entities(task, "test")
        table = table.subset(table.ids[: options.most])
        found = certify(known.model, table.vectors, task, rule, seed=known.config.seed)
        right = known.right([one.text for one in found], table, task)
        trusted = pd.Series([one.verdict == "trust" for one in found])
        doubted = pd.Series([one.verdict == "doubt" for one in found])
        rates, bound = (rule.calibration.tasks[task][key] for key in ("rates", "bound"))
        rows.append(
            {
                "task": task,
                "n": len(found),
                "right": right.mean(),
                "trusted": trusted.mean(),
                "stated": rates["trust"],
                "bound": bound,
                "observed": right[trusted].mean() if trusted.any() else float("nan"),
                "points": 100 * abs(rates["trust"] - right[trusted].mean()) if trusted.any() else float("nan"),
                "doubted": doubted.mean(),
                "doubt stated": rates["doubt"],
                "doubt observed": right[doubted].mean() if doubted.any() else float("nan"),
                "abstained": 1 - trusted.mean() - doubted.mean(),
            }
        )
    if options.json:
        print(json.dumps(rows, indent=2, default=float))
        return
    print(pd.DataFrame(rows).round(3).to_string(index=False, na_rep="-"))


if __name__ == "__main__":
    main()
