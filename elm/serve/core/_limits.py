"""What a server takes on: how much, how many, how long."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """body: bytes of a request. waiting: requests that wait in each queue; a further one is refused (429). batch: texts
    that are decoded together. seconds: from a request to its answer (503), and for its body to arrive (408).
    """

    body: int = 1_000_000
    waiting: int = 64
    batch: int = 64
    seconds: float = 30.0
    body_seconds: float = 10.0


ENTITIES, NEIGHBOURS, PLACES, DRAWS = 32, 20, 100, 16
"""Most vectors, neighbours, places of a list, and texts about a vector in one request."""

CHARACTERS, WORDS = 8_000, 500
"""Longest profile, and longest question, request or wish, in characters."""

SENTENCES = 60
"""Most sentences of a profile: an edit of many has many parts to try."""

RATED, DIMENSIONS, STEPS, WISHES, CONCEPTS = 5_000, 16_384, 9, 20, 20
"""Most ratings of a history, numbers of a vector, points of a path, standing wishes, and concepts in one request."""
