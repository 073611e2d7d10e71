"""BC as a reward."""

from __future__ import annotations

import numpy as np
import pytest

from elm._errors import CallError
from elm.embeddings import EmbeddingSpace, VectorTable
from elm.evaluation import BehaviouralReward


def table(name: str, data: list[list[float]]) -> VectorTable:
    rows = np.array(data, dtype=np.float32)
    space = EmbeddingSpace.fit("toy", rows, "dot", {}, "toy")
    return VectorTable([f"{name}{n}" for n in range(len(rows))], rows, space)


class Spelled:
    """A text is its own scores."""

    def scores(self, texts: list[str]) -> np.ndarray:
        return np.array([[float(part) for part in text.split()] for text in texts], dtype=np.float32)


USERS = table("u", [[1.0, 0.0], [0.0, -1.0]])
ITEMS = table("i", [[1.0, 4.0], [2.0, 3.0], [3.0, 2.0], [4.0, 1.0]])


def test_the_reward_is_the_rank_correlation_with_the_users_own_order() -> None:
    reward = BehaviouralReward(Spelled(), USERS, ITEMS)
    assert reward([0, 0, 1, 0], ["1 2 3 4", "4 3 2 1", "1 2 3 9", "0 0 0 0"]).tolist() == [1.0, -1.0, 1.0, 0.0]


def test_an_order_is_of_two_items_and_of_numbers() -> None:
    with pytest.raises(CallError, match="at least two items, got 1"):
        BehaviouralReward(Spelled(), USERS, ITEMS, drawn=1)
    with pytest.raises(CallError, match="NaN or infinity"):
        BehaviouralReward(Spelled(), USERS, ITEMS)([0], ["nan 1 2 3"])
