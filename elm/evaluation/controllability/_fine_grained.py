"""Fine-grained control: one sentence about an item is put into the profile, and the item should rise
(TEARS, Section 6.2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from elm._errors import CallError
from elm._typing import Floats, Integers
from elm.evaluation.controllability._large_scope import ALPHAS, chosen, rows
from elm.recommend import Editor, HeldOut, Scorer

Ints = Integers

BETWEEN = (100, 500)
"""The ranks of a target in the paper."""

_WORDS = 5


def ranks(scores: npt.NDArray[np.floating], items: npt.ArrayLike) -> Ints:
    """The place of one item a user in that user's ranking, (n,) from 1 on; of ties the lower index comes first.

    >>> ranks(np.array([[0.1, 0.9, 0.9], [3.0, 2.0, 1.0]]), [2, 0])
    array([2, 1])
    """
    columns = np.asarray(items, dtype=np.int64)
    own = scores[np.arange(len(scores)), columns][:, None]
    before = (scores == own) & (np.arange(scores.shape[1]) < columns[:, None])
    result: Integers = ((scores > own).sum(axis=1) + before.sum(axis=1) + 1).astype(np.int64)
    return result


def check_range(between: tuple[int, int], items: int) -> None:
    """Raise `CallError` unless these are ranks in a catalogue of so many items, the lower first."""
    if not 1 <= between[0] <= min(between[1], items):
        raise CallError(
            f"ranks of a target lie between 1 and {items}, the lower first, got {between[0]} to {between[1]}"
        )


def draw_targets(
    recommenders: Sequence[Scorer],
    held_out: HeldOut,
    item_words: Sequence[Sequence[str]],
    alphas: Sequence[float] = ALPHAS,
    between: tuple[int, int] = BETWEEN,
    seed: int = 0,
) -> Ints:
    """One target item a user, (n,): drawn among the user's targets that have words and rank within `between`, both ends
    included, for every recommender at every alpha. -1 where a user has none.

    Raises `CallError` for a range that does not fit the catalogue, and where words or texts are missing.
    """
    if not recommenders or not alphas:
        raise CallError(f"targets need a recommender and an alpha, got {len(recommenders)} and {len(alphas)}")
    items, (low, high) = len(recommenders[0].items), between
    check_range(between, items)
    if len(item_words) != items:
        raise CallError(f"item_words must hold {items} entries, one per item, got {len(item_words)}")
    fits = held_out.targets.toarray() > 0
    fits &= np.array([bool(words) for words in item_words])
    for recommender in recommenders:
        for alpha in alphas:
            scores = recommender.scores(held_out.inputs, _texts(held_out), alpha)
            places = np.argsort(np.argsort(-scores, axis=1, kind="stable"), axis=1, kind="stable") + 1
            fits &= (places >= low) & (places <= high)
    rng = np.random.default_rng(seed)
    return np.array([rng.choice(np.flatnonzero(row)) if row.any() else -1 for row in fits], dtype=np.int64)


@dataclass(frozen=True)
class FineGrained:
    """Ranks around the edits. users: (m,) rows of the users; targets: (m,) their items; before: (alphas, m) ranks;
    after: (alphas, m, edits). no_target and no_edit count users who are left out."""

    alphas: tuple[float, ...]
    users: Ints
    targets: Ints
    before: Ints
    after: Ints
    no_target: int
    no_edit: int

    @property
    def gain(self) -> Floats:
        """Places won, the median over a user's edits, (alphas, m); a loss is negative."""
        gains: Floats = np.median(self.before[..., None] - self.after, axis=-1)
        return gains

    def summary(self) -> pd.DataFrame:
        """A row per alpha. `gain`: mean places won, with its standard error `gain_se`; `share`: of users whose median
        gain is above 0, `share_edits`: of single edits; `users`, `no_target`, `no_edit`."""
        gain, m = self.gain, len(self.users)
        spread = gain.std(axis=1, ddof=1) if m > 1 else np.full(len(self.alphas), np.nan)
        return pd.DataFrame(
            {
                "alpha": self.alphas,
                "gain": gain.mean(axis=1),
                "gain_se": spread / np.sqrt(m),
                "share": (gain > 0).mean(axis=1),
                "share_edits": (self.after < self.before[..., None]).mean(axis=(1, 2)),
                "users": m,
                "no_target": self.no_target,
                "no_edit": self.no_edit,
            }
        )


def fine_grained(
    recommender: Scorer,
    held_out: HeldOut,
    targets: npt.ArrayLike,
    item_words: Sequence[Sequence[str]],
    editor: Editor,
    alphas: Sequence[float] = ALPHAS,
    edits: int = 3,
) -> FineGrained:
    """Replace a sentence of each profile by one that names words of the user's target, `edits` times in other ways.

    targets: (n,) from `draw_targets`, -1 for users who are left out. item_words: themes or moods of each item, the most
    telling first; five at most are used. Raises `CallError` where no user is left, and what `scores` raises.
    """
    texts, wanted = _texts(held_out), np.asarray(targets, dtype=np.int64)
    if wanted.shape != (len(texts),):
        raise CallError(f"one target per user, -1 for none: {len(texts)} users, targets of shape {wanted.shape}")
    if edits < 1:
        raise CallError(f"at least one edit a user is needed, got {edits}")
    users, edited = [], []
    for user in np.flatnonzero(wanted >= 0).tolist():
        words = list(item_words[wanted[user]])[:_WORDS]
        found = [editor.insert(texts[user], words, number) for number in range(edits)]
        if all(text is not None for text in found):
            users.append(user)
            edited.append(found)
    if not users:
        raise CallError("no user has a target in the range and a profile to edit; widen the range of ranks")
    kept, items = np.array(users, dtype=np.int64), wanted[users]
    histories, before, after = rows(held_out.inputs, kept), [], []
    for alpha in alphas:
        before.append(ranks(recommender.scores(histories, chosen(texts, kept), alpha), items))
        lists = [[found[number] for found in edited] for number in range(edits)]
        after.append(np.stack([ranks(recommender.scores(histories, one, alpha), items) for one in lists], axis=-1))
    return FineGrained(
        tuple(alphas),
        kept,
        items,
        np.stack(before),
        np.stack(after),
        no_target=int((wanted < 0).sum()),
        no_edit=int((wanted >= 0).sum()) - len(users),
    )


def _texts(held_out: HeldOut) -> list[str]:
    if held_out.profiles is None:
        raise CallError("fine-grained control needs one text per user, and these users have none")
    return list(held_out.profiles)
