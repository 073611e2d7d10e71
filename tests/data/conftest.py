"""A tiny data set and a small demo world."""

from __future__ import annotations

import pandas as pd
import pytest

from elm.data import Dataset, demo


@pytest.fixture
def films() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "title": ["Heat", "Postino, Il", "Matrix, The"],
            "year": [1995, None, 1999],
            "genres": [["Action", "Crime"], [], ["Sci-Fi"]],
        },
        index=[1, 2, 3],
    )


@pytest.fixture
def ratings() -> pd.DataFrame:
    return pd.DataFrame(
        {"user": [7, 7, 8, 8], "item": [1, 2, 1, 3], "rating": [4, 2.5, 5, 1], "time": [10, 20, 30, 40]}
    )


@pytest.fixture
def tiny(films: pd.DataFrame, ratings: pd.DataFrame) -> Dataset:
    texts = pd.DataFrame({"item": [1, 1, 3], "source": ["plot", "plot", "note"], "text": ["one", "two", "three"]})
    return Dataset("tiny", films, pd.DataFrame(index=[7, 8]), ratings, texts)


@pytest.fixture(scope="session")
def world() -> Dataset:
    return demo(n_films=600, n_users=400)
