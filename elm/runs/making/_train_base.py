"""Making the base language model: the shipped one, or one continued on the texts of a data set."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from elm._errors import LeakageError
from elm._storage.files import read_json, write_json
from elm._storage.folders import folder_written_aside
from elm.adapters import write_manifest
from elm.data import guard_disjoint, make_films, make_products, split_entities
from elm.data import load as load_dataset
from elm.model import BaseConfig, is_shipped, save_llm, shipped_base
from elm.runs._config import RunConfig
from elm.runs._experiment_data import real_film_facts, real_world_texts
from elm.tasks import trait_matrix
from elm.training import BaseRecipe, generated_sources, plot_sources, train_base

Sources = tuple[list[Any], list[float]]  # what draws text pairs, and how often each does

TRAINED_ON = "trained_on.json"
"""In the folder of a base continued on a data set: the films whose texts it has seen."""

_WORLDS = {"demo": (make_films, "films"), "demo-shop": (make_products, "products")}
_DRAWN = 20_000  # generated films that the shipped base learns from; none has a held-out film's combination of facts
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

    Without `data`: the embedded base, from drawn facts; held-out demo films are left out. With a generated world
    ("demo-shop"): such a base for it. With other data (real films): the shipped base goes on with the texts of the
    training films, its vocabulary grown by their words.
    """
    recipe = BaseRecipe(seed=seed, steps=steps or BaseRecipe.steps)
    start, trained_on = None, None
    if data is None or data in _WORLDS:
        sources, weights = _generated(data or "demo", seed)
        origin = f"texts generated from facts of the {data or 'demo'} world"
    else:
        config = config or RunConfig.for_dataset(data, seed=seed)
        sources, weights, films = _real_sources(data, config)
        trained_on = {"seed": config.seed, "films": films}
        origin = f"texts of the training films of {data}"
        start = shipped_base()
        recipe = replace(recipe, lr=1.5e-3, model=BaseConfig(vocabulary=_GROWN))
    checkpoint = out / "checkpoint.safetensors"
    model, tokenizer, result = train_base(
        sources, weights, recipe, start=start, fast=fast, progress=progress, checkpoint=checkpoint
    )
    card = _card(recipe, origin, result.loss, seed, data, fast, model.num_parameters())
    with folder_written_aside(out, retired=(checkpoint.name, TRAINED_ON)) as aside:
        save_llm(model, tokenizer, aside, torch.float16)
        (aside / "README.md").write_text(card, encoding="utf-8")
        if trained_on is not None:
            write_json(aside / TRAINED_ON, trained_on)
        write_manifest(aside)
    return {
        "folder": str(out),
        "steps": recipe.steps,
        "loss": result.loss,
        "seconds": result.seconds,
        "tokens_per_second": result.tokens_per_second,
    }


def guard_base(base: str, films: Iterable[str], world_seed: int, demo_world: bool) -> None:
    """Refuse held-out films that the base was trained on (`LeakageError`): those that its folder names, and for the
    shipped base the demo films of another seed, whose combinations of facts it may have met.
    """
    if is_shipped(base) and demo_world and world_seed != 0:
        raise LeakageError(
            f"the shipped base left out the held-out demo films of seed 0 only, so it may have met those of seed "
            f"{world_seed}; make a base for them with `elm train base --seed {world_seed}` and name it by --base"
        )
    record = Path(base) / TRAINED_ON
    if record.is_file():
        guard_disjoint(read_json(record)["films"], films, f"base {base}")


def _generated(data: str, seed: int) -> Sources:
    make, domain = _WORLDS[data]
    dataset = load_dataset(data, seed=seed)
    split = split_entities(list(dataset.items.index), *RunConfig.film_shares, seed=seed)
    assert dataset.facts is not None  # a generated world knows all of its items
    held = dataset.facts.items.loc[[*split.validation, *split.test]]
    return generated_sources(make(_DRAWN, seed=seed + 7, prefix="b", skip=held), held, domain)


def _real_sources(data: str, config: RunConfig) -> tuple[list[Any], list[float], list[str]]:
    dataset = load_dataset(data)
    texts, plots = real_world_texts(dataset, config)
    train = split_entities(list(texts), *config.film_shares, seed=config.seed).train
    films = real_film_facts(dataset, train, plots, train, config)
    others = {i: texts[i][1:] for i in train}
    return *plot_sources(films, others, list(trait_matrix(dataset).columns)), train


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
- seed {recipe.seed}; final loss {loss:.4f} nats per token
- limits: it knows no world but this one, and no question but these tasks
"""
