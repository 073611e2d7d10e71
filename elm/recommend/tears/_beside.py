"""A text model beside any scorer of histories: one list from the ranks of both, and alpha still the weight of the text.

EASE, WALS and the like have no latent space that a text could be aligned with, and rank histories better than what has.
Here the scorer reads the history alone, the text model the profile alone, and an item's places in both lists meet.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import sparse

from elm._errors import CallError
from elm.recommend._catalogue import Catalogue, History, check_alpha
from elm.recommend._lists import ListDiff, Recommendation, list_diff
from elm.recommend.backbones._autoencoder import Backbone
from elm.recommend.requests._scoring import shares
from elm.recommend.tears._recommender import Profile, Profiles, Recommender, checked_profiles

_DEFAULT = 0.5


class TextBeside:
    """alpha * share(text) + (1 - alpha) * share(history); a share is a place in a list, from 1 (first) to 0 (last).

    scorer: ranks from histories alone, over the items of `text` in their order. text: a TEARS recommender, whose own
    history side is not used. `alpha` 1 is the text only, 0 the history only; None is 0.5, without a history 1, without
    a profile 0.
    """

    def __init__(self, scorer: Backbone, text: Recommender) -> None:
        self.scorer, self.text = scorer, text
        self.items, self.titles = text.items, text.titles
        self._catalogue = Catalogue(self.items, self.titles, len(self.items))

    def scores(
        self, histories: sparse.csr_matrix | None, profiles: Profiles | None, alpha: float | None = None
    ) -> np.ndarray:
        """(n, items) from 0 to 1; items of a history are -inf.

        Args:
            histories: (n, items) raw ratings. profiles: one text a user. One of both may be None.

        Raises `CallError` where both are None, for an alpha outside 0 to 1, a scorer of another catalogue, and as
        `Recommender.scores` does.
        """
        weight = _DEFAULT if alpha is None else check_alpha(alpha)
        if profiles is None and histories is None:
            raise CallError("nothing to recommend from; pass a history, a profile, or both")
        if profiles is None or (histories is not None and weight == 0):
            assert histories is not None
            return shares(self._by_history(histories))
        said = shares(self.text.scores(histories, profiles, 1.0))
        if histories is None or weight == 1:
            return said
        known = shares(self._by_history(histories))
        out = np.isneginf(said) | np.isneginf(known)
        mixed = weight * np.where(out, 0, said) + (1 - weight) * np.where(out, 0, known)
        return np.where(out, -np.inf, mixed)

    def recommend(
        self, history: History | None = None, profile: Profile | None = None, alpha: float | None = None, k: int = 20
    ) -> list[Recommendation]:
        """The k best items that are not in the history, best first; arguments and errors of `Recommender.recommend`."""
        self._catalogue.check_k(k)
        rows = self._catalogue.row(history)
        return self._catalogue.places(self.scores(rows, checked_profiles(profile), alpha)[0], k)

    def diff(
        self, before: Profile, after: Profile, history: History | None = None, alpha: float | None = None, k: int = 20
    ) -> ListDiff:
        """What an edit of the profile changes in the list: items that enter, that leave, that move."""
        return list_diff(*(self.recommend(history, text, alpha, k) for text in (before, after)))

    def rows(self, histories: Sequence[History]) -> sparse.csr_matrix:
        """Histories as the (n, items) matrix that `scores` takes."""
        return self._catalogue.rows(histories)

    def _by_history(self, histories: sparse.csr_matrix) -> np.ndarray:
        found = self.scorer.scores(histories)
        if found.shape[1] != len(self.items):
            raise CallError(
                f"scorer and text model rank one catalogue, got {found.shape[1]} and {len(self.items)} items"
            )
        return found
