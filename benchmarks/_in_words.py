"""Interpolation in words: prompts for a language model without vectors (ELM, Appendix F), and one trained on them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from elm.model import plain_ids
from elm.runs import RunFolder, World
from elm.tasks import ItemFacts, Task, UserFacts, all_tasks, domain_named, get, shortened
from elm.training import LoopConfig, optimise
from elm.training._base_lm import Pair, PairBatches
from elm.training.loop._precision import bf16_is_fast

BETWEEN = "interpolation"  # the task whose text is about two films as it stands


def name_of(task: str) -> str:
    return task.replace("_", " ")


def film_prompt(task: str, example: tuple[str, str, str], first: str, fixed: str, domain: str = "films") -> str:
    """One-shot: the text for a mixture stands as the example, and that for another mixture is asked for.

    example: facts of a film, and the text for its mixture with the fixed one, and the facts of the fixed one.
    """
    item = domain_named(domain).item
    known, text, anchor = example
    return (
        f"This is the {name_of(task)} of what lies halfway between two {item}s in a space of {item}s.\n"
        f"First: {known}\nSecond: {anchor}\nText: {text}\n"
        f"Write the {name_of(task)} of what lies halfway between two others, in the same style and the same space, "
        f"and name neither.\nFirst: {first}\nSecond: {fixed}\nText:\n"
    )


def user_prompt(first: str, second: str, domain: str = "films") -> str:
    """Zero-shot: two profiles, and that of somebody halfway between them is asked for."""
    person = domain_named(domain).person
    return (
        f"Two profiles of a {person}. The first:\n{first}\nThe second:\n{second}\n"
        f"In ten bullet points, write the profile of a {person} halfway between them.\n"
    )


def mixed_items(first: ItemFacts, second: ItemFacts, rng: np.random.Generator) -> ItemFacts:
    """What a teacher says lies halfway: each aspect of one or the other, a kind and a quality of each."""

    def one(values: Sequence[Any]) -> tuple[Any, ...]:
        return (values[int(rng.integers(len(values)))],) if values else ()

    both = (first, second) if rng.random() < 0.5 else (second, first)
    aspects = {name: both[int(rng.integers(2))].aspects[name] for name in first.aspects}
    qualities = dict(quality for facts in both for quality in facts.qualities[:1])
    texts = [shortened(facts.text, 30) for facts in both if facts.text]
    themes = tuple(theme for facts in both for theme in facts.themes[: (len(facts.themes) + 1) // 2])
    return replace(
        first,
        aspects=aspects,
        kinds=tuple(dict.fromkeys(one(both[0].kinds) + one(both[1].kinds))),
        qualities=tuple(qualities.items()),
        text=" ".join(texts) or None,
        themes=themes,
    )


def mixed_users(first: UserFacts, second: UserFacts) -> UserFacts:
    """Tastes halfway: the mean of both, the strongest first; a taste of one that the other has not is a mild one."""
    total: dict[str, int] = {}
    for facts in (first, second):
        for sign, traits in ((1, facts.likes), (-1, facts.dislikes)):
            for trait, level in traits:
                total[trait] = total.get(trait, 0) + sign * (2 - level)  # strong counts two

    def most(sign: int, count: int) -> tuple[tuple[str, int], ...]:
        found = sorted((trait for trait in total if sign * total[trait] > 0), key=lambda t: -sign * total[t])
        return tuple((trait, 0 if sign * total[trait] >= 3 else 1) for trait in found[:count])

    return replace(first, likes=most(1, 6), dislikes=most(-1, 4))


class Lessons:
    """Prompts and the teacher's texts, over training films and training users only."""

    def __init__(self, world: World, tasks: Sequence[str]) -> None:
        self._films = [world.film_facts[item] for item in world.film_split.train]
        self._users = [world.user_facts[user] for user in world.users.ids if user in world.user_facts]
        self._tasks = [get(task, world.domain) for task in tasks]
        self._profile, self._domain = get("user_profile", world.domain), world.domain

    def film(self, rng: np.random.Generator) -> Pair:
        """A mixture with the example of another one."""
        task = self._tasks[int(rng.integers(len(self._tasks)))]
        other, first, fixed = (self._films[int(row)] for row in rng.choice(len(self._films), 3, replace=False))
        example = (other.line(), halfway(task, other, fixed, rng), fixed.line())
        prompt = film_prompt(task.id, example, first.line(), fixed.line(), self._domain)
        return prompt, halfway(task, first, fixed, rng)

    def user(self, rng: np.random.Generator) -> Pair:
        """Two profiles and the one halfway."""
        first, second = (self._users[int(row)] for row in rng.choice(len(self._users), 2, replace=False))
        told = [self._profile.write(facts, rng) for facts in (first, second)]
        return user_prompt(*told, self._domain), self._profile.write(mixed_users(first, second), rng)


def halfway(task: Task, first: ItemFacts, second: ItemFacts, rng: np.random.Generator) -> str:
    """The teacher's text for a mixture; `interpolation` is told the two as they are."""
    if task.id == BETWEEN:
        return task.write((first, second), rng)
    return task.write(mixed_items(first, second, rng), rng)


def taught(
    run: RunFolder,
    llm: Any,
    tokenizer: Any,
    world: World,
    tasks: Sequence[str],
    steps: int,
    seed: int,
    batch_tokens: int = 2400,
) -> dict[str, float]:
    """Train the base on with prompts in words, in place; goes on from the folder's checkpoint."""
    known = [task.id for task in all_tasks(domain=world.domain)]
    lessons = Lessons(world, [*tasks, *([BETWEEN] if BETWEEN in known and BETWEEN not in tasks else [])])
    batches = PairBatches(tokenizer, [lessons.film, lessons.user], [0.7, 0.3], batch_tokens, seed)

    def loss_at(step: int) -> tuple[torch.Tensor, int]:
        batch = batches.at(step)
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=bf16_is_fast()):
            return llm(input_ids=batch.ids, labels=batch.labels).loss, batch.tokens

    llm.train()
    loop = LoopConfig(steps, 1e-3, warmup=max(1, min(50, steps // 10)), save_every=100, seed=seed)
    checkpoint = run.path / "checkpoints" / f"words-{seed}.safetensors"
    result = optimise(
        [(p, 1.0) for p in llm.parameters()],
        loss_at,
        loop,
        label="in words",
        progress=False,
        checkpoint=checkpoint,
        modules={"llm": llm},
    )
    llm.eval()
    return {"loss": result.loss, "steps": steps, "seconds": result.seconds}


@torch.inference_mode()
def answers(llm: Any, tokenizer: Any, prompts: Sequence[str], task: Task, seed: int, batch: int = 32) -> list[str]:
    """The base's texts for prompts, drawn at the temperature that the task has for vectors."""
    found: list[str] = []
    options: Mapping[str, Any] = (
        {"do_sample": True, "temperature": task.temperature, "top_k": 0} if task.temperature else {"do_sample": False}
    )
    ends = {"pad_token_id": tokenizer.pad_token_id, "eos_token_id": tokenizer.eos_token_id}
    for start in range(0, len(prompts), batch):
        rows = [[tokenizer.bos_token_id, *plain_ids(tokenizer, p)] for p in prompts[start : start + batch]]
        width = max(map(len, rows))
        ids = torch.tensor([[tokenizer.pad_token_id] * (width - len(row)) + row for row in rows])
        mask = torch.tensor([[0] * (width - len(row)) + [1] * len(row) for row in rows])
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed + start)
            out = llm.generate(
                input_ids=ids, attention_mask=mask, max_new_tokens=task.max_new_tokens, **ends, **options
            )
        found += [text.strip() for text in tokenizer.batch_decode(out[:, width:], skip_special_tokens=True)]
    return found
