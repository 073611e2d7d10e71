"""A backbone as a recommender: ids and ratings in, ranked items with their titles out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse

from elm._errors import CallError
from elm.recommend._catalogue import Catalogue, History, check_alpha
from elm.recommend._lists import ListDiff, Recommendation, list_diff
from elm.recommend.backbones._autoencoder import Backbone
from elm.recommend.backbones._store import load_with_titles, save_backbone


class BackboneRecommender:
    """Ranks a catalogue from a history alone, by any backbone: an `AnyRecommender` beside `Recommender`.

    It reads no profile, so that there is nothing for `alpha` to weigh: it may be given, and changes nothing.
    """

    def __init__(self, model: Backbone, items: Sequence[str], titles: Sequence[str] | None = None) -> None:
        """Raises `CallError` unless each item of the model has an id of its own, and a title where any are given."""
        self.model = model
        self._catalogue = Catalogue(items, titles, int(getattr(model, "items", len(items))))
        self.items, self.titles = self._catalogue.items, self._catalogue.titles

    def recommend(
        self, history: History | None = None, profile: Any = None, alpha: float | None = None, k: int = 20
    ) -> list[Recommendation]:
        """The k best items that are not in the history, best first (fewer where fewer are left).

        Args:
            history: ratings by item id, or the ids of liked items. profile: None. k: from 1 to the size of the
            catalogue.

        Raises:
            CallError: no history, a profile, a k or rating out of range.
            UnknownNameError: an item id that the model does not know; the message names the nearest.
        """
        row = self._catalogue.row(history)
        scores = self.scores(row, profile, alpha)
        self._catalogue.check_k(k)
        return self._catalogue.places(scores[0], k)

    def diff(self, before: History, after: History, *, k: int = 20) -> ListDiff:
        """What an edit of the history changes in the list: items that enter, that leave, that move."""
        return list_diff(*(self.recommend(history, k=k) for history in (before, after)))

    def scores(
        self, histories: sparse.csr_matrix | None = None, profiles: Any = None, alpha: float | None = None
    ) -> np.ndarray:
        """Scores of many users at once, (n, items) float32; items of the history are -inf.

        `histories` is (n, items) raw ratings with columns in the order of `items`; a user without any gets what the
        model recommends to somebody unknown. Raises `CallError` without histories, and for profiles.
        """
        if alpha is not None:
            check_alpha(alpha)
        if profiles is not None:
            raise CallError("this recommender reads histories alone, got a profile; leave it out, or load a TEARS one")
        if histories is None:
            raise CallError("nothing to recommend from; pass a history")
        return self.model.scores(histories)

    def rows(self, histories: Sequence[History]) -> sparse.csr_matrix:
        """Histories as the (n, items) matrix that `scores` takes; the same errors as `recommend`."""
        return self._catalogue.rows(histories)

    def save(self, folder: str | Path) -> None:
        """Write the folder of `save_backbone`, with the titles; its errors."""
        save_backbone(self.model, self.items, folder, self.titles)

    @classmethod
    def load(cls, folder: str | Path) -> BackboneRecommender:
        """Read a folder that `save` or `save_backbone` wrote; errors of `load_backbone`."""
        return cls(*load_with_titles(folder))
