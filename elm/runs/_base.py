"""Making the base language model: the shipped one, or one continued on the texts of a data set."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from elm._files import written_aside
from elm.data import demo, split_entities
from elm.data import load as load_dataset
from elm.model import BaseConfig, save_llm, shipped_base, write_manifest
from elm.runs._config import RunConfig
from elm.runs._world import real_film_facts, real_world_texts
from elm.tasks import trait_matrix
from elm.training import BaseRecipe, demo_sources, plot_sources, train_base

Sources = tuple[list[Any], list[float]]  # what draws text pairs, and how often each does

_GROWN = 4096  # vocabulary of a base continued on real plots


def make_base(
    out: Path,
    data: str | None = None,
    *,
    steps: int | None = None,
    seed: int = 0,
    fast: bool = False,
    config: RunConfig | None = None,
    progress: bool = True,
) -> dict[str, Any]:
    """Train a base and write it as a transformers folder with a card.

    Without `data`: the embedded base, from drawn facts; held-out demo films are left out. With `data` (real films):
    the shipped base goes on with the texts of the training films, its vocabulary grown by their words.
    """
    recipe = BaseRecipe(seed=seed, steps=steps or BaseRecipe.steps)
    start = None
    if data is None:
        sources, weights = _demo_sources(seed)
        origin = "texts generated from facts of the demo world"
    else:
        sources, weights = _real_sources(data, config or RunConfig.for_dataset(data))
        origin = f"texts of the training films of {data}"
        start = shipped_base()
        recipe = replace(recipe, lr=1.5e-3, model=BaseConfig(vocabulary=_GROWN))
    checkpoint = out / "checkpoint.safetensors"
    model, tokenizer, result = train_base(
        sources, weights, recipe, start=start, fast=fast, progress=progress, checkpoint=checkpoint
    )
    save_llm(model, tokenizer, out, torch.float16)
    with written_aside(out / "README.md") as aside:
        aside.write_text(_card(recipe, origin, result.loss, seed, data, fast, model.num_parameters()), encoding="utf-8")
    checkpoint.unlink(missing_ok=True)
    write_manifest(out)
    return {
        "folder": str(out),
        "steps": recipe.steps,
        "loss": result.loss,
        "seconds": result.seconds,
        "tokens_per_second": result.tokens_per_second,
    }


def _demo_sources(seed: int) -> Sources:
    config = RunConfig(seed=seed)
    dataset = demo(seed=seed)
    split = split_entities(list(dataset.items.index), *config.film_shares, seed=seed)
    assert dataset.facts is not None  # the demo world knows all of its films
    return demo_sources(dataset.facts.items.loc[[*split.validation, *split.test]], seed=seed)


def _real_sources(data: str, config: RunConfig) -> Sources:
    dataset = load_dataset(data)
    texts, plots = real_world_texts(dataset, config)
    train = split_entities(list(texts), *config.film_shares, seed=config.seed).train
    films = real_film_facts(dataset, train, plots, train, config)
    return plot_sources(films, {i: texts[i][1:] for i in train}, list(trait_matrix(dataset).columns))


def _card(recipe: BaseRecipe, origin: str, loss: float, seed: int, data: str | None, fast: bool, size: int) -> str:
    steps = f" --steps {recipe.steps}" if recipe.steps != BaseRecipe.steps else ""
    command = f"elm train base --seed {seed}{steps}{f' --data {data}' if data else ''}{' --fast' if fast else ''}"
    return f"""---
library_name: transformers
license: apache-2.0
language: en
tags: [elm, embeddings]
---

# The embedded base language model

A Llama-shaped causal language model with {size / 1e6:.1f} million parameters and its own byte-level BPE vocabulary of
{recipe.model.vocabulary}. It writes the text of a task (a summary, a review, a viewer's profile) from facts given in
the prompt, and nothing else: adapters put soft tokens in the place of the facts.

- made by: `{command}` ({recipe.steps} steps of {recipe.batch_tokens} tokens, learning rate {recipe.lr})
- from: {origin}; held-out films and their combinations of facts left out
- seed {recipe.seed}; final loss {loss:.4f} nats a token
- limits: it knows no world but this one, and no question but these tasks
"""
