"""`elm bench rewards`: wrong calls are told in one line, before anything is loaded."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["demo", "--methods", "rlsoo"], "unknown method 'rlsoo'; did you mean 'rlso'?"),
        (["demo", "--tuned", "lorra"], "unknown way to tune 'lorra'; did you mean 'lora'?"),
        (["demo", "--sources", "plots"], "unknown text source 'plots'; did you mean 'plot'?"),
        (["demo", "--protocol", "papers"], "unknown protocol 'papers'; did you mean 'paper'?"),
        (["demo", "--history", "5000"], "no user of demo has 5001 ratings that count"),
        (["demo-shop"], "the demo model reads users of the demo world"),
    ],
)
def test_wrong_calls_are_told(elm: Any, words: list[str], told: str) -> None:
    code, _, err = elm("bench", "rewards", *words)
    assert code == 2
    assert told in err
    assert err.count("\n") == 1
