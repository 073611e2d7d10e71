"""Groups of vectors in words: what the members of each share, and what sets them apart from all others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from elm._errors import CallError, VectorError
from elm._typing import Array, Flags
from elm.embeddings import EmbeddingSpace, VectorTable, centroid, nearest
from elm.model._language_model import EmbeddingLanguageModel
from elm.tasks import Task

_COMPARING = {"difference": True, "diff_than_nn": False}
"""Tasks that tell two vectors apart, in the order of preference, and whether the group is the second of the two."""

_WORDS, _MORE = 5, 1.5  # key words of a group at most, and how many times as frequent as elsewhere they are


@dataclass(frozen=True)
class GroupOptions:
    """How groups are described.

    apart: the task over two vectors, the group's centroid and that of all others, whose text says what sets a group
    apart; None: the first of "difference" and "diff_than_nn" that the model learned. texts: id -> the member's text or
    texts, whose contrasting key words take that place where the model learned none. members: how many ids of nearest
    members. Other options of `describe` go into `reading`.
    """

    apart: str | Task | None = None
    texts: Mapping[str, str | Sequence[str]] | None = None
    members: int = 5
    reading: Mapping[str, Any] | None = None

    def __post_init__(self) -> None:
        if self.members < 1:
            raise CallError(f"a group shows at least one of its members, got members={self.members}")


def describe_groups(
    model: EmbeddingLanguageModel,
    table: VectorTable,
    labels: Sequence[Any],
    task: str | Task = "summary",
    options: GroupOptions | None = None,
) -> pd.DataFrame:
    """One row per group, the largest first: label, size, text (the task's about the centroid), apart (what sets it
    apart from all other groups), nearest (ids of the members nearest to the centroid).

    labels: one per row of the table; -1, None and NaN are of no group (the noise of HDBSCAN), left out and counted in
    `frame.attrs["left_out"]`. apart is None where the model learned no task that compares two vectors and no texts are
    given. A centroid lies nearer to the middle of the space than any member, and the text says what is common to many
    of them, or what such a vector would mean: it is not a summary of their texts.

    Raises `CallError` where labels and rows do not pair up or make fewer than two groups, `VectorError` for a group
    whose vectors cancel out; errors and warnings of `describe`.
    """
    options = options or GroupOptions()
    rows, names = grouped(labels, len(table))
    reading = dict(options.reading or {})
    centres = [_centre(table, rows == number, names[number]) for number in range(len(names))]
    texts: Any = model.describe(_as_table(names, centres, table.space), task, **reading)
    return pd.DataFrame(
        {
            "label": names,
            "size": [int((rows == number).sum()) for number in range(len(names))],
            "text": texts,
            "apart": _apart(model, table, rows, centres, options, reading),
            "nearest": [
                nearest(table.subset(_ids(table, rows == number)), centre, _most(rows == number, options.members))[0][0]
                for number, centre in enumerate(centres)
            ],
        }
    ).pipe(_counting, int((rows < 0).sum()))


def grouped(labels: Sequence[Any], count: int) -> tuple[np.ndarray, list[Any]]:
    """(the group's number of each row (n,), -1 for none; the groups' labels, the largest group first)."""
    found = pd.Series(list(labels), dtype=object)
    if len(found) != count:
        raise CallError(f"every row of the table has a label, and there are {count} rows and {len(found)} labels")
    none = found.isna()
    none |= found.map(lambda label: not isinstance(label, bool) and label in (-1, "-1", ""), na_action="ignore").eq(
        True
    )
    sizes = found[~none].map(_plain).value_counts(sort=False)
    names = sorted(sizes.index, key=lambda name: -sizes[name])  # of one size as they come
    if len(names) < 2:
        raise CallError(
            f"a group is compared with others, so two are needed, got {len(names)} and {int(none.sum())} rows of none"
        )
    number = {name: position for position, name in enumerate(names)}
    return np.array([-1 if out else number[_plain(label)] for label, out in zip(found, none, strict=True)]), names


def _plain(label: Any) -> Any:
    """A label as Python has it: 2.0 is 2, as a column with gaps holds it."""
    label = label.item() if isinstance(label, np.generic) else label
    return int(label) if isinstance(label, float) and label.is_integer() else label


def _counting(frame: pd.DataFrame, left_out: int) -> pd.DataFrame:
    frame.attrs["left_out"] = left_out
    return frame


def _ids(table: VectorTable, chosen: Flags) -> list[str]:
    return [table.ids[row] for row in np.flatnonzero(chosen)]


def _most(chosen: Flags, members: int) -> int:
    return min(members, int(chosen.sum()))


def _centre(table: VectorTable, chosen: Flags, name: Any) -> Array:
    try:
        found = centroid(table.vectors[chosen], space=table.space)
    except VectorError as error:
        raise VectorError(f"group {name!r} has no centroid: {error}") from error
    if not found.any():
        raise VectorError(f"group {name!r} has no centroid with a direction: its vectors cancel out")
    return found


def _as_table(names: Sequence[Any], centres: Sequence[Array], space: EmbeddingSpace) -> VectorTable:
    """Centroids as a table, by which the adapter of their space is found."""
    return VectorTable([str(number) for number in range(len(names))], np.stack(centres), space)


def _apart(
    model: EmbeddingLanguageModel,
    table: VectorTable,
    rows: np.ndarray,
    centres: Sequence[Array],
    options: GroupOptions,
    reading: dict[str, Any],
) -> list[str | None]:
    """What sets each group apart from all others."""
    task = options.apart if options.apart is not None else _comparing(model, table.space)
    if task is not None:
        told = model.task(task)
        if len(told.marks) != 2:
            raise CallError(f"what sets groups apart is told by a task over two vectors, and {told.id!r} reads one")
        others = [_centre(table, (rows >= 0) & (rows != number), "all others") for number in range(len(centres))]
        pair = tuple(_as_table(centres, side, table.space) for side in (centres, others))
        texts: Any = model.describe(pair[::-1] if _COMPARING.get(told.id) else pair, told, **reading)
        return list(texts)
    if options.texts is None:
        return [None] * len(centres)
    known = [_joined(options.texts.get(id, "")) for id in table.ids]
    return [", ".join(words) for words in key_words(known, rows, len(centres))]


def _comparing(model: EmbeddingLanguageModel, space: EmbeddingSpace) -> str | None:
    learned = {name for of in model.adapters for name in _tasks_for(model, of, space)}
    return next((name for name in _COMPARING if name in learned), None)


def _tasks_for(model: EmbeddingLanguageModel, of: str, space: EmbeddingSpace) -> tuple[str, ...]:
    config = model.adapter(of).config
    return config.tasks if config.reads(space) else ()


def _joined(texts: str | Sequence[str]) -> str:
    return texts if isinstance(texts, str) else " ".join(texts)


def key_words(texts: Sequence[str], rows: np.ndarray, groups: int) -> list[list[str]]:
    """The words (at most five per group) that far more of a group's texts hold than of all others: by the share of
    texts times the logarithm of the ratio of the two shares, each counted half a text up.

    >>> key_words(["old ship", "a ship", "the sea", "sad song", "song"], np.array([0, 0, 0, 1, 1]), 2)
    [['ship'], ['song']]
    """
    from sklearn.feature_extraction.text import CountVectorizer

    counter = CountVectorizer(stop_words="english", binary=True)
    try:
        held = counter.fit_transform(texts)
    except ValueError:  # texts without words
        return [[] for _ in range(groups)]
    words, found = counter.get_feature_names_out(), []
    for number in range(groups):
        inside, outside = np.flatnonzero(rows == number), np.flatnonzero((rows >= 0) & (rows != number))
        counts = [np.asarray(held[part].sum(axis=0)).ravel() for part in (inside, outside)]
        shares = [(count + 0.5) / (len(part) + 1) for count, part in zip(counts, (inside, outside), strict=True)]
        score = shares[0] * np.log(shares[0] / shares[1])
        tells = (counts[0] > 1) & (shares[0] > _MORE * shares[1])
        found.append([str(words[row]) for row in np.argsort(-score, kind="stable") if tells[row]][:_WORDS])
    return found
