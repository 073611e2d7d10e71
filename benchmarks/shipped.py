"""Scores of the shipped demo model on held-out films and users, against what it promises.

python benchmarks/shipped.py [--json] [--zero-shot]
"""

from __future__ import annotations

import argparse
import json
import tempfile

from elm.cli._output import console, plain
from elm.embeddings import SentenceEncoder
from elm.evaluation import consistency_table, facts_table, profile_table
from elm.runs import QUICK, RunConfig, RunFolder, build_world, score_shipped

FACTS = {"setting": 0.97, "protagonist": 0.97, "conflict": 0.97, "genres": 0.90}
RSC, RBC = 0.85, 0.85


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--zero-shot", action="store_true", help="also the untrained ranker of the ELM paper")
    options = parser.parse_args()
    config = RunConfig(seed=QUICK.seed)
    encoder = SentenceEncoder()
    with tempfile.TemporaryDirectory() as folder:
        world = build_world(RunFolder.start(folder, config.to_dict()), config, encoder, progress=False)
        scores = score_shipped(world, config, encoder, zero_shot=options.zero_shot, progress=False).to_dict()
    if options.json:
        print(json.dumps(plain(scores), indent=2))
        return
    films, users = scores["consistency"], scores["profile"]
    console().print(consistency_table(films), facts_table(films), profile_table(users))
    for task, row in films.items():
        found = [
            (f"{kind} {side}", row[f"fact_{side}"][kind], FACTS[kind])
            for side in ("precision", "recall")
            for kind in FACTS
        ]
        low = [f"{name} {value:.3f}" for name, value, least in found if value < least]
        verdict = "reached" if not low and row["rsc"] >= RSC else f"short: {', '.join(low) or 'rSC'}"
        print(f"{task}: rSC {row['rsc']:.3f} (goal {RSC}), facts {verdict}")
    for task, row in users.items():
        print(f"{task}: rBC {row['rbc']:.3f} (goal {RBC}), p {row['p_value']:.1e} (goal < 0.01)")


if __name__ == "__main__":
    main()
