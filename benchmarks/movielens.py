"""Scores of a run on MovieLens 100K (README, "MovieLens"), against what it promises.

python benchmarks/movielens.py runs/ml-100k
"""

from __future__ import annotations

import argparse
from pathlib import Path

from elm.cli._output import console
from elm.evaluation import consistency_table, profile_table
from elm.runs import bench_run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path)
    parser.add_argument("--films", type=int, default=200)
    parser.add_argument("--users", type=int, default=200)
    options = parser.parse_args()
    value = bench_run(options.run, options.films, options.users, zero_shot=True, progress=False)
    films = value["consistency"]
    users = {"user_profile": value["profile"], "user_summary": value["profile"]["user_summary"]}
    console().print(consistency_table(films), profile_table(users))
    for task, row in films.items():
        found, near = row["fact_recall"]["genres"], row["nn_recall"]["genres"]
        right, copied = row["fact_precision"]["genres"], row["nn_precision"]["genres"]
        print(
            f"{task}: SC above shuffled by {row['sc'] - row['sc_shuffled']:.3f} (goal 0.10, p {row['p_value']:.1e}); "
            f"genre recall {found:.3f}, nearest film's {near:.3f}; precision {right:.3f}, nearest {copied:.3f}; "
            f"rSC {row['rsc']:.2f}"
        )
    for task, row in users.items():
        zero = row["zero_shot"]
        print(
            f"{task}: BC {row['bc']:.3f}, shuffled {row['bc_shuffled']:.3f}, p {row['p_value']:.1e} (goal < 0.01); "
            f"rBC {row['rbc']:.2f}; nearest user's text {row['bc_nn']:.3f}; "
            f"zero-shot ranker {zero['bc']:.3f}, shuffled {zero['bc_shuffled']:.3f}"
        )


if __name__ == "__main__":
    main()
