"""Which of eight texts was meant? Judged by words alone (tf-idf), which neither training nor the choice of a text uses.

    python benchmarks/readers/which_of_eight.py my-reader [--report my-reader/best-of-8-report] [--task text]

For each held-out entity, its true text and those of seven others drawn by seed are put beside each system's text; the
nearest by tf-idf, learned on the reader's training texts, is taken. A text without a word in common counts as wrong.
Prints the share right of each system, with a 95 % interval; chance is 0.125.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.feature_extraction.text import TfidfVectorizer

from elm.metrics import bootstrap_interval
from elm.runs.readers._open import open_reader

EIGHT = 8


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("reader", type=Path)
    parser.add_argument("--report", type=Path, default=None)
    parser.add_argument("--task", default="text")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    _, _, world = open_reader(given.reader)
    judge = TfidfVectorizer(stop_words="english", sublinear_tf=True)
    judge.fit([text for id in world.split.train for text in world.pairs.texts[id]])
    written = pd.read_csv((given.report or given.reader) / "texts.csv", dtype=str, keep_default_na=False)
    written = written[written["task"] == given.task]
    ids = sorted(set(written["id"]))
    true = judge.transform([" ".join(world.pairs.texts[id]) for id in ids])
    rng = np.random.default_rng(given.seed)
    others = np.array(
        [rng.choice(np.delete(np.arange(len(ids)), row), EIGHT - 1, replace=False) for row in range(len(ids))]
    )
    found = {}
    for system, part in written.groupby("system"):
        texts = part.set_index("id")["text"].reindex(ids)
        if texts.isna().any():
            continue
        said = judge.transform(texts.tolist())
        near = (said @ true.T).toarray()
        own, best = np.diag(near), np.take_along_axis(near, others, 1).max(1)
        right = (own > best).astype(float)
        low, high = bootstrap_interval(right, seed=given.seed)
        found[str(system)] = {"right": round(float(right.mean()), 3), "95 %": [round(low, 3), round(high, 3)]}
    print(json.dumps({"entities": len(ids), "task": given.task, "systems": found}, indent=2))


if __name__ == "__main__":
    main()
