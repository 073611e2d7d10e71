"""How long summaries are, and how much those of different users differ (TEARS, Appendix A, Table 3)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from elm._errors import CallError

_WORD = re.compile(r"\w+(?:['’-]\w+)*")
_ORDERS = 4  # BLEU-4
_BLOCK = 256  # pairs whose edit distances are computed together


def text_statistics(texts: Sequence[str], pairs: int = 2000, seed: int = 0) -> dict[str, Any]:
    """Lengths of texts in words, and edit distance and BLEU-4 between texts of different users.

    Args:
        texts: one per user; words are compared in lower case, without punctuation.
        pairs: how many ordered pairs of different users are drawn, each at most once; all where there are fewer.

    Returns:
        `texts` and `pairs` (how many), `length` (max, min, p90, p10, mean, sd), `edit` and `bleu` (mean, sd; None with
        one text alone). Deviations are those of the whole population. edit: the fewest words to insert, delete or
        replace. bleu: the first text of a pair against the second, unsmoothed (Papineni et al. 2002), so that a text
        that shares no four words in a row with the other scores 0.

    Raises `CallError` for no text, a text without a word, or `pairs` below 1.

    >>> found = text_statistics(["They love war films.", "They love quiet films."])
    >>> found["length"]["mean"], found["edit"]["mean"], found["bleu"]["mean"]
    (4.0, 1.0, 0.0)
    """
    if isinstance(texts, str) or not len(texts):
        raise CallError("statistics are of a list of texts, at least one")
    if pairs < 1:
        raise CallError(f"at least one pair of texts is compared, got pairs={pairs}")
    said = [_WORD.findall(text.lower()) for text in texts]
    if (empty := next((n for n, words in enumerate(said) if not words), None)) is not None:
        raise CallError(f"each text must hold a word, but text {empty} does not; leave that user out")
    lengths = np.asarray([len(words) for words in said])
    first, second = _drawn(len(said), pairs, seed)
    bleu = [_bleu(said[a], said[b]) for a, b in zip(first.tolist(), second.tolist(), strict=True)]
    return {
        "texts": len(said),
        "pairs": len(first),
        "length": {
            "max": int(lengths.max()),
            "min": int(lengths.min()),
            "p90": float(np.quantile(lengths, 0.9)),
            "p10": float(np.quantile(lengths, 0.1)),
            **_spread(lengths),
        },
        "edit": _spread(_edit_distances(said, first, second)),
        "bleu": _spread(np.asarray(bleu)),
    }


def _spread(values: np.ndarray) -> dict[str, float | None]:
    return {"mean": float(values.mean()), "sd": float(values.std())} if len(values) else {"mean": None, "sd": None}


def _drawn(n: int, pairs: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Ordered pairs of different numbers below n, each at most once."""
    total = n * (n - 1)
    drawn = np.arange(total) if total <= pairs else np.random.default_rng(seed).choice(total, pairs, replace=False)
    if not total:
        return drawn, drawn
    first, rest = np.divmod(drawn, n - 1)  # a number below n (n - 1) is a pair: n firsts, each with n - 1 others
    return first, rest + (rest >= first)  # the others skip the first itself


def _edit_distances(said: Sequence[Sequence[str]], first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Levenshtein distances (pairs,) in words, many pairs per step."""
    numbers: dict[str, int] = {}
    coded = [np.asarray([numbers.setdefault(word, len(numbers)) for word in words]) for words in said]
    blocks = [slice(start, start + _BLOCK) for start in range(0, len(first), _BLOCK)]
    found = [_block_distances([coded[a] for a in first[b]], [coded[c] for c in second[b]]) for b in blocks]
    return np.concatenate(found) if found else np.zeros(0)


def _block_distances(ones: list[np.ndarray], others: list[np.ndarray]) -> np.ndarray:
    """The same for lists of coded texts: one row of the usual table per step, for all pairs at once.

    Within a row each cell may come from the one before it plus 1, so the row is a running minimum once its own column
    number is taken off.
    """
    a, b = _padded(ones, -1), _padded(others, -2)  # padding never matches
    steps = np.arange(b.shape[1] + 1)
    ends = np.asarray([len(words) for words in others])
    row = np.tile(steps, (len(ones), 1))
    found = np.zeros(len(ones))
    for place in range(a.shape[1]):
        best = np.empty_like(row)  # (pairs, words of b + 1): deletion and substitution first, insertion below
        best[:, 0] = place + 1
        best[:, 1:] = np.minimum(row[:, 1:] + 1, row[:, :-1] + (a[:, place, None] != b))
        row = np.minimum.accumulate(best - steps, axis=1) + steps
        done = [n for n, words in enumerate(ones) if len(words) == place + 1]
        found[done] = row[done, ends[done]]
    return found


def _padded(rows: list[np.ndarray], fill: int) -> np.ndarray:
    table = np.full((len(rows), max(map(len, rows))), fill)
    for number, row in enumerate(rows):
        table[number, : len(row)] = row
    return table


def _bleu(said: Sequence[str], reference: Sequence[str]) -> float:
    """BLEU-4: geometric mean of the clipped n-gram precisions, n = 1 to 4, times the penalty of a shorter text."""
    logs = []
    for order in range(1, _ORDERS + 1):
        own, other = _runs(said, order), _runs(reference, order)
        hits = sum((own & other).values())  # clipped: an n-gram counts at most as often as in the reference
        if not hits:
            return 0.0
        logs.append(np.log(hits / own.total()))
    return float(np.exp(min(0.0, 1 - len(reference) / len(said)) + np.mean(logs)))


def _runs(words: Sequence[str], order: int) -> Counter[tuple[str, ...]]:
    return Counter(zip(*(words[start:] for start in range(order)), strict=False))
