"""How often vectors are called strange: those of the kind that was learned, and those of other kinds.

    python benchmarks/trust/outside.py [texts.txt ...]

Landmarks are made of one half of each kind; the other half should draw no warning, every other kind should. Kinds are
the demo films and the generated products (MiniLM), the demo users (WALS), each file given (a text per line, MiniLM).
Beside them stand random vectors, the vectors turned round, and the vectors with their numbers in another order.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from elm.adapters import landmarks
from elm.data import make_products, product_texts
from elm.embeddings import SentenceEncoder
from elm.model import shipped_vectors

ROWS = 1500


def kinds(files: list[str]) -> dict[str, np.ndarray]:
    encoder = SentenceEncoder()
    products = product_texts(make_products(ROWS, seed=0), seed=0)
    texts = {"products": products["text"].tolist()[:ROWS]}
    for file in files:
        texts[Path(file).stem] = [line for line in Path(file).read_text().splitlines() if line.strip()][:ROWS]
    return {
        "films": shipped_vectors("films").vectors,
        "users": shipped_vectors("users").vectors,
        **{name: encoder.encode(lines) for name, lines in texts.items()},
    }


def main(files: list[str]) -> None:
    found, rng = kinds(files), np.random.default_rng(0)
    print("learned    own half " + " ".join(f"{name:>10}" for name in [*found, "random", "turned", "mixed"]))
    for name, vectors in found.items():
        order = rng.permutation(len(vectors))
        known, held = vectors[order[::2]], vectors[order[1::2]]
        region = landmarks(known)
        assert region is not None
        others = {kind: rows if rows.shape[1] == vectors.shape[1] else None for kind, rows in found.items()}
        others |= {name: None, "random": rng.normal(size=held.shape).astype(np.float32), "turned": -held}
        others |= {"mixed": held[:, rng.permutation(held.shape[1])]}
        shares = [np.mean(region.outside(held))]
        shares += [np.nan if rows is None else np.mean(region.outside(rows)) for rows in others.values()]
        print(f"{name:10} {shares[0]:8.1%} " + " ".join(f"{share:10.1%}" for share in shares[1:]))


if __name__ == "__main__":
    main(sys.argv[1:])
