"""What gives the value of a request, v(u, i, r): a judge, an encoder, or what was distilled from a judge."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import numpy as np

from elm._errors import CallError


@runtime_checkable
class RequestValues(Protocol):
    """How well every item of a catalogue meets requests."""

    @property
    def items(self) -> Sequence[str]:
        """The ids of the items, in the order of the values."""
        ...

    def values(self, requests: Sequence[str], users: Sequence[str] | None = None) -> np.ndarray:
        """(requests, items) float32, higher is better; NaN for an item of which nothing is known that could be judged.

        users: what is known of the user behind each request, as a text; None where nothing is.
        """
        ...


def check_requests(requests: Sequence[str], users: Sequence[str] | None) -> None:
    """`CallError` unless there are requests, and a text about a user for each where any are given."""
    if isinstance(requests, str):
        raise CallError("requests are a list of texts, got one string; wrap it in a list")
    if not len(requests):
        raise CallError("there must be a request to judge, got none")
    if users is not None and len(users) != len(requests):
        raise CallError(f"one text about a user for each request: {len(requests)} requests, {len(users)} texts")


def checked_values(given: RequestValues, requests: Sequence[str], users: Sequence[str] | None = None) -> np.ndarray:
    """The values of an object from elsewhere, float64; `CallError` for another shape, infinity, or NaN for all."""
    found = np.asarray(given.values(requests, users), dtype=np.float64)
    if found.shape != (len(requests), len(given.items)):
        raise CallError(
            f"values must be (requests, items) = ({len(requests)}, {len(given.items)}), got shape {found.shape}"
        )
    if np.isinf(found).any():
        raise CallError("values of a request must be finite, or NaN where nothing is known of an item; got infinity")
    if np.isnan(found).all(axis=1).any():
        raise CallError("no item could be judged: none has a text or facts; give the judge cards with texts")
    return found
