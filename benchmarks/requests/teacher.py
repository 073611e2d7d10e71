"""Whether a small language model is worth anything as a judge of requests: its ratings against those over known facts.

python benchmarks/requests/teacher.py DATASET [--base gemma-3-270m] [--films 20] [--requests 10] [--sources tmdb,omdb]

DATASET: "demo", or the folder of a saved data set. Films and requests are drawn by --seed. The model reads what the
judge over facts reads: genres and texts.
"""

from __future__ import annotations

import argparse
import json
import time

import numpy as np
from scipy.stats import pearsonr, spearmanr

from elm.data import load
from elm.model import load_llm
from elm.recommend import FactJudge, LanguageModelJudge, RequestWriter, cards_of


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset")
    parser.add_argument("--base", default="gemma-3-270m")
    parser.add_argument("--films", type=int, default=20)
    parser.add_argument("--requests", type=int, default=10)
    parser.add_argument("--sources", help="of the texts, by commas; by default all")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    data = load(options.dataset, seed=options.seed)
    cards = cards_of(data, sources=options.sources.split(",") if options.sources else None)
    rng = np.random.default_rng(options.seed)
    told = [item for item, known in zip(cards.items, cards.told(), strict=True) if known]
    drawn = [told[place] for place in np.sort(rng.permutation(len(told))[: options.films])]
    asked = [wish.text for wish in RequestWriter("test").draw(options.requests, rng)]
    column = {item: place for place, item in enumerate(cards.items)}
    facts = FactJudge(cards).values(asked)[:, [column[item] for item in drawn]]
    judge = LanguageModelJudge(*load_llm(options.base), cards.subset(drawn), least_mass=0.0, progress=True)
    started = time.perf_counter()
    rated = judge.values(asked)
    took = time.perf_counter() - started
    each = [spearmanr(one, other)[0] for one, other in zip(rated, facts, strict=True) if np.ptp(other) > 0]
    value = {
        "base": options.base,
        "films": len(drawn),
        "requests": len(asked),
        "pearson": float(pearsonr(rated.ravel(), facts.ravel())[0]),
        "spearman": float(spearmanr(rated.ravel(), facts.ravel())[0]),
        "spearman_within_a_request": float(np.mean(each)),
        "mass": float(np.nanmean(judge.mass)),
        "mean_value": float(rated.mean()),
        "spread": float(rated.std()),
        "spread_of_facts": float(facts.std()),
        "seconds_each": took / rated.size,
    }
    print(json.dumps(value, indent=2))


if __name__ == "__main__":
    main()
