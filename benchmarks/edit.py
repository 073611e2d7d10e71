"""From an edited profile of 200 words to a new list of 20 out of a million items, over the bare product behind it.

A RecVAE decoder (latent x items) with random weights, which take as long as trained ones, and the real text side on
all-MiniLM-L6-v2. Each round rewrites one sentence and measures, one after the other: the whole call; the encoding of
that sentence alone; of all 200 words; the product of one latent vector with the decoder's weights in torch.
`rest` is the call less the encoding of the sentence, over the product: 1.3 at most.

OMP_NUM_THREADS=1 python benchmarks/edit.py [--items 1000000] [--repeats 31] [--json]
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from elm.embeddings import SentenceEncoder
from elm.recommend import PieceTextEncoder, Recommender, Tears, TextHeadConfig, make_autoencoder, pieces

TARGET = 1.3
LATENT = 200

SENTENCES = (
    "You enjoy slow science fiction films in which a small crew has to solve a problem far away from home.",
    "You like dry comedies about families who talk past each other at dinner and make up before the dessert.",
    "Crime stories appeal to you when the detective is wrong for most of the film and pays a price for it.",
    "You are fond of animated films that trust children to follow a sad story to its end.",
    "Documentaries about music and about work done by hand keep you up late on weekday evenings.",
    "You dislike horror films that live on sudden noises and on the loud suffering of small animals.",
    "Musicals leave you cold unless the songs carry the story forward and the cast can really dance.",
    "You avoid war films with long battles, and heroes who are never in doubt about anything that they do.",
    "Romances are welcome when both lovers have something else to do with their lives.",
    "You would like to see more westerns from the last twenty years and a few more of the older films from Japan.",
    "You might also enjoy thrillers that are set in one room over the course of one very long winter night.",
)


class Edits:
    """Profiles that differ from each other in one sentence, never the same one again."""

    def __init__(self) -> None:
        self.count = 0

    def sentence(self) -> str:
        """As long as the others, and new."""
        self.count += 1
        return f"You dislike films about the year {1900 + self.count}, unless they tell it through one family alone."

    def profile(self, sentence: str) -> str:
        return " ".join((*SENTENCES[:5], sentence, *SENTENCES[6:]))


def recommender(items: int, hidden: int, seed: int) -> Recommender:
    encoder = SentenceEncoder()
    vae = make_autoencoder("recvae", 10_000, items, seed=seed, hidden=hidden, latent=LATENT)
    text = PieceTextEncoder(encoder, TextHeadConfig(encoder.dim, LATENT))
    return Recommender(Tears(vae, text), [str(item) for item in range(items)])


def seconds(work: Callable[[], Any]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def measure(model: Recommender, history: dict[str, float], alpha: float, repeats: int) -> dict[str, Any]:
    """Medians of seconds, and the median and middle half of `rest`."""
    encoder, edits = model.model.text.encoder, Edits()
    weights = model.model.vae.decoder.weight.detach()
    z = torch.from_numpy(model.z(history, edits.profile(edits.sentence()), alpha))
    rounds = []
    for _ in range(repeats + 2):
        edited = edits.profile(edits.sentence())
        alone, whole = edits.sentence(), pieces(edits.profile(edits.sentence()))
        row = {
            "call": seconds(lambda profile=edited: model.recommend(history, profile, alpha, k=20)),
            "sentence": seconds(lambda text=alone: encoder.encode([text])),
            "all_words": seconds(lambda texts=whole: encoder.encode(texts)),
            "product": seconds(lambda: weights @ z),
        }
        rounds.append(row | {"rest": (row["call"] - row["sentence"]) / row["product"]})
    rounds = rounds[2:]  # two to warm up
    found: dict[str, Any] = {name: statistics.median(row[name] for row in rounds) for name in rounds[0]}
    found["rest_quartiles"] = np.quantile([row["rest"] for row in rounds], (0.25, 0.75)).tolist()
    profile = edits.profile(edits.sentence())
    tracemalloc.start()
    model.recommend(history, profile, alpha, k=20)
    found["arrays_mib"] = tracemalloc.get_traced_memory()[1] / 2**20
    tracemalloc.stop()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=1_000_000)
    parser.add_argument("--history", type=int, default=50, help="items rated by the user")
    parser.add_argument("--hidden", type=int, default=200, help="width of the encoder of histories")
    parser.add_argument("--alpha", type=float, default=0.5)
    parser.add_argument("--repeats", type=int, default=31)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    rated = np.random.default_rng(options.seed).permutation(options.items)[: options.history]
    history = {str(item): 5.0 for item in rated}
    model = recommender(options.items, options.hidden, options.seed)
    found = measure(model, history, options.alpha, options.repeats)
    words = len(Edits().profile(Edits().sentence()).split())
    if options.json:
        setting = {"items": options.items, "latent": LATENT, "words": words, "threads": torch.get_num_threads()}
        print(json.dumps(setting | found | {"target": TARGET}, indent=2))
        return
    for name in ("call", "sentence", "all_words", "product"):
        print(f"{name:10} {1000 * found[name]:.1f} ms")
    low, high = found["rest_quartiles"]
    print(f"rest of the call over the product: {found['rest']:.2f} ({low:.2f} to {high:.2f}; at most {TARGET})")
    print(f"arrays of a call beside torch's logits: {found['arrays_mib']:.0f} MiB")
    print(f"{words} words, {torch.get_num_threads()} threads")


if __name__ == "__main__":
    main()
