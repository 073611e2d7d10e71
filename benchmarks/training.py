"""Tokens a second in training: stage one over stage two, and stage two over a plain fine-tuning loop.

The plain loop is what one writes with torch and transformers: the same texts in the same batches as token ids, made
beforehand, the same precision and optimiser. The loops take turns, and the medians are those of the ratios, so that a
busy machine slows all alike. Run: OMP_NUM_THREADS=1 .venv/bin/python benchmarks/training.py [--repeats 9] [--json]
[--base FOLDER_OR_HUB_ID]
"""

from __future__ import annotations

import argparse
import copy
import json
import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch

from elm.adapters import MLPAdapter
from elm.data import load
from elm.embeddings import EmbeddingSpace, VectorTable
from elm.model import EmbeddingLanguageModel, load_llm, shipped_base, shipped_vectors, token_spread
from elm.tasks import TemplateTeacher, all_tasks, generated_facts
from elm.training import Lessons, LoopConfig, TwoStage, train_two_stage
from elm.training.data._sampler import LessonBatches
from elm.training.loop._precision import bf16_is_fast

TARGETS = {"stage one / stage two": 1.1, "stage two / plain loop": 0.9}
STEPS = LoopConfig(steps=12, lr=1e-4, warmup=1, log_every=1000)


def parts(base: str) -> tuple[EmbeddingLanguageModel, list[Lessons]]:
    """A base with a fresh adapter for the shipped film vectors, and lessons on the tasks over one film."""
    llm, tokenizer = shipped_base() if base == "shipped" else load_llm(base)
    shipped = shipped_vectors("films")
    known = load("demo").facts.items
    facts = {str(item): generated_facts(row) for item, row in known.iterrows() if str(item) in set(shipped.ids)}
    ids = [item for item in shipped.ids if item in facts]
    table = VectorTable(ids, shipped.rows(ids), EmbeddingSpace.fit("films", shipped.rows(ids), "cosine", {}, "bench"))
    width = llm.get_input_embeddings().weight.shape[1]
    adapter = MLPAdapter.for_space(table.space, width, (), token_spread(llm)).start_from(table.vectors)
    tasks = tuple(task.id for task in all_tasks("item"))
    return EmbeddingLanguageModel(llm, tokenizer, {"films": adapter}), [
        Lessons("films", table, TemplateTeacher(facts), tasks, ids)
    ]


def stage(name: str, base: str, batch_tokens: int) -> Callable[[], float]:
    """A call trains some steps of a stage and returns its tokens per second, as `elm train` shows them."""
    model, lessons = parts(base)
    none = replace(STEPS, steps=0)
    one, two = (STEPS, none) if name == "one" else (none, STEPS)

    def run() -> float:
        result = train_two_stage(model, lessons, TwoStage(one, two, batch_tokens=batch_tokens), progress=False)
        return getattr(result, name).tokens_per_second

    return run


def plain(base: str, batch_tokens: int) -> Callable[[], float]:
    """The same for a plain loop over the batches of stage two."""
    model, lessons = parts(base)
    batches = LessonBatches(model, lessons, batch_tokens, seed=1)
    made = [batches.at(step)[1] for step in range(STEPS.steps)]
    llm: Any = copy.deepcopy(model.llm)
    half = bf16_is_fast(llm.device)

    def run() -> float:
        optimiser = torch.optim.AdamW(llm.parameters(), lr=1e-4, fused=True)
        began = time.perf_counter()
        for batch in made:
            with torch.autocast(llm.device.type, dtype=torch.bfloat16, enabled=half):
                loss = llm(input_ids=batch.ids.to(llm.device), labels=batch.labels.to(llm.device)).loss
            optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(llm.parameters(), 1.0)
            optimiser.step()
            loss.item()
        return sum(batch.tokens for batch in made) / (time.perf_counter() - began)

    return run


def measure(base: str, repeats: int, batch_tokens: int) -> dict[str, float]:
    """Medians of tokens per second and of the ratios between loops that ran one after the other."""
    runs = {
        "stage one": stage("one", base, batch_tokens),
        "stage two": stage("two", base, batch_tokens),
        "plain loop": plain(base, batch_tokens),
    }
    for run in runs.values():
        run()  # warm
    rounds = []
    for number in range(repeats):
        order = list(runs) if number % 2 else list(runs)[::-1]
        rounds.append({name: runs[name]() for name in order})
    speeds = {name: statistics.median(r[name] for r in rounds) for name in runs}
    ratios = {pair: statistics.median(r[a] / r[b] for r in rounds) for pair in TARGETS for a, b in [pair.split(" / ")]}
    return speeds | ratios


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--base", default="shipped")
    parser.add_argument("--batch-tokens", type=int, default=2400)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found = measure(options.base, options.repeats, options.batch_tokens)
    if options.json:
        print(json.dumps({"found": found, "targets": TARGETS}, indent=2))
        return
    for name, value in found.items():
        goal = f" (at least {TARGETS[name]})" if name in TARGETS else " tokens per second"
        print(f"{name:24} {value:8.2f}{goal}" if name in TARGETS else f"{name:24} {value:8.0f}{goal}")


if __name__ == "__main__":
    main()
