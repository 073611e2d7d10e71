"""What items are about, as topics: nouns of their texts that mean much the same, under the name of the most typical."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from scipy import sparse

from elm._typing import Floats
from elm.tasks.facts._nouns import Nouns

WordVectors = Callable[[list[str]], np.ndarray]
"""Words (n) -> vectors (n, d), such as `SentenceEncoder.encode`."""

_RARE, _COMMON = 6, 0.1  # a noun counts that is in so many texts, and in at most this share of them
_FEWEST, _MOST = 10, 0.16  # items of a topic: fewer are chance, and more than this share say nothing
_ENOUGH = 200  # texts from which limits above as shares are kept, and from which kinds are asked
_APART = 0.72  # cosine distance of the two most different words of a topic, at most
_TOGETHER, _AXES = 0.7, 60  # weight of words that come up in the same texts beside vectors; directions kept of these
_WORD = re.compile(r"[^\W\d_]+")
_CHANCE = 1e-6  # a topic that says no more of an item's kinds than chance does is left out


def text_topics(
    texts: Mapping[str, str], vectors: WordVectors, kinds: Mapping[str, Sequence[str]] | None = None
) -> dict[str, tuple[str, ...]]:
    """Item -> the topics of its text, by name, from `texts`: item -> all that is said about it.

    Names of people, verbs and small words are no topics (`Nouns`). Nouns make one topic that lie close together as
    vectors and in the texts that they come up in. kinds: item -> its kinds; where there are 200 texts, a topic has to
    go with them beyond chance, which leaves out words of any story ("chance", "moment"). Words of their names are told
    as kinds, and are no topics.
    """
    nouns, named = Nouns.fit(texts.values(), _RARE), _words_of(kinds or {})
    words = [word for word in nouns.labels if word not in named and nouns.labels[word] not in named]
    table = _table([nouns.of(text) for text in texts.values()], words)
    many = table.shape[0] >= _ENOUGH
    held = table.sum(0)
    kept = np.flatnonzero((held >= _RARE) & (held <= (_COMMON if many else 1.0) * table.shape[0]))
    if not len(kept):
        return dict.fromkeys(texts, ())
    table = table[:, kept]
    words = [words[place] for place in kept]
    groups = _groups(table, vectors(words)) if len(words) > 1 else np.zeros(1, int)
    told = {}
    for group in range(int(groups.max()) + 1):
        own = np.flatnonzero(groups == group)
        has = np.asarray(table[:, own].any(1))
        if _FEWEST <= has.sum() <= (_MOST if many else 1.0) * len(has) and (
            not many or kinds is None or _goes_with(has, [kinds.get(item, ()) for item in texts])
        ):
            told[nouns.labels[words[own[np.argmax(table[:, own].sum(0))]]]] = has
    names = sorted(told)
    return {item: tuple(name for name in names if told[name][row]) for row, item in enumerate(texts)}


def _table(found: Sequence[set[str]], words: Sequence[str]) -> np.ndarray:
    """Which text holds which word, (texts, words) of booleans."""
    place = {word: number for number, word in enumerate(words)}
    table = np.zeros((len(found), len(words)), bool)
    for row, own in enumerate(found):
        table[row, [place[word] for word in own if word in place]] = True
    return table


def _words_of(kinds: Mapping[str, Sequence[str]]) -> set[str]:
    """The words of all kinds' names, of one and of many."""
    words = {word for own in kinds.values() for kind in own for word in _WORD.findall(kind.lower())}
    return words | {f"{word}s" for word in words} | {f"{word[:-1]}ies" for word in words if word.endswith("y")}


def _groups(table: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """The number of each word's group, (words,): by meaning, and by the texts that it comes up in."""
    from sklearn.cluster import AgglomerativeClustering

    both = _unit(np.hstack([_unit(vectors - vectors.mean(0)), _TOGETHER * _unit(_together(table))])).round(4)
    clusters = AgglomerativeClustering(None, metric="cosine", linkage="complete", distance_threshold=_APART)
    found: np.ndarray = clusters.fit_predict(both + 1e-6)
    return found


def _together(table: np.ndarray) -> Floats:
    """Words (w, axes) by the words that they share texts with: the main axes of positive mutual information."""
    rows = sparse.csr_matrix(table, dtype=float)
    both = (rows.T @ rows).toarray()
    held = np.diag(both)
    information = np.log(np.maximum(both * table.shape[0], 1e-9) / np.outer(held, held))
    information = np.maximum(information, 0) * (both >= 3)
    np.fill_diagonal(information, 0)
    values, axes = np.linalg.eigh(information)
    main = np.argsort(-np.abs(values))[:_AXES]
    result: Floats = axes[:, main] * values[main]
    return result


def _unit(rows: np.ndarray) -> Floats:
    result: Floats = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)
    return result


def _goes_with(has: np.ndarray, kinds: Sequence[Sequence[str]]) -> bool:
    """Whether some kinds are more usual, or less, among the items that have a topic than chance makes them."""
    from scipy import stats  # slow to import, and it looks for torch

    names = sorted({kind for own in kinds for kind in own})
    if not names:
        return True
    table = np.asarray([[name in own for name in names] for own in kinds], float)
    expected, share = has.sum() * table.mean(0), table.mean(0)
    spread = expected * (1 - share) * (1 - has.mean())
    z = (table[has].sum(0) - expected) / np.sqrt(np.maximum(spread, 1e-9))
    return bool(stats.chi2.sf(float((z**2).sum()), len(names)) < _CHANCE)
