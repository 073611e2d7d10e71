"""SC as a reward on the demo model: what it brings on films that were not trained on, and what it costs in facts.

python benchmarks/rewards/consistency.py [--task summary] [--objective grpo] [--steps 40] [--out FOLDER]
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np

from elm.data import load
from elm.embeddings import encoder_of
from elm.evaluation import CachedEncoder, fact_scores
from elm.metrics import paired_test
from elm.model import SHIPPED, load_model, shipped_base, shipped_vectors
from elm.tasks import generated_facts
from elm.training import (
    LoopConfig,
    Objective,
    Readability,
    RewardTraining,
    SemanticReward,
    Tuned,
    VectorPolicy,
    guarded,
    train_by_reward,
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--task", default="summary")
    parser.add_argument("--objective", default="grpo")
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--prompts", type=int, default=16)
    parser.add_argument("--texts", type=int, default=4)
    parser.add_argument("--lr", type=float, default=1e-3)
    parser.add_argument("--rank", type=int, default=16)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    films, data = shipped_vectors("films"), load("demo")
    reward = SemanticReward(films, CachedEncoder(encoder_of(films.space)))
    facts = [generated_facts(row, "films") for _, row in data.facts.items.loc[list(films.ids)].iterrows()]

    def recall(rows: Any, texts: Any) -> np.ndarray:
        return fact_scores(list(texts), [facts[row] for row in rows]).recall_each()

    held = [row for row, film in enumerate(films.ids) if row >= 1700]
    watched, test = held[:60], held[60:]
    model = load_model(SHIPPED / "demo")
    policy = VectorPolicy(model, films, asked.task, Tuned("lora", asked.rank, seed=asked.seed))
    guard = guarded(policy, reward, recall, watched, Readability(*shipped_base()), every=max(asked.steps // 4, 1))
    texts = 2 if asked.objective == "rlso" else asked.texts
    loop = LoopConfig(asked.steps, asked.lr, warmup=3, save_every=10, seed=asked.seed)
    config = RewardTraining(loop, Objective(asked.objective), asked.prompts, texts, seed=asked.seed)
    before = policy.greedy(test)
    speed = _speed(policy)
    result = train_by_reward(
        policy, reward, config, rows=[r for r in range(len(films)) if r < 1700], guard=guard, checkpoints=asked.out
    )
    after = policy.greedy(test)
    sc = [reward(test, said) for said in (before, after)]
    known = [recall(test, said) for said in (before, after)]
    told = {
        "task": asked.task,
        "objective": asked.objective,
        "films": len(test),
        "sc": [float(value.mean()) for value in sc],
        "sc_p": paired_test(sc[1], sc[0]).p_value,
        "fact recall": [float(value.mean()) for value in known],
        "fact recall p": paired_test(known[1], known[0]).p_value,
        "times the texts per second in a batch": speed,
        "seconds": result.loop.seconds,
        "guard": guard.report(result.loop.validations),
        "history": result.history,
        "texts": [before[:2], after[:2]],
    }
    print(json.dumps(told, indent=2))


def _speed(policy: VectorPolicy) -> float:
    """Texts per second of a batch of 64 over those of one by one."""
    started = time.perf_counter()
    for row in range(4):
        policy.write([row], 1, seed=1)
    alone = (time.perf_counter() - started) / 4
    started = time.perf_counter()
    policy.write(range(64), 1, seed=1)
    return alone / ((time.perf_counter() - started) / 64)


if __name__ == "__main__":
    main()
