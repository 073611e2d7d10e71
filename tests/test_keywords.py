"""Calls with many options: each option has a default, and an unknown one is told as Python tells it."""

from __future__ import annotations

from typing import Any

import pytest

from elm._keywords import filled
from elm.recommend import chat_summaries, evaluate_edit, train_tears
from elm.recommend.profiles import _genre_swap
from elm.recommend.tears import _summaries, _training


@pytest.mark.parametrize(
    ("options", "defaults"),
    [
        (_training.TearsRun, _training._RUN),
        (_summaries.SummaryOptions, _summaries._OPTIONS),
        (_genre_swap.EditOptions, _genre_swap._OPTIONS),
    ],
)
def test_every_option_has_a_default(options: Any, defaults: Any) -> None:
    assert options.__annotations__.keys() == defaults.keys()
    key = next(iter(defaults))
    assert filled("call", {key: 7}, defaults) == {**defaults, key: 7}


@pytest.mark.parametrize(
    "call",
    [
        lambda more: train_tears(None, None, None, [], None, **more),  # type: ignore[arg-type]
        lambda more: chat_summaries(None, None, None, **more),  # type: ignore[arg-type]
        lambda more: evaluate_edit(None, [], None, [], [], [], **more),  # type: ignore[arg-type]
    ],
)
def test_an_unknown_option_is_told(call: Any) -> None:
    with pytest.raises(TypeError, match=r"\(\) got an unexpected keyword argument 'widht'"):
        call({"widht": 3})
