"""Task `user_summary`, four parts (TEARS, Section 3.2): kinds enjoyed, what draws, kinds avoided, what repels."""

from __future__ import annotations

import numpy as np

from elm.data import GENRES
from elm.tasks._facts import UserFacts
from elm.tasks._phrases import listed, pick, trait_phrase
from elm.tasks._task import VECTOR, Task, register

_PARTS = (
    ("Genres enjoyed: {}.", "The genres this viewer enjoys are {}."),
    ("What draws them: {}.", "They are drawn to {}."),
    ("Genres avoided: {}.", "The genres this viewer avoids are {}."),
    ("What puts them off: {}.", "They are put off by {}."),
)


def _write(facts: UserFacts, rng: np.random.Generator) -> str:
    parts = []
    for traits, (kinds, details) in ((facts.likes, _PARTS[:2]), (facts.dislikes, _PARTS[2:])):
        genres = [t for t, _ in traits if t in GENRES]
        others = [t for t, _ in traits if t not in GENRES]
        for names, patterns in ((genres, kinds), (others, details)):
            said = listed([trait_phrase(t) for t in names]) if names else "nothing in particular"
            parts.append(pick(rng, patterns).format(said))
    return " ".join(parts)


USER_SUMMARY = register(Task("user_summary", "user", f"Summarise the taste of the viewer {VECTOR} in four parts.",
                             _write, max_new_tokens=160))  # fmt: skip
