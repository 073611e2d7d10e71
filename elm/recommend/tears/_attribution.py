"""Which sentence moves what: the change of a list attributed to the sentences that were edited, and taken back."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise

import numpy as np
import pandas as pd
from scipy import sparse

from elm._errors import CallError
from elm._text.sentences import sentence_ends
from elm.metrics import top_k
from elm.recommend._lists import ListDiff
from elm.recommend._protocols import Scorer

_EXACT, _ORDERS = 8, 64  # edits up to which all subsets are tried; orders that are drawn beyond
_WORD = re.compile(r"\w")
_STILL = 1e-4  # of a log-probability: changes up to here are rounding


@dataclass(frozen=True)
class EditPart:
    """One sentence that was changed ("" where it was added or removed).

    share: of the change of the list, a Shapley value: shares of all parts add up to 1. alone: what it does without the
    others. undone: the edited text with this part taken back.
    """

    before: str
    after: str
    share: float
    alone: float
    undone: str


@dataclass(frozen=True)
class EditExplanation:
    """An edit by its parts, and what it did to the list. remarks: see `Recommender.remarks`, of the text after."""

    before: str
    after: str
    parts: list[EditPart]
    diff: ListDiff
    _hunks: list[tuple[slice, list[str]]]
    remarks: tuple[str, ...] = ()

    def undo(self, parts: Collection[int]) -> str:
        """The edited text with these parts (numbers from 0) taken back; all of them give the text before.

        Raises `CallError` for a part that is not there.
        """
        if strange := sorted(set(parts) - set(range(len(self.parts)))):
            raise CallError(f"the edit has parts 0 to {len(self.parts) - 1}, got {strange[0]}")
        return _applied(sentences(self.before), self._hunks, set(range(len(self._hunks))) - set(parts))

    def frame(self) -> pd.DataFrame:
        """A row a part, the strongest first: columns before, after, share, alone."""
        rows = [{"before": p.before, "after": p.after, "share": p.share, "alone": p.alone} for p in self.parts]
        frame = pd.DataFrame(rows, columns=["before", "after", "share", "alone"])
        return frame.sort_values("share", key=np.abs, ascending=False, kind="stable")


def sentences(text: str) -> list[str]:
    """The sentences and lines of a text with the white space behind them: joined, they are the text.

    >>> sentences("Loves war films. Hates noise.\\n- a bullet")
    ['Loves war films. ', 'Hates noise.\\n', '- a bullet']
    """
    cuts = [0, *sentence_ends(text), len(text)]
    return [text[a:b] for a, b in pairwise(cuts) if a < b]


def explain(
    recommender: Scorer, before: str, after: str, rows: sparse.csr_matrix | None, alpha: float, k: int, seed: int
) -> tuple[list[EditPart], list[tuple[slice, list[str]]]]:
    """The parts of an edit with their shares; see `Recommender.explain_edit`."""
    old, hunks = sentences(before), _hunks(sentences(before), sentences(after))
    count = len(hunks)
    if not count:
        return [], []
    subsets = _subsets(count, seed)
    known = {chosen: number for number, chosen in enumerate(sorted({s for pair in subsets for s in pair}, key=sorted))}
    for chosen in (frozenset(), frozenset(range(count)), *(frozenset([n]) for n in range(count))):
        known.setdefault(chosen, len(known))
    texts = [_applied(old, hunks, set(chosen)) for chosen in known]
    scores = _scores(recommender, texts, rows, alpha)
    start, end = scores[known[frozenset()]], scores[known[frozenset(range(count))]]
    union = np.unique(np.concatenate([*top_k(start[None], k), *top_k(end[None], k)]))
    union = union[np.isfinite(start[union]) & np.isfinite(end[union])]
    change = end[union] - start[union]
    moved = np.abs(change).max(initial=0) > _STILL
    worth = (scores[:, union] - start[union]) @ change / (change @ change) if moved else np.zeros(len(scores))
    values = np.zeros(count)
    for number in range(count):
        pairs = [(low, high, weight) for (low, high), weight in subsets.items() if high - low == {number}]
        values[number] = sum(weight * (worth[known[high]] - worth[known[low]]) for low, high, weight in pairs)
    parts = []
    for number, (place, new) in enumerate(hunks):
        undone = _applied(old, hunks, set(range(count)) - {number})
        alone = float(worth[known[frozenset([number])]])
        parts.append(EditPart("".join(old[place]).strip(), "".join(new).strip(), float(values[number]), alone, undone))
    return parts, hunks


def without_each(
    recommender: Scorer, profile: str, rows: sparse.csr_matrix | None, alpha: float, k: int
) -> pd.DataFrame:
    """A row per sentence of a profile; see `Recommender.without_each`."""
    parts = [number for number, text in enumerate(sentences(profile)) if _WORD.search(text)]
    if len(parts) < 2:
        raise CallError(f"a sentence is taken out of a profile of two or more, and this one has {len(parts)}")
    whole = sentences(profile)
    texts = [profile, *("".join(whole[:n] + whole[n + 1 :]) for n in parts)]
    scores = _scores(recommender, texts, rows, alpha)
    lists = [[int(c) for c in row if np.isfinite(scores[n, c])] for n, row in enumerate(top_k(scores, k))]
    first, names = lists[0], recommender.items
    found = []
    for number, other in zip(parts, lists[1:], strict=True):
        kept = len(set(first) & set(other))
        brings, keeps_out = ([names[c] for c in a if c not in b] for a, b in ((first, other), (other, first)))
        row = {"sentence": whole[number].strip(), "kept": kept / max(len(first), 1)}
        found.append({**row, "brings": brings, "keeps_out": keeps_out})
    return pd.DataFrame(found)


def _scores(recommender: Scorer, texts: list[str], rows: sparse.csr_matrix | None, alpha: float) -> np.ndarray:
    many = None if rows is None else sparse.csr_matrix(sparse.vstack([rows] * len(texts)))
    return recommender.scores(many, texts, 1.0 if rows is None else alpha)


def _hunks(old: list[str], new: list[str]) -> list[tuple[slice, list[str]]]:
    """What was changed: (which sentences, by what); as many for as many are taken one by one. White space and signs
    alone are no change."""
    found: list[tuple[slice, list[str]]] = []
    first, second = ([text.strip() for text in some] for some in (old, new))
    for kind, a, b, c, d in difflib.SequenceMatcher(None, first, second, autojunk=False).get_opcodes():
        if kind == "replace" and b - a == d - c:
            found += [(slice(a + n, a + n + 1), [new[c + n]]) for n in range(b - a)]
        elif kind != "equal":
            found.append((slice(a, b), new[c:d]))
    return [(place, by) for place, by in found if _WORD.search("".join([*old[place], *by]))]


def _applied(old: list[str], hunks: Sequence[tuple[slice, list[str]]], chosen: Collection[int]) -> str:
    """The text before with some of the changes made."""
    parts: list[str] = []
    at = 0
    for number, (place, new) in enumerate(hunks):
        parts += [*old[at : place.start], *(new if number in chosen else old[place])]
        at = place.stop
    text = ""
    for part in parts + old[at:]:
        text += "\n" + part if text and not text[-1].isspace() else part
    return text


def _subsets(count: int, seed: int) -> dict[tuple[frozenset[int], frozenset[int]], float]:
    """(without, with one more) -> weight of the difference in the Shapley value of that one."""
    weights: dict[tuple[frozenset[int], frozenset[int]], float] = {}
    if count <= _EXACT:
        for number in range(count):
            others = [n for n in range(count) if n != number]
            for size in range(count):
                weight = math.factorial(size) * math.factorial(count - size - 1) / math.factorial(count)
                for some in combinations(others, size):
                    weights[frozenset(some), frozenset([*some, number])] = weight
        return weights
    rng = np.random.default_rng(seed)
    for _ in range(_ORDERS):
        low: frozenset[int] = frozenset()
        for number in rng.permutation(count).tolist():
            high = low | {number}
            weights[low, high] = weights.get((low, high), 0.0) + 1 / _ORDERS
            low = high
    return weights
