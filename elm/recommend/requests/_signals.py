"""Engagement from several signals: recommenders and plain functions, weighed and added (equation 1)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from scipy import sparse

from elm._errors import CallError
from elm.recommend._catalogue import Catalogue, History
from elm.recommend._lists import ListDiff, Recommendation, list_diff
from elm.recommend._protocols import Scorer
from elm.recommend._ratings import masked
from elm.recommend.requests._scoring import base_scores

Signal: TypeAlias = Scorer | Callable[[sparse.csr_matrix], Any]
"""A recommender, or a function of (n, items) raw ratings that gives (n, items) scores."""


class Engagement:
    """An `AnyRecommender` whose scores are the weighted sum of signals; anything that scores can be one.

    >>> rec = Engagement({"new": lambda rows: [[1.0, 2.0]] * rows.shape[0]}, ["a", "b"])
    >>> [place.item for place in rec.recommend(["a"], k=1)]
    ['b']
    """

    def __init__(
        self,
        signals: Mapping[str, Signal],
        items: Sequence[str],
        titles: Sequence[str] | None = None,
        weights: Mapping[str, float] | None = None,
    ) -> None:
        """signals: name -> signal; a recommender must rank these items in this order. Raises `CallError` otherwise."""
        if not signals:
            raise CallError("engagement needs at least one signal, got none")
        self._catalogue = Catalogue(items, titles, len(items))
        self.items, self.titles = self._catalogue.items, self._catalogue.titles
        self.signals, self.weights = dict(signals), dict(weights or {})
        for name, signal in self.signals.items():
            if isinstance(own := getattr(signal, "items", None), list) and own != self.items:
                raise CallError(f"signals score the same items in the same order, but {name!r} has others")

    def scores(
        self, histories: sparse.csr_matrix | None = None, profiles: Any = None, alpha: float | None = None
    ) -> np.ndarray:
        """(n, items) float64; items of the history are -inf. A profile goes to the signals that are recommenders.

        Raises `CallError` without histories, for a NaN that a signal returned, and what the signals raise.
        """
        if histories is None:
            raise CallError("nothing to recommend from; pass a history")
        found = {
            name: signal.scores(histories, profiles, alpha) if hasattr(signal, "scores") else signal(histories)
            for name, signal in self.signals.items()
        }
        total = base_scores(found, self.weights)
        if total.shape != histories.shape:
            raise CallError(f"signals score every item for every user, {histories.shape}, got shape {total.shape}")
        return masked(total, histories)

    def recommend(
        self, history: History | None = None, profile: Any = None, alpha: float | None = None, k: int = 20
    ) -> list[Recommendation]:
        """The k best items that are not in the history, best first; errors of `scores`."""
        row = self._catalogue.row(history)
        self._catalogue.check_k(k)
        return self._catalogue.places(self.scores(row, None if profile is None else [profile], alpha)[0], k)

    def diff(self, before: History, after: History, *, k: int = 20) -> ListDiff:
        """What an edit of the history changes in the list."""
        return list_diff(*(self.recommend(history, k=k) for history in (before, after)))

    def save(self, folder: str | Path) -> None:
        """Functions cannot be written: raises `CallError`. Save the recommenders, and make this anew."""
        raise CallError(
            "signals may be functions, which are not saved; save the recommenders, and make Engagement anew"
        )
