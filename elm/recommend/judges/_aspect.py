"""One thing that a request may speak about: how people name it, and what in a film speaks for it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property


@dataclass(frozen=True)
class Aspect:
    """One thing that a request may ask for or ask to avoid.

    said, said_otherwise: phrases for it, in the plural, two sets without a common word beside a genre's own name: the
        first for requests that are trained on, the second for those that are measured.
    cues: a pattern of the words that name it in a request.
    kinds: genre -> how far it speaks for the aspect, in [0, 1]. words: stems in a film's texts that do.
    quality: the name of a known fact in [0, 1], where a data set has it.
    """

    name: str
    said: tuple[str, ...]
    said_otherwise: tuple[str, ...]
    cues: str
    kinds: dict[str, float] = field(default_factory=dict)
    words: tuple[str, ...] = ()
    quality: str | None = None

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Where a request names the aspect."""
        return re.compile(rf"(?<![\w'])(?:{self.cues})(?!\w)", re.IGNORECASE)
