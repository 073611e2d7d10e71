"""A recommender by hand: what a text names in favour goes up, what it names against goes down; nothing is trained."""

from __future__ import annotations

import re

import numpy as np
from scipy import sparse

from elm._errors import CallError
from elm.recommend import HeldOut, names_genre, pieces, speaks_against

GENRES = ("Comedy", "Horror", "War")
ITEMS = 60  # 30 comedies, 20 horror films, 10 war films
ITEM_GENRES = [["Comedy"] if i < 30 else ["Horror"] if i < 50 else ["War"] for i in range(ITEMS)]
ITEM_WORDS = [[f"theme{i}", "night"] for i in range(ITEMS)]
TEXTS = (
    "They love comedy films. They enjoy slow films. They avoid war films. They cannot stand horror films.",
    "They love horror films. They enjoy wit. They avoid comedy films.",
    "They love war films. They enjoy noise. They avoid horror films.",
)


class WordedFilms:
    """Latents are weights of genres and words; a text's are 1 for what it names in favour, -1 for what against."""

    def __init__(self) -> None:
        self.items = [f"film{i}" for i in range(ITEMS)]
        genres = np.array([[genre in found for genre in GENRES] for found in ITEM_GENRES], float)
        self.table = np.hstack([genres, 0.5 * np.eye(ITEMS)])  # (items, latent)

    def scores(self, histories, profiles, alpha, signs=None):
        z = self.latents(histories, profiles, alpha, signs)
        scores = (z @ self.table.T - 1e-6 * np.arange(ITEMS)).astype(np.float32)
        if histories is not None:
            scores[histories.nonzero()] = -np.inf
        return scores

    def latents(self, histories, profiles, alpha, signs=None):
        if not 0 <= alpha <= 1:
            raise CallError(f"alpha must lie between 0 and 1, got {alpha}")
        text = None if profiles is None else np.stack([self._read(profile) for profile in profiles])
        if histories is None:
            return text
        history = np.asarray(histories @ self.table) / np.asarray(histories.sum(axis=1))
        if text is None:
            return history
        return (1 - alpha) * history + alpha * np.asarray([1] * len(text) if signs is None else signs)[:, None] * text

    def _read(self, profile):
        z = np.zeros(self.table.shape[1])
        for piece in pieces(profile) if isinstance(profile, str) else ():
            sign = -1 if speaks_against(piece) else 1
            z[: len(GENRES)] += [sign * names_genre(piece, genre) for genre in GENRES]
            for number in re.findall(r"theme(\d+)", piece):
                z[len(GENRES) + int(number)] += sign
        if not isinstance(profile, str):  # shares of genres
            z[: len(GENRES)] = profile
        return z


def films_held_out() -> HeldOut:
    """Three users: each has rated two films of the genre that the text loves, and likes four others of it."""
    inputs, targets = np.zeros((3, ITEMS)), np.zeros((3, ITEMS))
    for user, start in enumerate((0, 30, 50)):
        inputs[user, start : start + 2] = 5
        targets[user, start + 2 : start + 6] = 1
    return HeldOut(sparse.csr_matrix(inputs), sparse.csr_matrix(targets), profiles=list(TEXTS))
