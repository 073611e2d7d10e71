"""The recipe of the embedded base model: from facts in a prompt it learns to write the text of a task.

Without a base that has learned to use a context, adapters have nothing to hook into: the soft tokens take the place
that the facts have here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from elm.model import BaseConfig, grow_vocabulary, new_base, plain_ids, train_tokenizer
from elm.tasks import SECOND, VECTOR, ItemFacts, Task, UserFacts, all_tasks, domain_named, generated_facts, shortened
from elm.training.data._collate import Batch, Example, collate
from elm.training.loop._optimise import LoopConfig, LoopResult, optimise
from elm.training.loop._precision import bf16_is_fast

Pair = tuple[str, str]  # prompt, target
Source = Callable[[np.random.Generator], Pair]


@dataclass(frozen=True)
class BaseRecipe:
    """Everything that decides the weights of the base, but for the texts."""

    steps: int = 2500
    batch_tokens: int = 2400
    lr: float = 2e-3
    seed: int = 0
    model: BaseConfig = field(default_factory=BaseConfig)


def random_user_facts(
    rng: np.random.Generator, known: Sequence[str], likes: int = 6, dislikes: int = 4, domain: str = "films"
) -> UserFacts:
    """Tastes of nobody: traits drawn at random, the strong ones first."""
    traits = rng.permutation(np.array(known))[: likes + dislikes]

    def levels(n: int) -> list[int]:
        strong = int(rng.integers(0, n + 1))
        return [0] * strong + [1] * (n - strong)

    return UserFacts(
        likes=tuple(zip(traits[:likes].tolist(), levels(likes), strict=True)),
        dislikes=tuple(zip(traits[likes:].tolist(), levels(dislikes), strict=True)),
        domain=domain,
    )


def generated_sources(
    items: pd.DataFrame, skip: pd.DataFrame, domain: str = "films"
) -> tuple[list[Source], list[float]]:
    """Prompts over drawn facts: of generated items (rows of `make_films` or `make_products`), pairs, and users.

    skip: held-out items, whose combinations of aspects are not among `items` and do not come about in pairs either.
    """
    facts = [generated_facts(row, domain) for _, row in items.iterrows()]
    words = domain_named(domain).vocabulary
    single, users = all_tasks("item", domain=domain), all_tasks("user", domain=domain)
    pairs = all_tasks("pair", "neighbours", domain=domain)
    traits = [*words.kinds, *words.qualities]
    held = set(skip[list(words.aspects)].itertuples(index=False, name=None))

    def item(rng: np.random.Generator) -> Pair:
        return text_pair(single[rng.integers(len(single))], facts[rng.integers(len(facts))], rng)

    def pair(rng: np.random.Generator) -> Pair:
        task = pairs[rng.integers(len(pairs))]
        first, second = (facts[rng.integers(len(facts))] for _ in range(2))
        if task.reads == "neighbours":
            near = _alike(first, second, rng)
            second = second if tuple(near.aspects.values()) in held else near
        return text_pair(task, (first, second), rng)

    def user(rng: np.random.Generator) -> Pair:
        return text_pair(users[rng.integers(len(users))], random_user_facts(rng, traits, domain=domain), rng)

    known = [(item, 0.5, single), (pair, 0.25, pairs), (user, 0.25, users)]
    return [source for source, _, tasks in known if tasks], [weight for _, weight, tasks in known if tasks]


def _alike(first: ItemFacts, second: ItemFacts, rng: np.random.Generator) -> ItemFacts:
    """The second item with some facts of the first, as neighbours have them."""

    def mixed(own: tuple[Any, ...], other: tuple[Any, ...]) -> tuple[Any, ...]:
        return other if rng.random() < 0.3 else own

    aspects = {name: first.aspects[name] if rng.random() < 0.4 else value for name, value in second.aspects.items()}
    return replace(
        second,
        aspects=aspects,
        kinds=mixed(second.kinds, first.kinds),
        qualities=mixed(second.qualities, first.qualities),
    )


def plot_sources(
    films: Mapping[str, ItemFacts], others: Mapping[str, Sequence[str]], traits: Sequence[str]
) -> tuple[list[Source], list[float]]:
    """Prompts over real films: the plot to be written stands in the prompt, or another text about the same film does.

    films: training films with their plots. others: further texts of them. traits: those that users may have.
    """
    single, pairs, users, ids = all_tasks("item"), all_tasks("pair", "neighbours"), all_tasks("user"), list(films)

    def film(rng: np.random.Generator) -> Pair:
        item, task = ids[rng.integers(len(ids))], single[rng.integers(len(single))]
        prompt, target = text_pair(task, films[item], rng)
        texts = others.get(item, ())
        if len(texts) and rng.random() < 0.4:
            other = replace(films[item], text=shortened(texts[int(rng.integers(len(texts)))], 60), themes=())
            prompt, _ = text_pair(task, other, rng)
        return prompt, target

    def pair(rng: np.random.Generator) -> Pair:
        first, second = (films[ids[rng.integers(len(ids))]] for _ in range(2))
        return text_pair(pairs[rng.integers(len(pairs))], (first, second), rng)

    def user(rng: np.random.Generator) -> Pair:
        return text_pair(users[rng.integers(len(users))], random_user_facts(rng, traits), rng)

    return [film, pair, user], [0.7, 0.1, 0.2]


def text_pair(task: Task, facts: ItemFacts | UserFacts | tuple[ItemFacts, ItemFacts], rng: np.random.Generator) -> Pair:
    """The task's prompt with the facts where the vectors will be, and the teacher's text."""
    prompt = task.prompt
    for mark, one in zip((VECTOR, SECOND), facts if isinstance(facts, tuple) else (facts,), strict=False):
        prompt = prompt.replace(mark, one.line())
    return f"{prompt}\n", task.write(facts, rng)


class PairBatches:
    """Batches of text pairs, each a function of (seed, step); one source a batch, so that lengths are alike."""

    def __init__(
        self, tokenizer: Any, sources: Sequence[Source], weights: Sequence[float], batch_tokens: int, seed: int
    ) -> None:
        self._tokenizer, self._sources, self._weights = tokenizer, sources, np.asarray(weights) / np.sum(weights)
        self._tokens, self._seed = batch_tokens, seed

    def at(self, step: int) -> Batch:
        """The batch of a step, up to `batch_tokens` padding included."""
        rng = np.random.default_rng([self._seed, step])
        source = self._sources[rng.choice(len(self._sources), p=self._weights)]
        examples: list[Example] = []
        longest = 0
        while len(examples) < 256:
            prompt, target = source(rng)
            example = Example(
                [self._tokenizer.bos_token_id, *plain_ids(self._tokenizer, prompt)],
                [*plain_ids(self._tokenizer, target), self._tokenizer.eos_token_id],
            )
            longest = max(longest, len(example.prompt) + len(example.target))
            if examples and longest * (len(examples) + 1) > self._tokens:
                break
            examples.append(example)
        return collate(examples, self._tokenizer.pad_token_id)


def train_base(
    sources: Sequence[Source],
    weights: Sequence[float],
    recipe: BaseRecipe,
    *,
    start: tuple[Any, Any] | None = None,
    fast: bool = False,
    progress: bool = True,
    checkpoint: Path | None = None,
) -> tuple[Any, Any, LoopResult]:
    """Train a base (model, tokenizer) on text pairs; `start` continues from an existing one, with a larger vocabulary.

    `fast` compiles the model and computes in bfloat16: about twice the speed on a processor that has it, for half a
    minute of compilation and a C++ compiler.
    """
    rng = np.random.default_rng([recipe.seed, 99])
    corpus = (text for _ in range(6000) for text in sources[rng.choice(len(sources), p=weights)](rng))
    if start is None:
        tokenizer = train_tokenizer(corpus, recipe.model.vocabulary)
        model = new_base(tokenizer, recipe.model, recipe.seed)
    else:
        model, tokenizer = grow_vocabulary(*start, corpus, recipe.model.vocabulary)
    batches = PairBatches(tokenizer, sources, weights, recipe.batch_tokens, recipe.seed)

    forward = torch.compile(model, dynamic=True) if fast else model
    half = fast or bf16_is_fast()

    def loss_at(step: int) -> tuple[torch.Tensor, int]:
        batch = batches.at(step)
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=half):
            return forward(input_ids=batch.ids, labels=batch.labels).loss, batch.tokens

    model.train()
    loop = LoopConfig(recipe.steps, recipe.lr, warmup=min(100, recipe.steps // 10 + 1), seed=recipe.seed)
    result = optimise(
        [(p, 1.0) for p in model.parameters()],
        loss_at,
        loop,
        label="base",
        progress=progress,
        checkpoint=checkpoint,
        modules={"llm": model},
    )
    return model.eval(), tokenizer, result
