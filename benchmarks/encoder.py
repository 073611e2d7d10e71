"""Seconds to encode short texts, ours against plain sentence-transformers, in turns.

python benchmarks/encoder.py [--texts 500] [--repeats 5]
"""

from __future__ import annotations

import argparse
import statistics
import time

from elm.data import film_texts, make_films
from elm.embeddings import SentenceEncoder


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--texts", type=int, default=500)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    texts = film_texts(make_films(options.texts, seed=1))["text"].tolist()[: options.texts]
    encoder = SentenceEncoder()
    ours, plain = [], []
    for _ in range(options.repeats):  # in turns, so that other work on the machine slows both
        start = time.perf_counter()
        encoder.encode(texts)
        middle = time.perf_counter()
        encoder.model.encode(texts, batch_size=64, normalize_embeddings=True)
        ours.append(middle - start)
        plain.append(time.perf_counter() - middle)
    ratio = statistics.median(a / b for a, b in zip(ours, plain, strict=True))
    seconds = f"{statistics.median(ours):.2f} s, plain {statistics.median(plain):.2f} s"
    print(f"{len(texts)} texts: {seconds}, ratio {ratio:.2f}")


if __name__ == "__main__":
    main()
