"""Scoring texts against the bare sentence encoder: what the benchmark adds to the encoding that it cannot do without.

python benchmarks/scoring.py [--texts 10000] [--words 100] [--repeats 3] [--json]
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from elm.data import make_films
from elm.embeddings import EmbeddingSpace, SentenceEncoder, VectorTable
from elm.evaluation import ControlOptions, HeldOutItems, item_consistency
from elm.tasks import generated_facts

RATIO = 1.2


class Words:
    """Stands for a teacher: a text of so many words drawn anew for each film and wording."""

    def __init__(self, vocabulary: list[str], words: int) -> None:
        self.vocabulary, self.words, self.written = vocabulary, words, {}  # type: ignore[var-annotated]

    def write(self, film: str, task: Any, variant: int = 0) -> str:
        key = (film, variant)
        if key not in self.written:
            rng = np.random.default_rng(len(self.written))
            self.written[key] = " ".join(rng.choice(self.vocabulary, self.words)) + "."
        return self.written[key]


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """(seconds, processor seconds) of one call."""
    wall, processor = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - processor


def peak() -> float:
    """MB that the process has held at most so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--texts", type=int, default=10_000, help="the model's, the teacher's twice, and those copied")
    parser.add_argument("--words", type=int, default=100)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    count = options.texts // 4
    films = make_films(2 * count, seed=0)
    facts = {str(item): generated_facts(film) for item, film in films.iterrows()}
    vocabulary = sorted({word for film in facts.values() for word in film.line().replace(":", "").split()})
    vectors = np.random.default_rng(0).normal(size=(2 * count, 384)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    table = VectorTable(list(facts), vectors, EmbeddingSpace.fit("films", vectors, "cosine", {}, "f"))
    train, test = table.ids[:count], table.ids[count:]
    teacher = Words(vocabulary, options.words)
    ours = {"summary": {film: teacher.write(film, "summary", 9) for film in test}}
    for film in test:
        teacher.write(film, "summary")
        teacher.write(film, "summary", 1)
    for film in train:
        teacher.write(film, "summary")
    texts = list(teacher.written.values())
    encoder = SentenceEncoder()
    encoder.encode(texts[:64])  # the first call sets things up

    def bare() -> None:
        encoder.model.encode(texts, batch_size=64, show_progress_bar=False)

    def scoring() -> None:
        held_out = HeldOutItems(table, train, test, facts, teacher)  # type: ignore[arg-type]
        item_consistency(ours, ["summary"], held_out, encoder, ControlOptions(probe=False))

    rows, memory = [], []
    for _ in range(options.repeats):
        alone = timed(bare)
        memory.append(peak())
        both = timed(scoring)
        memory.append(peak())
        rows.append((alone, both))
    wall, processor = (statistics.median(both[i] / alone[i] for alone, both in rows) for i in (0, 1))
    value = {
        "texts": len(texts),
        "words": options.words,
        "repeats": options.repeats,
        "bare_seconds": statistics.median(alone[0] for alone, _ in rows),
        "scoring_seconds": statistics.median(both[0] for _, both in rows),
        "ratio": wall,
        "ratio_of_processor_time": processor,
        "goal": RATIO,
        "peak_mb_bare": memory[0],
        "peak_mb_scoring": max(memory),
    }
    if options.json:
        print(json.dumps(value, indent=2))
        return
    print(f"{value['texts']} texts of {options.words} words, medians of {options.repeats}")
    print(f"bare sentence-transformers {value['bare_seconds']:.1f} s, scored {value['scoring_seconds']:.1f} s")
    print(f"ratio {value['ratio']:.2f}, of processor time {value['ratio_of_processor_time']:.2f} (goal {RATIO})")
    print(f"peak memory {value['peak_mb_bare']:.0f} MB bare, {value['peak_mb_scoring']:.0f} MB scored")


if __name__ == "__main__":
    main()
