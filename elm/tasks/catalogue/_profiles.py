"""The person behind a vector: ten bullets (ELM, Section 3.1), or a summary in four parts (TEARS, Section 3.2)."""

from __future__ import annotations

import numpy as np

from elm.tasks._domain import domain_named
from elm.tasks._english import listed, pick
from elm.tasks._task import VECTOR, Task, register
from elm.tasks.facts._facts import UserFacts

BULLETS = 10

_LIKES = (("They love {}.", "They seek out {}."), ("They enjoy {}.", "They are happy with {}."))
_DISLIKES = (("They avoid {}.", "They cannot stand {}."), ("They are not fond of {}.", "They tend to skip {}."))
_PARTS = (
    ("{Kinds} enjoyed: {}.", "The {kinds} this {person} enjoys are {}."),
    ("What draws them: {}.", "They are drawn to {}."),
    ("{Kinds} avoided: {}.", "The {kinds} this {person} avoids are {}."),
    ("What puts them off: {}.", "They are put off by {}."),
)


def _profile(facts: UserFacts, rng: np.random.Generator) -> str:
    trait = domain_named(facts.domain).trait
    bullets = [pick(rng, _LIKES[level]).format(trait(t)) for t, level in facts.likes]
    bullets += [pick(rng, _DISLIKES[level]).format(trait(t)) for t, level in facts.dislikes]
    bullets = bullets or [domain_named(facts.domain).no_taste()]
    return "\n".join(f"- {bullet}" for bullet in bullets[:BULLETS])


def _summary(facts: UserFacts, rng: np.random.Generator) -> str:
    domain, parts = domain_named(facts.domain), []
    nouns = {"kinds": domain.kinds, "Kinds": domain.kinds.capitalize(), "person": domain.person}
    for traits, (kinds, details) in ((facts.likes, _PARTS[:2]), (facts.dislikes, _PARTS[2:])):
        named = [t for t, _ in traits if domain.is_kind(t)]
        others = [t for t, _ in traits if not domain.is_kind(t)]
        for names, choices in ((named, kinds), (others, details)):
            said = listed([domain.trait(t) for t in names]) if names else "nothing in particular"
            parts.append(pick(rng, choices).format(said, **nouns))
    return " ".join(parts)


USER_PROFILE = register(
    Task(
        "user_profile",
        "user",
        f"Describe the {{person}} {VECTOR} in ten bullet points.",
        _profile,
        max_new_tokens=160,
        ask="Describe in ten bullet points a {person} who likes {liked}, but dislikes {disliked}. Name none of them.",
        questions=(
            "The profile fits what the {person} likes.",
            "The profile fits what the {person} dislikes.",
            "The profile reads well.",
        ),
    )
)
USER_SUMMARY = register(
    Task(
        "user_summary",
        "user",
        f"Summarise the taste of the {{person}} {VECTOR} in four parts.",
        _summary,
        max_new_tokens=160,
        ask="A {person} likes {liked}, but dislikes {disliked}. Sum up their taste in four parts: {kind}s they enjoy, "
        "what draws them, {kind}s they avoid, what puts them off. Name none of the {items}.",
        questions=(
            "The summary fits what the {person} likes.",
            "The summary fits what the {person} dislikes.",
            "The summary reads well.",
        ),
    )
)
