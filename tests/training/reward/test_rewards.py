"""Rewards whose values can be worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from elm._errors import CallError
from elm.embeddings import EmbeddingSpace, VectorTable
from elm.training import PreferenceReward, SemanticReward, mixed_reward


class Directions:
    """A text's first letter is its direction."""

    def encode(self, texts: list[str]) -> np.ndarray:
        return np.array([{"a": [1.0, 0.0], "b": [0.0, 1.0]}[text[0]] for text in texts], dtype=np.float32)


def table() -> VectorTable:
    data = np.array([[2.0, 0.0], [3.0, 3.0]], dtype=np.float32)
    return VectorTable(["x", "y"], data, EmbeddingSpace.fit("toy", data, "cosine", {}, "toy"))


def test_sc_is_the_cosine_to_the_vector_and_0_without_a_word() -> None:
    reward = SemanticReward(table(), Directions())
    found = reward([0, 0, 1, 1, 0], ["a", "b", "b", "", "..."])
    np.testing.assert_allclose(found, [1.0, 0.0, np.sqrt(0.5), 0.0, 0.0], atol=1e-6)
    assert reward([0], [""]).tolist() == [0.0]


def test_sc_of_another_encoder_is_refused() -> None:
    class Wide:
        def encode(self, texts: list[str]) -> np.ndarray:
            return np.ones((len(texts), 3), dtype=np.float32)

    with pytest.raises(CallError, match="2 numbers each"):
        SemanticReward(table(), Wide())([0], ["a"])


def test_a_judge_who_likes_what_comes_first_has_no_say() -> None:
    first = PreferenceReward(lambda row, text, rival: 1.0)
    assert first([0, 0, 1], ["a", "b", "c"]).tolist() == [0.5, 0.5, 0.5]
    longer = PreferenceReward(lambda row, text, rival: float(len(text) > len(rival)))
    assert longer([0, 1, 0, 0], ["aa", "z", "a", "aaa"]).tolist() == [0.5, 0.5, 0.0, 1.0]


def test_a_mixture_needs_a_part() -> None:
    with pytest.raises(CallError, match="at least one reward"):
        mixed_reward({})
