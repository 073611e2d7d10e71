"""The recommender decoder of LangPTune: a sentence encoder, similarity, and a sort over all items (equations 1, 2)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from elm._errors import CallError
from elm._typing import Array, Floats, Integers
from elm.recommend.judges._cards import Cards
from elm.recommend.langptune._conventions import Conventions, conventions
from elm.recommend.langptune._ranks import quality, target_ranks
from elm.recommend.langptune._sessions import Sessions
from elm.recommend.requests._tower import Tower, Tuned


class ProfileRecommender:
    """Items by how near their text is to a profile, both encoded by one model.

    encoder: a `SentenceEncoder`, which stays as it is. cards: of the catalogue. tuned: what of a copy of it contrastive
    learning changes, beside a head that begins as the identity ("frozen": the head alone). sharpness: what the
    products of the untrained model are multiplied by, for unit vectors lie too near each other for InfoNCE at
    temperature 1. Raises `CallError` for an item without any text.
    """

    def __init__(
        self,
        encoder: Any,
        cards: Cards,
        *,
        tuned: Tuned = "frozen",
        protocol: str = "paper",
        sharpness: float = 20.0,
        seed: int = 0,
    ) -> None:
        self.protocol: Conventions = conventions(protocol)
        self.items, self._texts = list(cards.items), cards.texts()
        if lost := next((i for i, text in zip(self.items, self._texts, strict=True) if not text), None):
            raise CallError(f"every item is ranked by its text, and {lost!r} has none; leave it out of the catalogue")
        scale = sharpness**0.5 if self.protocol.similarity == "dot" else 1.0
        self.tower = Tower(encoder, tuned, scale=scale, seed=seed)
        self._plain: torch.Tensor | None = None
        self._table: Array | None = None

    def profile_vectors(self, texts: Sequence[str]) -> torch.Tensor:
        """Profiles (n) -> (n, dim), with gradients where something is tuned; zeros for one without a word."""
        said = [place for place, text in enumerate(texts) if any(map(str.isalnum, text))]
        found = torch.zeros(len(texts), self.tower.dim, device=self.tower.linear.weight.device)
        if not said:
            return found
        made = self._near(self.tower([texts[place] for place in said]))
        return found.index_copy(0, torch.tensor(said, device=found.device), made)

    def item_vectors(self, columns: Sequence[int]) -> torch.Tensor:
        """Items by their places in the catalogue (n) -> (n, dim), with gradients."""
        places = list(columns)
        if self.tower.body is not None:
            return self._near(self.tower([self._texts[place] for place in places]))
        if self._plain is None:  # a frozen encoder makes them once
            self._plain = self.tower.encoded(self._texts)
        return self._near(
            self.tower.head(self._plain[places], self.tower.words([self._texts[place] for place in places]))
        )

    @torch.no_grad()
    def table(self) -> Array:
        """Vectors of the whole catalogue (items, dim), made again after each training."""
        if self._table is None:
            parts = [
                self.item_vectors(range(start, min(start + 256, len(self.items))))
                for start in range(0, len(self.items), 256)
            ]
            self._table = torch.cat(parts).cpu().numpy()
        return self._table

    def changed(self) -> None:
        """The weights are others now: the catalogue's vectors are no longer theirs."""
        self._table = None

    @torch.no_grad()
    def scores(self, profiles: Sequence[str]) -> Floats:
        """Similarities (n, items) of profiles and items; 0 throughout for a profile without a word."""
        found: Floats = (self.profile_vectors(profiles).cpu().numpy() @ self.table().T).astype(np.float64)
        return found

    def ranks(self, sessions: Sessions, profiles: Sequence[str]) -> Integers:
        """The places of each session's targets (n, f), given a profile of each (n)."""
        if list(sessions.items) != self.items:
            raise CallError("sessions and recommender have one catalogue, in one order; make both from one list")
        histories, targets = sessions.columns()
        scores = self.scores(profiles)
        if not self.protocol.ranks_history:
            scores[np.arange(len(scores))[:, None], histories] = -np.inf
        return target_ranks(scores, targets)

    def quality(self, sessions: Sessions, profiles: Sequence[str]) -> Floats:
        """The ranking quality U of each session (n,), in (0, 1]: the protocol's, over the whole catalogue."""
        return quality(self.ranks(sessions, profiles), self.protocol.quality)

    def _near(self, vectors: torch.Tensor) -> torch.Tensor:
        return functional.normalize(vectors, dim=-1) if self.protocol.similarity == "cosine" else vectors
