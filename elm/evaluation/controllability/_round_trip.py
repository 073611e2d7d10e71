"""From profile to recommendation: do profiles that a model wrote recommend, and does an edit of them move the list?"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy import sparse

from elm._errors import CallError
from elm._typing import Floats, Integers
from elm.evaluation._json import number
from elm.metrics import cosine, paired_test, partners, rank_between, ratio_interval
from elm.recommend import (
    EditEffect,
    EditOptions,
    Popularity,
    Recommender,
    edit_genres,
    evaluate_edit,
    evaluate_profiles,
    genre_preferences,
    ndcg_at,
)


@dataclass(frozen=True)
class LoopScores:
    """NDCG@k of held-out users, (n,) a system: "elm", "teacher", "shuffled", "history", "popular".

    users: (n,) which rows of the input they are: those with something left to recommend. cosine: (n,) for each kind of
    profile: of the latent that its text gives and the one that the history gives.
    """

    ndcg: dict[str, Floats]
    users: Integers
    alpha: float
    k: int
    cosine: dict[str, Floats] = field(default_factory=dict)
    seed: int = 0

    def survives(self, profiles: str) -> tuple[float, float, float]:
        """How much of the history's NDCG is left when the user is described in words: a ratio of means, and its 95 %
        bootstrap interval over users. "shuffled" shows what any profile would keep.
        """
        words, nothing, whole = self.ndcg[profiles], np.zeros(len(self.users)), self.ndcg["history"]
        ratio = float(rank_between(words.mean(), 0.0, whole.mean()))
        return (ratio, *ratio_interval(words, nothing, whole, self.seed))

    def to_dict(self) -> dict[str, Any]:
        """Means as plain numbers; p_value: paired t test of "elm" against "shuffled"; survives_*: `survives`."""
        means = {f"ndcg_{name}": number(values.mean()) for name, values in self.ndcg.items()}
        trips = {f"cosine_{name}": number(values.mean()) for name, values in self.cosine.items()}
        for name in self.cosine:
            ratio, *interval = map(number, self.survives(name))
            trips |= {f"survives_{name}": ratio, f"survives_{name}_interval": interval}  # type: ignore[dict-item]
        p_value = paired_test(self.ndcg["elm"], self.ndcg["shuffled"]).p_value
        return {"n": len(self.users), "k": self.k, "alpha": self.alpha, **means, "p_value": number(p_value), **trips}


@dataclass(frozen=True)
class ListSettings:
    """How lists are made and measured. alpha: weight of the text; 1 is text only. k: how many items of a list count."""

    alpha: float = 1.0
    k: int = 20


def loop_scores(
    recommender: Recommender,
    histories: sparse.csr_matrix,
    targets: sparse.csr_matrix,
    elm_profiles: Sequence[str],
    teacher_profiles: Sequence[str],
    popularity: Popularity,
    lists: ListSettings | None = None,
    seed: int = 0,
) -> LoopScores:
    """Compare what profiles recommend to held-out users.

    Args:
        histories, targets: (n, items) what is known of each user (masked in every list), and what should rank high
            (`elm.recommend.fold_in`).
        elm_profiles, teacher_profiles: n texts each, written from the same histories.
        popularity: fitted on training users.
        lists: of "elm", "teacher" and "shuffled" (another user's ELM profile).

    The round trip of a user, from the history's latent into words and back, is scored beside it: the cosine of both
    latents, and the share of the history's NDCG that the words keep.

    Users without a target are left out; `CallError` where fewer than two are left or numbers differ.
    """
    lists = lists or ListSettings()
    alpha, k = lists.alpha, lists.k
    if not histories.shape[0] == targets.shape[0] == len(elm_profiles) == len(teacher_profiles):
        raise CallError(
            f"one history, target row and pair of profiles per user: got {histories.shape[0]}, {targets.shape[0]}, "
            f"{len(elm_profiles)} and {len(teacher_profiles)}"
        )
    users: list[int] = np.flatnonzero(np.diff(sparse.csr_matrix(targets).indptr) > 0).tolist()
    if len(users) < 2:
        raise CallError(f"the loop needs at least two users with something left to recommend, got {len(users)}")
    seen, wanted = sparse.csr_matrix(histories)[users], sparse.csr_matrix(targets)[users]
    ours = [elm_profiles[user] for user in users]
    profiles = {
        "elm": ours,
        "teacher": [teacher_profiles[user] for user in users],
        "shuffled": [ours[row] for row in partners(len(users), seed)],
    }
    values = {n: evaluate_profiles(recommender, seen, texts, wanted, alpha, k) for n, texts in profiles.items()}
    values["history"] = evaluate_profiles(recommender, seen, None, wanted, 0.0, k)
    values["popular"] = ndcg_at(popularity.scores(seen), wanted, k)
    start = recommender.latents(seen, None, 0.0)
    trips = {name: cosine(recommender.latents(None, texts, 1.0), start) for name, texts in profiles.items()}
    return LoopScores(values, np.array(users), alpha, k, trips, seed)


@dataclass(frozen=True)
class EditScores:
    """The edit "favourite genre out, least favourite in": genre-wise NDCG@k around it, see `EditEffect`.

    users: (n,) rows of the input whose profile names two genres; favourite, least: their genres.
    """

    effect: EditEffect
    users: Integers
    favourite: list[str]
    least: list[str]
    k: int

    def to_dict(self) -> dict[str, Any]:
        """Means over users of the new genre's NDCG at the largest alpha, and the same for every alpha."""
        effect = self.effect
        names = ("least_before", "least_after", "favourite_before", "favourite_after")
        rows = [
            {"alpha": alpha, **{name: number(getattr(effect, name)[row].mean()) for name in names}}
            for row, alpha in enumerate(effect.alphas)
        ]
        last = int(np.argmax(effect.alphas))
        before, after = effect.least_before[last], effect.least_after[last]
        return {
            "n": len(self.users),
            "k": self.k,
            "alpha": effect.alphas[last],
            "ndcg_genre_before": number(before.mean()),
            "ndcg_genre_after": number(after.mean()),
            "p_value": number(paired_test(after, before).p_value),
            "by_alpha": rows,
        }


def edit_scores(
    recommender: Recommender,
    profiles: Sequence[str],
    histories: sparse.csr_matrix,
    item_genres: Sequence[Collection[str]],
    alphas: Sequence[float] = (0.0, 0.25, 0.5, 0.75, 1.0),
    k: int = 20,
) -> EditScores:
    """Swap each user's favourite and least favourite genre in the profile, and measure the lists before and after.

    profiles: n texts; histories: (n, items) raw ratings, from which the preferences are read; item_genres: the genres
    of each item, in the recommender's order. Of the genres that a profile names, the best and the worst liked change
    places; users whose profile names fewer than two are left out (`CallError` where fewer than two users are left).
    """
    if len(profiles) != histories.shape[0]:
        raise CallError(f"one profile per user: {histories.shape[0]} histories, {len(profiles)} profiles")
    table = genre_preferences(histories, item_genres)
    genres = [str(genre) for genre in table.columns]
    preferences = [dict(zip(genres, row, strict=True)) for row in table.to_numpy(np.float64).tolist()]
    pairs = [edit_genres(text, liked) for text, liked in zip(profiles, preferences, strict=True)]
    users = np.array([row for row, pair in enumerate(pairs) if pair is not None], dtype=np.int64)
    if len(users) < 2:
        raise CallError(f"the edit needs two users or more whose profile names two genres, got {len(users)}")
    favourite, least = (list(side) for side in zip(*(pair for pair in pairs if pair is not None), strict=True))
    texts = [profiles[user] for user in users]
    seen = sparse.csr_matrix(histories)[users]
    effect = evaluate_edit(recommender, texts, seen, favourite, least, item_genres, alphas, EditOptions(k))
    return EditScores(effect, users, favourite, least, k)
