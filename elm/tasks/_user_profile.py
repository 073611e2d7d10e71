"""Task `user_profile`: a viewer in ten bullets, likes before dislikes, the strongest first (ELM, Section 3.1)."""

from __future__ import annotations

import numpy as np

from elm.tasks._facts import UserFacts
from elm.tasks._phrases import pick, trait_phrase
from elm.tasks._task import VECTOR, Task, register

BULLETS = 10

_LIKES = (("They love {}.", "They seek out {}."), ("They enjoy {}.", "They are happy with {}."))
_DISLIKES = (("They avoid {}.", "They cannot stand {}."), ("They are not fond of {}.", "They tend to skip {}."))


def _write(facts: UserFacts, rng: np.random.Generator) -> str:
    bullets = [pick(rng, _LIKES[level]).format(trait_phrase(t)) for t, level in facts.likes]
    bullets += [pick(rng, _DISLIKES[level]).format(trait_phrase(t)) for t, level in facts.dislikes]
    return "\n".join(f"- {bullet}" for bullet in bullets[:BULLETS])


USER_PROFILE = register(Task("user_profile", "user", f"Describe the viewer {VECTOR} in ten bullet points.", _write,
                             max_new_tokens=160))  # fmt: skip
