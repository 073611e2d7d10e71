"""Table 3: lengths, edit distance and BLEU, by hand and against a plain implementation."""

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from elm._errors import CallError
from elm.evaluation import text_statistics


def edit(one: list[str], two: list[str]) -> int:
    """The textbook table, cell by cell."""
    row = list(range(len(two) + 1))
    for i, a in enumerate(one, 1):
        before, row = row, [i]
        for j, b in enumerate(two, 1):
            row.append(min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b)))
    return row[-1]


texts = st.lists(st.lists(st.sampled_from("abcd"), min_size=1, max_size=12), min_size=2, max_size=6)


@settings(max_examples=60, deadline=None)
@given(texts)
def test_the_edit_distance_is_that_of_the_textbook(said):
    found = text_statistics([" ".join(words) for words in said])
    wanted = [edit(one, two) for a, one in enumerate(said) for b, two in enumerate(said) if a != b]
    assert found["pairs"] == len(wanted) == len(said) * (len(said) - 1)
    assert found["edit"]["mean"] == pytest.approx(np.mean(wanted))
    assert found["edit"]["sd"] == pytest.approx(np.std(wanted))


def test_lengths_by_hand():
    found = text_statistics(["a b c", "a b c d e.", "One-off: don't, they said!", "a " * 14])
    assert found["texts"] == 4
    expected = {
        "max": 14,
        "min": 3,
        "p90": 11.3,
        "p10": 3.3,
        "mean": 6.5,
        "sd": math.sqrt((12.25 + 2.25 + 6.25 + 56.25) / 4),
    }
    assert found["length"] == pytest.approx(expected)


def bleu(one: str, two: str) -> float:
    """Of the first text against the second alone, taken out of the mean of both orders."""
    return 2 * text_statistics([one, two])["bleu"]["mean"]


def test_bleu_by_hand():
    same = "a b c d e"
    assert text_statistics([same, same])["bleu"] == {"mean": pytest.approx(1), "sd": pytest.approx(0)}
    # "a b c d x" against "a b c d e": 4/5, 3/4, 2/3, 1/2 of 1 to 4 words in a row, in both orders.
    assert text_statistics([same, "a b c d x"])["bleu"]["mean"] == pytest.approx((0.8 * 0.75 * 2 / 3 * 0.5) ** 0.25)
    # Of the four-word text all runs are found, at the penalty exp(1 - 8/4); of the eight: 4/8, 3/7, 2/6, 1/5.
    other = (4 / 8 * 3 / 7 * 2 / 6 * 1 / 5) ** 0.25
    assert bleu("a b c d", "a b c d e f g h") == pytest.approx(math.exp(-1) + other)
    # A word that comes more often than in the other text counts as often as there: 2/6, 1/5, and no three in a row.
    assert bleu("a a a a a a", "a a b a") == 0
    twice = text_statistics(["a b c d a b c d", "a b c d x y z w"])["bleu"]["mean"]  # what is said twice counts once
    assert twice == pytest.approx((4 / 8 * 3 / 7 * 2 / 6 * 1 / 5) ** 0.25)
    assert bleu("a b c", "a b c") == 0  # no four words in a row


def test_case_and_punctuation_do_not_count():
    found = text_statistics(["They love WAR, and wit!", "they love war and wit"])
    assert found["edit"]["mean"] == 0
    assert found["bleu"]["mean"] == pytest.approx(1)


def test_pairs_are_drawn_by_seed_and_are_of_different_texts():
    said = [" ".join(["same", "words", "in", "each", *["more"] * n]) for n in range(60)]
    one, again, other = (text_statistics(said, pairs=40, seed=seed) for seed in (3, 3, 4))
    assert one == again != other
    assert one["pairs"] == 40
    assert text_statistics(said, pairs=60 * 59)["edit"] == text_statistics(said, pairs=10**6)["edit"]
    # All differ by at least one word, so a text was never compared with itself.
    assert min(text_statistics(said, pairs=1, seed=seed)["edit"]["mean"] for seed in range(30)) >= 1


def test_one_text_alone_has_no_pairs():
    found = text_statistics(["a b"])
    assert found["pairs"] == 0
    assert found["edit"] == found["bleu"] == {"mean": None, "sd": None}
    assert json.loads(json.dumps(found)) == found


@pytest.mark.parametrize(
    ("said", "pairs", "message"),
    [
        ([], 5, "at least one"),
        ("a text", 5, "a list of texts"),
        (["a", " ..."], 5, "text 1 does not"),
        (["a", "b"], 0, "got pairs=0"),
    ],
)
def test_bad_input(said, pairs, message):
    with pytest.raises(CallError, match=message):
        text_statistics(said, pairs)
