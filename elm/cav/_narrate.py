"""Reading concepts with a language model: a concept itself, the difference of two vectors, the path of a move."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd

from elm._errors import CallError, VectorError
from elm._typing import Array
from elm.cav._cav import CAV
from elm.embeddings import real_array


class Describer(Protocol):
    """Writes the text of a task about each of n vectors, such as `elm.model.EmbeddingLanguageModel`."""

    def describe(self, vectors: Array, task: str, /, *, seed: int = 0) -> Any: ...


@dataclass(frozen=True)
class Narration:
    """Texts along a way, and what they gain on it.

    amounts: (m,); texts: m of them. gained, lost: words of the last text that the first has not, and the other way
    round, in the order of the text.
    """

    amounts: tuple[float, ...]
    texts: list[str]
    gained: list[str]
    lost: list[str]

    def __str__(self) -> str:
        """The texts under their amounts, then what has come and gone."""
        lines = [f"{amount:+.2f}  {text}" for amount, text in zip(self.amounts, self.texts, strict=True)]
        lines += [f"gained  {', '.join(self.gained) or 'nothing'}", f"lost    {', '.join(self.lost) or 'nothing'}"]
        return "\n".join(lines)


def narrate_move(
    model: Describer,
    cav: CAV,
    vector: npt.ArrayLike,
    task: str,
    amounts: Sequence[float] = (-2.0, -1.0, 0.0, 1.0, 2.0),
    seed: int = 0,
) -> Narration:
    """The texts about one vector (dim,) moved along a concept by each amount (ELM, Section 4).

    Raises `CallError` for fewer than two amounts, `VectorError` for more than one vector or one of another size.
    """
    steps = _sorted(amounts)
    return _narrate(model, cav.move(_one(vector), np.array(steps)), steps, task, seed)


def narrate_difference(
    model: Describer, first: npt.ArrayLike, second: npt.ArrayLike, task: str, steps: int = 5, seed: int = 0
) -> Narration:
    """What makes the second vector (dim,) another than the first: texts on the straight way between both.

    The amounts are shares of the way, 0 the first vector and 1 the second.
    """
    a, b = _one(first), _one(second)
    if a.shape != b.shape or steps < 2:
        raise CallError(f"two vectors of one size and two steps or more, got {a.size}, {b.size} and {steps} steps")
    shares = tuple(np.linspace(0.0, 1.0, steps).tolist())
    lengths = np.linalg.norm(a), np.linalg.norm(b)
    way = np.stack([(1 - share) * a + share * b for share in shares])
    if np.allclose(*lengths, rtol=1e-3):  # vectors of one sphere stay on it
        way *= lengths[0] / np.maximum(np.linalg.norm(way, axis=1, keepdims=True), 1e-9)
    way[[0, -1]] = a, b  # to the bit, by which texts are drawn
    return _narrate(model, way.astype(np.float32), shares, task, seed)


def narrate_concept(
    model: Describer, cav: CAV, vectors: npt.ArrayLike, task: str, amount: float = 2.0, seed: int = 0
) -> pd.DataFrame:
    """What a concept means, in the model's words: those that a move along it brings, and those that it takes away.

    Moves each of vectors (n, dim), real entities, by -amount and by +amount. One row per word or pair of words (without
    stop words) that stands in two texts or more, columns "more" and "less": the share of texts that have it after
    either move, and "shift", their difference; largest shift first, so the concept is read at the head and its
    opposite at the foot. p_value: McNemar's exact test over entities, two-sided, not corrected for the number of words.
    """
    rows = real_array(vectors).astype(np.float32)
    if rows.ndim != 2 or len(rows) < 2:
        raise VectorError(f"a concept is narrated over two vectors (n, dim) or more, got shape {rows.shape}")
    if not (np.isfinite(amount) and amount > 0):
        raise CallError(f"amount must be a positive finite number, got {amount}")
    from scipy.stats import binom

    words = _reader()
    more, less = (
        [set(words(text)) for text in model.describe(cav.move(rows, sign * amount), task, seed=seed)]
        for sign in (1.0, -1.0)
    )
    found = []
    for word in sorted(set().union(*more, *less)):
        up, down = (np.array([word in text for text in texts]) for texts in (more, less))
        if up.sum() + down.sum() >= 2:
            only_up, only_down = int((up & ~down).sum()), int((down & ~up).sum())
            tail = binom.cdf(min(only_up, only_down), only_up + only_down, 0.5)
            found.append((word, up.mean(), down.mean(), up.mean() - down.mean(), min(1.0, 2 * float(tail))))
    frame = pd.DataFrame(found, columns=["word", "more", "less", "shift", "p_value"]).set_index("word")
    return frame.sort_values("shift", ascending=False, kind="stable")


def _narrate(model: Describer, moved: Array, amounts: tuple[float, ...], task: str, seed: int) -> Narration:
    texts = [str(text) for text in model.describe(moved, task, seed=seed)]
    words = _reader(longest=1)
    first, last = words(texts[0]), words(texts[-1])
    gained, lost = ([w for w in dict.fromkeys(a) if w not in b] for a, b in ((last, first), (first, last)))
    return Narration(amounts, texts, gained, lost)


def _reader(longest: int = 2) -> Callable[[str], list[str]]:
    """From a text to its words, in small letters and without English stop words, and their pairs."""
    from sklearn.feature_extraction.text import CountVectorizer

    analyse: Callable[[str], list[str]] = CountVectorizer(
        stop_words="english", ngram_range=(1, longest)
    ).build_analyzer()
    return analyse


def _one(vector: npt.ArrayLike) -> Array:
    row = real_array(vector, "a vector").astype(np.float32)
    if row.ndim != 1 or not row.size or not np.isfinite(row).all():
        raise VectorError(f"one finite vector (dim,) is narrated, got shape {row.shape}")
    return row


def _sorted(amounts: Sequence[float]) -> tuple[float, ...]:
    steps = tuple(sorted({float(amount) for amount in amounts}))
    if len(steps) < 2:
        raise CallError(f"a move is described at two different amounts or more, got {list(amounts)}")
    return steps
