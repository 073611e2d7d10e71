"""Large-scope control: a profile's favourite and least favourite genre change places, and the list should follow
(TEARS, Sections 6.1 and, for shares of genres in place of texts, Appendix I)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse

from elm._errors import CallError
from elm._typing import Floats, Integers
from elm.recommend import EditEffect, EditOptions, Editor, HeldOut, Scorer, all_on, evaluate_edit, flip_shares, ndcg_at

ALPHAS = (0.0, 0.25, 0.5, 0.75, 1.0)


def largest_genres(item_genres: Sequence[Collection[str]], count: int = 10) -> list[str]:
    """The genres with the most items, the largest first; ties by name.

    >>> largest_genres([["War"], ["Drama", "War"], ["Comedy"]], count=2)
    ['War', 'Comedy']
    """
    if count < 1:
        raise CallError(f"at least one genre is needed, got {count}")
    found = Counter(genre for genres in item_genres for genre in set(genres))
    return sorted(found, key=lambda genre: (-found[genre], genre))[:count]


def check_genres(genres: Sequence[str]) -> None:
    """Raise `CallError` unless there are two genres that can change places."""
    if len(genres) < 2:
        raise CallError(
            f"control exchanges two genres of a profile, and the items have {len(genres) or 'none'}"
            f"{f' ({genres[0]})' if genres else ''}; give the data set's items genres"
        )


@dataclass(frozen=True)
class Flips:
    """Whose profile was flipped, and to what. users: (m,) rows of the profiles; edited: m profiles after the flip."""

    users: Integers
    favourite: list[str]
    least: list[str]
    edited: Sequence[str] | npt.NDArray[np.floating]

    def on_shares(self, shares: npt.NDArray[np.floating], genres: Sequence[str], bound: bool = False) -> Flips:
        """The same flips on GERS' profiles: shares of `genres`, (n, genres), of all users, flipped or not.

        bound: the upper bound of Table 7, in which all shares go to the least favourite genre.
        """
        column = {genre: place for place, genre in enumerate(genres)}
        if missing := sorted({*self.favourite, *self.least} - column.keys()):
            raise CallError(f"shares need a column for every genre that is flipped, and {missing[0]!r} has none")
        one, two = ([column[genre] for genre in side] for side in (self.favourite, self.least))
        chosen = np.asarray(shares)[self.users]
        return replace(self, edited=all_on(chosen, two) if bound else flip_shares(chosen, one, two))


def draw_flips(editor: Editor, profiles: Sequence[str], genres: Sequence[str]) -> Flips:
    """Let an editor find each profile's favourite and least favourite of `genres`, and flip the profile.

    Users for whom it finds no such pair or no edit are left out; `CallError` where that is everybody, and for fewer
    than two genres.
    """
    check_genres(genres)
    users, pairs, edited = [], [], []
    for user, profile in enumerate(profiles):
        pair = editor.favourites(profile, genres)
        text = None if pair is None else editor.flip(profile, *pair)
        if pair is not None and text is not None:
            users.append(user)
            pairs.append(pair)
            edited.append(text)
    if not users:
        raise CallError(
            f"a flip needs a profile that speaks for one genre and against another ({', '.join(genres)}), and of "
            f"{len(profiles)} profiles none does; write profiles that name genres on both sides"
        )
    favourite, least = (list(side) for side in zip(*pairs, strict=True))
    return Flips(np.array(users, dtype=np.int64), favourite, least, edited)


@dataclass(frozen=True)
class LargeScope:
    """What flips did at each alpha. effect: (alphas, m flipped users); ndcg: (alphas, n users) of the texts before."""

    flips: Flips
    effect: EditEffect
    ndcg: Floats
    k: int

    def summary(self) -> pd.DataFrame:
        """A row per alpha. `rise`: mean of after - before of the new favourite; `fall`: mean of before - after of the
        old one, so that a change in the wrong direction counts against; `rise_share`, `fall_share`: of users moved the
        right way, both over the `users` who were flipped (`left_out`: who were not); `ndcg`: of the unedited texts,
        over `ndcg_users`, all who have a target."""
        effect = self.effect
        return pd.DataFrame(
            {
                "alpha": effect.alphas,
                "rise": effect.rise.mean(axis=1),
                "rise_share": (effect.rise > 0).mean(axis=1),
                "fall": effect.fall.mean(axis=1),
                "fall_share": (effect.fall > 0).mean(axis=1),
                "ndcg": np.nanmean(self.ndcg, axis=1),
                "users": len(self.flips.users),
                "ndcg_users": (~np.isnan(self.ndcg)).sum(axis=1),
                "left_out": self.ndcg.shape[1] - len(self.flips.users),
            }
        )


def large_scope(
    recommender: Scorer,
    held_out: HeldOut,
    flips: Flips,
    item_genres: Sequence[Collection[str]],
    alphas: Sequence[float] = ALPHAS,
    k: int = 20,
    profiles: Sequence[str] | npt.NDArray[np.floating] | None = None,
) -> LargeScope:
    """Genre-wise NDCG@k of the new and the old favourite around the flips, and NDCG@k of everybody's unedited profile.

    profiles: what the recommender reads of all users; by default the texts of `held_out`, for GERS shares of genres.
    item_genres: in the recommender's order.

    Raises `CallError` for profiles that do not match the users, `UnknownNameError` for a genre that no item has.
    """
    read = held_out.profiles if profiles is None else profiles
    n = held_out.inputs.shape[0]
    if read is None or len(read) != n:
        raise CallError(f"control needs one profile per user: {n} users, {0 if read is None else len(read)} profiles")
    if held_out.targets.nnz == 0:
        raise CallError("no user has a target, so that the unedited texts cannot be scored")
    rest = np.setdiff1d(np.arange(n), flips.users)
    effect = evaluate_edit(
        recommender,
        chosen(read, flips.users),
        rows(held_out.inputs, flips.users),
        flips.favourite,
        flips.least,
        item_genres,
        alphas,
        EditOptions(k, flips.edited, rows(held_out.targets, flips.users)),
    )
    ndcg = np.full((len(effect.alphas), n), np.nan)
    ndcg[:, flips.users] = effect.ndcg
    for row, alpha in enumerate(effect.alphas if len(rest) else ()):
        scores = recommender.scores(rows(held_out.inputs, rest), chosen(read, rest), alpha)
        ndcg[row, rest] = ndcg_at(scores, rows(held_out.targets, rest), k)
    return LargeScope(flips, effect, ndcg, k)


def chosen(profiles: Sequence[str] | npt.NDArray[np.floating], users: Integers) -> list[str] | npt.NDArray[np.floating]:
    """The profiles of some users."""
    return profiles[users] if isinstance(profiles, np.ndarray) else [profiles[user] for user in users.tolist()]


def rows(matrix: sparse.csr_matrix, users: Integers) -> sparse.csr_matrix:
    """The rows of some users."""
    return sparse.csr_matrix(sparse.csr_matrix(matrix)[users])
