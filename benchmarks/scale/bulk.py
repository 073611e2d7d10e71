"""Reading in bulk: python benchmarks/scale/bulk.py [--rows 100000] [--rounds 5]

Those of speed are ratios of medians of rounds that take turns, on one thread:
- a batch of 64 texts against one text at a time;
- `describe` against plain text generation by the same model, with as many positions before and tokens after;
- a job over a file (`describe_table`) against `describe` of the same vectors in memory;
- what hashing a table, looking for ids that repeat, and reading take;
- the memory of a job over `--rows` vectors, above the model and what the first shard needed.
Jobs write `--tokens` tokens a text, so that they end in minutes: what a job adds weighs more there.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import torch
from cost import memory

from elm.bulk import Order, describe_table
from elm.embeddings import open_stream
from elm.model import prompt_embeddings, shipped_model, shipped_vectors

LONG = 32  # tokens of a text that none of the model's summaries ends before


def seconds(work: Callable[[], Any], clock: Callable[[], float] = time.perf_counter) -> float:
    began = clock()
    work()
    return clock() - began


def turns(rounds: int, **works: Callable[[], Any]) -> dict[str, float]:
    """The median seconds of each work, in turns: of this process, which others on the machine do not lengthen."""
    took: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            took[name].append(seconds(work, time.process_time))
    return {name: round(statistics.median(each), 4) for name, each in took.items()}


def table(path: Path, rows: int) -> None:
    """Demo films, drawn again and moved a little, as Parquet."""
    films, rng = shipped_vectors("films").vectors, np.random.default_rng(0)
    schema = pa.schema({"id": pa.string(), "vector": pa.list_(pa.float32())})
    with pq.ParquetWriter(path, schema) as writer:
        for start in range(0, rows, 10_000):
            some = films[rng.integers(len(films), size=min(10_000, rows - start))]
            some = some + 0.002 * rng.standard_normal(some.shape, dtype=np.float32)
            ids = [f"r{start + row}" for row in range(len(some))]
            writer.write_table(pa.table({"id": ids, "vector": list(some)}, schema))


def speeds(model: Any, rounds: int) -> dict[str, float]:
    """Batches against one at a time, and against plain generation."""
    films = shipped_vectors("films").vectors[:64]
    task = replace(model.task("summary"), max_new_tokens=LONG)
    length = prompt_embeddings(model, films[:1], task).shape[1]
    ids = torch.randint(300, 2000, (64, length), generator=torch.Generator().manual_seed(0))
    model.describe(films, task, temperature=0)

    def plain() -> None:
        with torch.inference_mode():
            way = {"min_new_tokens": LONG, "max_new_tokens": LONG, "do_sample": False}
            model.llm.generate(ids, attention_mask=torch.ones_like(ids), **way)

    took = turns(
        rounds,
        batch=lambda: model.describe(films, task, temperature=0),
        drawn=lambda: model.describe(films, task, temperature=0.5),
        plain=plain,
        single=lambda: [model.describe(one, task, temperature=0) for one in films[:4]],
    )
    return {
        **took,
        "batch_over_single": round(16 * took["single"] / took["batch"], 1),
        "describe_over_plain": round(took["plain"] / took["batch"], 3),
        "drawn_over_plain": round(took["plain"] / took["drawn"], 3),
    }


def job(model: Any, rows: int, tokens: int, rounds: int) -> dict[str, float]:
    """A job against the same in memory, and the memory of a long one."""
    task = replace(model.task("summary"), max_new_tokens=tokens)
    order = Order(task, temperature=0.5)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        few = 1024
        table(folder / "few.parquet", few)
        vectors = np.stack(pq.read_table(folder / "few.parquet")["vector"].to_numpy())

        def bulk() -> None:
            describe_table(model, folder / "few.parquet", folder / "few-texts.parquet", order)
            (folder / "few-texts.parquet").unlink()

        found = turns(rounds, memory=lambda: model.describe(vectors, task, temperature=0.5), bulk=bulk)
        table(folder / "many.parquet", rows)
        before = memory("VmRSS")
        Path("/proc/self/clear_refs").write_text("5")
        took = seconds(lambda: describe_table(model, folder / "many.parquet", folder / "texts.parquet", order))
        return {
            **found,
            "bulk_over_memory": round(found["memory"] / found["bulk"], 3),
            "rows": rows,
            "tokens": tokens,
            "seconds": round(took, 1),
            "texts_a_second": round(rows / took, 1),
            "mb_above_model": round((memory("VmHWM") - before) / 1e6, 1),
            "mb_of_vectors": round(rows * vectors.shape[1] * 4 / 1e6, 1),
            "mb_of_texts": round((folder / "texts.parquet").stat().st_size / 1e6, 1),
        }


def passes(rows: int) -> dict[str, float]:
    """What a job does with a table before and beside writing: hashing it, looking for ids that repeat, reading it."""
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "table.parquet"
        table(path, rows)
        stream = open_stream(path)
        size = path.stat().st_size
        return {
            "bytes_a_row": round(size / rows),
            "hashed_gb_a_second": round(size / 1e9 / seconds(stream.fingerprint), 2),
            "ids_a_second": round(rows / seconds(stream.repeats)),
            "rows_read_a_second": round(
                rows / seconds(lambda: [stream.read(start, start + 1024) for start in range(0, rows, 1024)])
            ),
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--tokens", type=int, default=4)
    parser.add_argument("--part", choices=["speeds", "passes", "job"], help="one of them alone")
    options = parser.parse_args()
    torch.set_num_threads(1)
    model = shipped_model()
    parts: dict[str, Callable[[], Any]] = {
        "speeds": lambda: speeds(model, options.rounds),
        "passes": lambda: passes(options.rows),
        "job": lambda: job(model, options.rows, options.tokens, options.rounds),
    }
    for name, measure in parts.items():
        if options.part in (None, name):
            print(json.dumps(measure()), flush=True)


if __name__ == "__main__":
    main()
