"""Train the stance reader that ships with the package, and say how it reads the validation wordings.

OMP_NUM_THREADS=1 python benchmarks/stance.py FOLDER [--steps 400] [--batch 48] [--rank 8] [--seed 0]
OMP_NUM_THREADS=1 python benchmarks/stance.py --score held-out
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np

from elm.embeddings import SentenceEncoder
from elm.evaluation import WishSet, wish_set
from elm.recommend import genre_words
from elm.recommend.stance._learning import StanceLearning, learn_stance
from elm.recommend.stance._reader import StanceReader
from elm.recommend.stance._rules import StanceRules
from elm.recommend.stance._shipped import reader_for, save_reader

_PER_WISH = 6


def score(read: Callable[[list[str]], np.ndarray], wishes: WishSet) -> dict[str, float]:
    """Shares of wishes read rightly, by stance, and `side`: of those for or against whose side is right."""
    rng = np.random.default_rng(0)
    texts, stances = [], []
    for wish in wishes.wishes:
        for genre in rng.choice(list(wishes.descriptions), _PER_WISH, replace=False).tolist():
            texts.append(wish.said(genre_words(genre).label[0], wishes.described(genre)))
            stances.append(wish.stance)
    shares, truth = read(texts), np.array(stances)
    right = shares.argmax(1) - 1 == truth
    sided = truth != 0
    found = {
        name: float(right[truth == stance].mean()) for name, stance in (("for", 1), ("against", -1), ("neither", 0))
    }
    return found | {"side": float(((shares[:, 2] - shares[:, 0])[sided] * truth[sided] > 0).mean())}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?", help="where the reader is written, every 50 steps")
    parser.add_argument("--score", help="a set of wishes to score the shipped reader and the rules on")
    for name, value in (("steps", 400), ("batch", 48), ("rank", 8), ("seed", 0)):
        parser.add_argument(f"--{name}", type=int, default=value)
    options = parser.parse_args()
    encoder = SentenceEncoder()
    if options.score:
        wishes = wish_set(options.score)
        for name, reader in (("shipped", reader_for(encoder)), ("rules", StanceRules())):
            print(name, json.dumps(score(reader.read, wishes)))
        return
    wishes = wish_set("validation")

    def report(step: int, reader: StanceReader) -> None:
        save_reader(reader, options.folder)
        fresh = StanceReader(encoder, reader.shape)
        fresh.load_state_dict(reader.state_dict())
        print(step, json.dumps(score(fresh.read, wishes)), flush=True)

    how = StanceLearning(steps=options.steps, batch=options.batch, rank=options.rank, seed=options.seed)
    learn_stance(encoder, how, report=report)


if __name__ == "__main__":
    main()
