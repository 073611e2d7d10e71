"""The loop with the shipped model's profiles: what they recommend, and what an edit of them moves.

    python benchmarks/loop.py [--seeds 3] [--run RUN]

Without --run: the demo world and the shipped model; with it, that run's world, model and recommender.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from pathlib import Path
from typing import Any

from elm.embeddings import SentenceEncoder
from elm.evaluation import edit_scores, loop_scores
from elm.model import load_model, shipped_model
from elm.recommend import Popularity, Recommender
from elm.runs import RunConfig, RunFolder, World, build_world, held_users, open_run, shipped_twin, teach_recommender


def measure(world: World, model: Any, recommender: Recommender, seed: int) -> tuple[dict[str, Any], dict[str, Any]]:
    held = held_users(world, world.user_split.test, seed)
    ours = model.describe(world.held_users.rows(held.ids), "user_profile")
    popular = Popularity.fit(world.dataset.ratings_matrix(users=world.users.ids, items=recommender.items))
    genres = [list(found) for found in world.dataset.items["genres"].reindex(recommender.items)]
    loop = loop_scores(recommender, held.inputs, held.targets, ours, held.profiles, popular, seed=seed)
    return loop.to_dict(), edit_scores(recommender, ours, held.inputs, genres).to_dict()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--run", type=Path)
    options = parser.parse_args()
    encoder = SentenceEncoder()
    found = []
    for seed in range(1 if options.run else options.seeds):
        if options.run:
            run, config = open_run(options.run)
            world = build_world(run, config, encoder, progress=False)
            recommender = Recommender.load(run.path / "recommender", encoder)
            found.append(measure(world, load_model(options.run), recommender, config.seed))
            continue
        with tempfile.TemporaryDirectory() as folder:
            run = RunFolder.start(folder, RunConfig().to_dict())
            world = shipped_twin(build_world(run, RunConfig(), encoder, progress=False))
            teach_recommender(run, world, encoder, seed, progress=False)
            found.append(measure(world, shipped_model(), Recommender.load(run.path / "recommender", encoder), seed))
    loops, edits = zip(*found, strict=True)
    print(f"{loops[0]['n']} held-out users, {len(found)} seed(s) of the recommender; medians")
    for key in ("ndcg_elm", "ndcg_teacher", "ndcg_shuffled", "ndcg_history", "ndcg_popular"):
        print(f"  {key}: {statistics.median(loop[key] for loop in loops):.3f}")
    print("round trip, history to words and back: cosine of the latents, and the share of the NDCG that is kept")
    for name in ("elm", "teacher", "shuffled"):
        near, kept = (statistics.median(loop[f"{key}_{name}"] for loop in loops) for key in ("cosine", "survives"))
        print(f"  {name}: {near:.3f}, {kept:.3f}")
    share = statistics.median(loop["ndcg_elm"] / loop["ndcg_teacher"] for loop in loops)
    print(f"  elm / teacher: {share:.3f} (goal 0.9)")
    print(
        f"edit, favourite genre out and least favourite in ({edits[0]['n']} users): genre-wise NDCG@20 of the new genre"
    )
    for row, first in enumerate(edits[0]["by_alpha"]):
        before, after = (
            statistics.median(e["by_alpha"][row][f"least_{side}"] for e in edits) for side in ("before", "after")
        )
        print(f"  alpha {first['alpha']:g}: {before:.3f} to {after:.3f}, rise {after - before:+.3f}")


if __name__ == "__main__":
    main()
