"""A foreign vector is noticed where it is described, without a certificate."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import elm
from elm import OutsideDataWarning
from elm.embeddings import SentenceEncoder, interpolate
from elm.model import shipped_vectors, warn_outside

NEWS = [
    "The central bank raised its interest rate by a quarter of a point on Thursday.",
    "Parliament votes on the budget for public transport next week.",
    "pip install fails with a resolver error on Python 3.9",
]


def test_texts_of_another_kind_by_the_same_encoder_draw_a_warning() -> None:
    vectors = SentenceEncoder().encode(NEWS)
    with pytest.warns(OutsideDataWarning, match=r"3 of 3 vectors lie outside .*\(nearest known vector 0"):
        warn_outside(vectors)
    with pytest.warns(OutsideDataWarning, match="1 of 1 vectors lie outside what was learned"):
        text = elm.describe(vectors[0], "summary")
    assert isinstance(text, str)


def test_vectors_of_the_space_draw_none() -> None:
    films, users = shipped_vectors("films"), shipped_vectors("users")
    rng = np.random.default_rng(0)
    noise = rng.normal(size=(50, films.space.dim)).astype(np.float32)
    near = films.vectors[:50] + 0.5 * noise / np.linalg.norm(noise, axis=1, keepdims=True)
    with warnings.catch_warnings(action="error"):
        for known in (films, films.vectors[0], users, users.vectors[:3], near, (films["f1"], films["f2"])):
            warn_outside(known)
        warn_outside(interpolate(films["f1"], films["f9"], 0.5, films.space))
        warn_outside(np.ones((2, 7)))  # of no space: the model refuses it


def test_of_a_pair_each_is_looked_at() -> None:
    films = shipped_vectors("films")
    with pytest.warns(OutsideDataWarning, match="1 of 1 vectors"):
        warn_outside((films["f1"], -films.vectors.mean(0)))
