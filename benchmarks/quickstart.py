"""Seconds and peak memory of `elm quickstart` in a fresh folder, and its scores against what it promises.

python benchmarks/quickstart.py [--runs 1]
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1)
    options = parser.parse_args()
    seconds = []
    for _ in range(options.runs):
        with tempfile.TemporaryDirectory() as folder:
            began = time.perf_counter()
            command = [sys.executable, "-m", "elm", "quickstart", "--out", folder, "--json", "--quiet"]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            seconds.append(time.perf_counter() - began)
        result = json.loads(done.stdout)
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**20
    print(f"seconds, median of {options.runs}: {statistics.median(seconds):.0f} (goal 300)")
    print(f"peak memory: {memory:.1f} GiB (goal 4)")
    print("seconds by step:", ", ".join(f"{name} {value:.0f}" for name, value in result["seconds"].items()))
    for task, row in result["consistency"].items():
        facts = f"{row['fact_precision']['overall']:.3f} / {row['fact_recall']['overall']:.3f}"
        print(f"{task}: rSC {row['rsc']:.2f} (goal 0.30), facts {facts} (goal 0.75)")
    profile, loop, edit = result["profile"], result["loop"], result["edit"]
    share = loop["ndcg_elm"] / loop["ndcg_teacher"]
    print(f"user_profile: rBC {profile['rbc']:.2f}, p {profile['p_value']:.1e}")
    print(
        f"loop, NDCG@20: {', '.join(f'{k[5:]} {v:.3f}' for k, v in loop.items() if k.startswith('ndcg_'))}; "
        f"elm / teacher {share:.2f} (the goal is the shipped model's: loop.py)"
    )
    rise = edit["ndcg_genre_after"] - edit["ndcg_genre_before"]
    print(f"edit: genre-wise NDCG@20 of the new genre rises by {rise:.3f} at alpha 1 (goal 0.25)")
    print(
        "  by alpha:",
        ", ".join(f"{r['alpha']:g}: {r['least_after'] - r['least_before']:+.3f}" for r in edit["by_alpha"]),
    )
    shipped = result["shipped"]
    print(
        "shipped adapters, same films:", ", ".join(f"{t} rSC {r['rsc']:.2f}" for t, r in shipped["consistency"].items())
    )


if __name__ == "__main__":
    main()
