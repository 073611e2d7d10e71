"""The recommender that a person can steer: history and profile text in, ranked items out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
import torch
from scipy import sparse

from elm._errors import CallError
from elm.recommend._catalogue import Catalogue, History, check_alpha
from elm.recommend._lists import ListDiff, Recommendation, list_diff
from elm.recommend._ratings import as_histories, masked, ordered_batches
from elm.recommend.backbones._sparse_rows import as_rows
from elm.recommend.profiles._polarity import affirmed, sentiment
from elm.recommend.profiles._units import names_nothing
from elm.recommend.tears._attribution import EditExplanation, explain, without_each
from elm.recommend.tears._known_texts import KnownTexts
from elm.recommend.tears._model import Tears
from elm.recommend.tears._remarks import remarks
from elm.recommend.tears._store import load, save
from elm.recommend.tears._text_encoder import SentenceVectors

Profile: TypeAlias = str | Mapping[str, float]
"""A text about a user; for GERS how much of what the user likes is of each genre."""

Profiles: TypeAlias = Sequence[str] | Sequence[Mapping[str, float]] | np.ndarray
"""Those of many users; for GERS also shares (users, genres)."""

_BATCH = 512


class Recommender:
    """Ranks a catalogue from a history, a profile text, or a mixture of both in one latent space (TEARS).

    `alpha` is the weight of the text: 1 is text only, 0 history only. None is 0.5, for a model of texts alone (TEARS
    Base) 1. Without a history it is 1, without a profile 0. Items of the history are never recommended, whatever it is.
    """

    def __init__(
        self,
        model: Tears,
        items: Sequence[str],
        titles: Sequence[str] | None = None,
        known: KnownTexts | None = None,
    ) -> None:
        """known: what `remarks` compares a text with: kinds of items, and the writer of the training's texts."""
        self.model, self.known = model.eval(), known or KnownTexts()
        self._catalogue = Catalogue(items, titles, model.vae.items)
        self.items, self.titles = self._catalogue.items, self._catalogue.titles

    def recommend(
        self, history: History | None = None, profile: Profile | None = None, alpha: float | None = None, k: int = 20
    ) -> list[Recommendation]:
        """The k best items that are not in the history, best first (fewer where fewer are left).

        Args:
            history: ratings by item id, or the ids of liked items; None where nothing is known.
            profile: a text about the user (GERS: a mapping genre -> share); None where there is none.
            alpha: weight of the text, from 0 to 1 (None: see the class); without effect when one side is missing.
            k: from 1 to the size of the catalogue.

        Raises:
            CallError: nothing given, an empty profile, an alpha or k or rating out of range.
            UnknownNameError: an item id that the model does not know; the message names the nearest.
        """
        rows = self._catalogue.row(history)
        return self._listed(self._z(rows, checked_profiles(profile), alpha), rows, k)

    def guide(self, history: History, phrase: str, alpha: float | None = None, k: int = 20) -> list[Recommendation]:
        """A list that follows the history and a short wish, such as "More war films." or "Less horror, please."

        A phrase that asks for less is taken away from the history, as the phrase that asks for more: (1 - alpha) *
        z_history - alpha * z_text (TEARS, Section 6.3; `sentiment` and `affirmed` decide by rule, in English).
        Arguments and errors are those of `recommend` and `sentiment`.
        """
        if not self.model.history:
            raise CallError("this model reads texts alone (TEARS Base), no history to bend; pass the wish as profile")
        rows = self._catalogue.row(history)
        if rows is None:
            raise CallError("guidance bends a list away from a history; without one pass the phrase as a profile")
        if checked_profiles(phrase) is None or not isinstance(phrase, str):
            raise CallError(f"a wish is a text, such as 'More war films.', got {phrase!r}")
        return self._listed(self._z(rows, [affirmed(phrase)], alpha, [sentiment(phrase)]), rows, k)

    def diff(
        self, before: Profile, after: Profile, history: History | None = None, alpha: float | None = None, k: int = 20
    ) -> ListDiff:
        """What an edit of the profile, a text or for GERS a mapping genre -> share, changes in the list: items that
        enter, that leave, that move."""
        lists = (self.recommend(history, text, alpha, k) for text in (before, after))
        return list_diff(*lists)

    def explain_edit(
        self,
        before: str,
        after: str,
        history: History | None = None,
        alpha: float | None = None,
        k: int = 20,
        seed: int = 0,
    ) -> EditExplanation:
        """Attribute the change of the list to the sentences that were edited.

        The change is that of the scores of all items of both lists; a part's share is its Shapley value for the change
        along its own direction, so that shares add up to 1: over all subsets of up to eight parts, over 64 drawn orders
        of more. Arguments and errors are those of `recommend`; an edit that changes nothing has no parts.
        """
        _texts("explain_edit", before, after)
        diff = self.diff(before, after, history, alpha, k)
        parts, hunks = explain(self, before, after, self._catalogue.row(history), self._alpha(alpha), k, seed)
        return EditExplanation(before, after, parts, diff, hunks, tuple(self.remarks(after)))

    def remarks(self, profile: str) -> list[str]:
        """What to know of a text before its list is trusted, a line each; empty where there is nothing.

        Said are sentences that contradict each other (both are named), a language that the sentence encoder does not
        read, quoted titles and kinds that the catalogue lacks, with the nearest, and a writer unlike the training's.
        """
        _texts("remarks", profile)
        return remarks(profile, self.model.text, self.titles, self.known)

    def without_each(
        self, profile: str, history: History | None = None, alpha: float | None = None, k: int = 20
    ) -> pd.DataFrame:
        """What each sentence of a profile does: the list without it.

        A row per sentence: `sentence`, `kept` (the share of the list that stays), `brings` (items there because
        of it) and `keeps_out`. Raises `CallError` for a profile of one sentence, and what `recommend` raises.
        """
        _texts("without_each", profile)
        self.recommend(history, profile, alpha, k)  # the same errors
        return without_each(self, profile, self._catalogue.row(history), self._alpha(alpha), k)

    def z(
        self, history: History | None = None, profile: Profile | None = None, alpha: float | None = None
    ) -> np.ndarray:
        """The latent vector behind a list, (latent,) float32: alpha * z_text + (1 - alpha) * z_history."""
        return self._z(self._catalogue.row(history), checked_profiles(profile), alpha)[0].cpu().numpy()

    def latents(
        self, histories: sparse.csr_matrix | None = None, profiles: Profiles | None = None, alpha: float | None = None
    ) -> np.ndarray:
        """The latent vectors of many users at once, (n, latent) float32; arguments as in `scores`."""
        return self._z(self._checked(histories, profiles), profiles, alpha).cpu().numpy()

    def scores(
        self,
        histories: sparse.csr_matrix | None = None,
        profiles: Profiles | None = None,
        alpha: float | None = None,
        signs: Sequence[int] | None = None,
    ) -> np.ndarray:
        """Scores of many users at once, (n, items) float32, log-probabilities; items of the history are -inf.

        `histories` is (n, items) raw ratings with columns in the order of `items`; a user's row may be empty only where
        the profile alone counts (alpha 1). `signs` has -1 for each text that says what is not wanted, see `guide`.
        """
        rows = self._checked(histories, profiles)
        return self._decode(self._z(rows, profiles, alpha, signs), rows)

    def rows(self, histories: Sequence[History]) -> sparse.csr_matrix:
        """Histories as the (n, items) matrix that `scores` takes; the same errors as `recommend`."""
        return self._catalogue.rows(histories)

    def save(self, folder: str | Path) -> None:
        """Write `model.safetensors`, `items.parquet` and last `config.json`. It names the sentence encoder."""
        save(self.model, self.items, self.titles, Path(folder), self.known)

    @classmethod
    def load(cls, folder: str | Path, encoder: SentenceVectors | None = None) -> Recommender:
        """Read a folder written by `save`; `CheckpointError` unless every part is there, whole and of this model.

        encoder: the sentence encoder to use; by default the one that the folder names, found when a text first comes.
        """
        return cls(*load(Path(folder), encoder))

    def _checked(self, histories: sparse.csr_matrix | None, profiles: Profiles | None) -> sparse.csr_matrix | None:
        rows = None if histories is None else as_histories(histories, len(self.items))
        if profiles is not None and not len(profiles) and rows is None:
            raise CallError("there must be a user to score, got no profile; pass at least one")
        if profiles is not None and rows is not None and len(profiles) != rows.shape[0]:
            raise CallError(f"one profile per user: {rows.shape[0]} histories, {len(profiles)} profiles")
        return rows

    @torch.no_grad()
    def _z(
        self,
        rows: sparse.csr_matrix | None,
        profiles: Profiles | None,
        alpha: float | None,
        signs: Sequence[int] | None = None,
    ) -> torch.Tensor:
        """Latents (n, latent) of users given by rows, profiles or both."""
        alpha = self._alpha(alpha)
        if profiles is None and rows is None:
            raise CallError("nothing to recommend from; pass a history, a profile, or both")
        text = None if profiles is None else self.model.text(self.model.text.prepare(profiles)).mu
        if rows is None or (text is not None and alpha == 1 and signs is None):
            assert text is not None
            return self.model.vae.place(text)
        history = self._history(rows)
        if text is None:
            return history
        signed = None if signs is None else torch.tensor(_checked_signs(signs, len(text)), device=text.device)
        return self.model.mixture(text, history, alpha, signed)

    def _alpha(self, alpha: float | None) -> float:
        """The weight of the text, checked, or the default."""
        if alpha is None:
            return 0.5 if self.model.history else 1.0
        return check_alpha(alpha)

    def _history(self, rows: sparse.csr_matrix) -> torch.Tensor:
        """Latents (n, latent) of histories, each with an item."""
        if not self.model.history:
            raise CallError("this model reads texts alone (TEARS Base); pass a profile, and alpha 1 beside a history")
        lacking = np.flatnonzero(np.diff(rows.indptr) == 0)
        if len(lacking):
            raise CallError(f"history {lacking[0]} holds no item; give it ratings, or use alpha 1 with a profile")
        device = next(self.model.parameters()).device
        batches = ordered_batches(rows.shape[0], _BATCH)
        means = [self.model.vae.encode(as_rows(rows[users], device)).mu for users in batches]
        return torch.cat(means) if means else torch.zeros(0, self.model.latent, device=device)

    def _listed(self, z: torch.Tensor, rows: sparse.csr_matrix | None, k: int) -> list[Recommendation]:
        """The k best of one latent vector."""
        self._catalogue.check_k(k)
        return self._catalogue.places(self._decode(z, rows)[0], k)

    @torch.no_grad()
    def _decode(self, z: torch.Tensor, rows: sparse.csr_matrix | None) -> np.ndarray:
        """Latents (n, latent) to log-probabilities (n, items), seen items -inf."""
        parts = [torch.log_softmax(self.model.vae.decode(part), -1).cpu().numpy() for part in z.split(_BATCH)]
        scores = np.concatenate(parts)
        return scores if rows is None else masked(scores, rows)


def checked_profiles(profile: Profile | None) -> list[Any] | None:
    """One profile as a list, None for None; `CallError` for one that says nothing."""
    if profile is None:
        return None
    if isinstance(profile, Mapping):
        return [profile]
    if not isinstance(profile, str):
        raise CallError(f"profile must be a text, got {type(profile).__name__}")
    if not profile.strip():
        raise CallError("profile is empty; write a sentence about the user, or pass None")
    if names_nothing(profile):
        raise CallError(
            f"a profile must name what is liked or not, and {profile[:60]!r} holds only small words; add it"
        )
    return [profile]


def _texts(call: str, *profiles: Profile) -> None:
    """`CallError` unless all are texts."""
    for profile in profiles:
        if not isinstance(profile, str):
            raise CallError(f"{call} compares texts by their sentences, got {type(profile).__name__}; use diff instead")


def _checked_signs(signs: Sequence[int], n: int) -> list[float]:
    if len(signs) != n or not set(signs) <= {1, -1}:
        raise CallError(f"signs are 1 or -1, one a profile: {n} profiles, signs {list(signs)[:5]}")
    return [float(sign) for sign in signs]
