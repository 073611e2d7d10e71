"""Behavioural consistency (ELM, Section 3.2): does a user's text order what the user rated, and whose text does not?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from elm._errors import CallError
from elm.data import guard_disjoint
from elm.embeddings import VectorTable, fold_in
from elm.evaluation._candidates import Candidates, Draw, draw_candidates, graded_ndcg, rank_agreement
from elm.evaluation._frames import tidy, tidy_texts
from elm.evaluation._json import number
from elm.evaluation._ranker import Ranker, TrainedRanker
from elm.evaluation._texts import Describer, Encoder, Texts, partners, ratio_interval, texts_about, unit
from elm.metrics import paired_test, rank_between
from elm.tasks import TemplateTeacher, UserFacts

Floats = npt.NDArray[np.float64]

TEXTS = ("model", "teacher", "shuffled", "random", "nn")
"""Whose text the ranker reads: the model's; the teacher's; the model's of another held-out user; the teacher's of a
random training user; the teacher's of the training user whose vector is nearest by cosine."""


@dataclass(frozen=True)
class UserScores:
    """Scores of one user task, an entry a held-out user, by system.

    bc, ndcg: against held-out ratings, systems of `TEXTS` and "cf" (the collaborative model itself) and "popular".
    cf_bc, cf_ndcg: Spearman and NDCG against the collaborative model's predictions. NDCG's gain is a prediction minus
    the lowest among that user's candidates: never negative, and as far apart as the predictions are.
    zero_shot: bc by the zero-shot ranker, or empty.
    """

    task: str
    users: list[str]
    texts: dict[str, list[str]]
    bc: dict[str, Floats]
    ndcg: dict[str, Floats]
    cf_bc: dict[str, Floats]
    cf_ndcg: dict[str, Floats]
    zero_shot: dict[str, Floats] = field(default_factory=dict)
    seed: int = 0

    @property
    def rbc(self) -> float:
        """(BC - BC shuffled) / (BC teacher - BC shuffled), of the means; NaN where the teacher is not above."""
        return _between(self.bc)

    @property
    def rbc_interval(self) -> tuple[float, float]:
        """95 % bootstrap interval of `rbc` over users."""
        return ratio_interval(self.bc["model"], self.bc["shuffled"], self.bc["teacher"], self.seed)

    @property
    def p_value(self) -> float:
        """Paired t test over users: the model's text against that of another held-out user."""
        return paired_test(self.bc["model"], self.bc["shuffled"]).p_value

    def to_dict(self) -> dict[str, Any]:
        """Means and tests as plain numbers for JSON; None for what is not defined."""
        return {
            "n": len(self.users),
            **_named("bc", self.bc),
            "rbc": number(self.rbc),
            "rbc_interval": [number(end) for end in self.rbc_interval],
            "p_value": number(self.p_value),
            **_named("ndcg", self.ndcg),
            **_named("cf_bc", self.cf_bc),
            "cf_rbc": number(_between(self.cf_bc)),
            **_named("cf_ndcg", self.cf_ndcg),
            "zero_shot": _named("bc", self.zero_shot),
        }

    def frame(self) -> pd.DataFrame:
        """A row a value: section "profile"; measures "BC" and "NDCG" with the held-out ratings, "BC_predicted" and
        "NDCG_predicted" with the collaborative model's predictions, "BC_zero_shot" by the untrained ranker.
        """
        measures = {
            "BC": self.bc,
            "NDCG": self.ndcg,
            "BC_predicted": self.cf_bc,
            "NDCG_predicted": self.cf_ndcg,
            "BC_zero_shot": self.zero_shot,
        }
        return tidy("profile", self.task, self.users, measures)

    def texts_frame(self) -> pd.DataFrame:
        """A row a text: task, system, id, text."""
        return tidy_texts(self.task, self.users, self.texts)


def user_consistency(
    model: Describer | Texts,
    task: str,
    *,
    users: VectorTable,
    items: VectorTable,
    ratings: pd.DataFrame,
    inputs: pd.DataFrame,
    held: pd.DataFrame,
    facts: Mapping[str, UserFacts],
    encoder: Encoder,
    ranker: Ranker | None = None,
    zero_shot: Ranker | None = None,
    unrated: int = 100,
    draw: Draw = "popular",
    seed: int = 0,
) -> UserScores:
    """Score a user task on held-out users.

    Each held-out user's vector is folded in from `inputs`; the model writes its text; a language ranker orders by that
    text the user's `held` items together with `unrated` ones that count as 0 (see `draw_candidates`), and Spearman with
    the ratings is the score (NDCG beside it).

    Args:
        model: what writes, or given `Texts` about the held-out users; those who cannot be scored may have one, too.
        users, items: the collaborative tables of the training users (`elm.embeddings.wals`).
        ratings: training users' ratings (user, item, rating): the popularity of items.
        inputs, held: held-out users' ratings in two parts, such as `elm.data.split_ratings` gives at 80 %.
        facts: what the teacher knows of training users (from `ratings`) and of held-out users (from `inputs` alone).
        encoder: the sentence encoder that the trained ranker reads with.
        ranker: default: a `TrainedRanker` fitted on the training users' teacher texts of this task.
        zero_shot: a `ZeroShotRanker` to report beside it; None leaves it out.
        draw: "popular" or "uniform", how the unrated items are drawn.

    Held-out users without a held item or an input of the item table are left out. Raises `LeakageError` where a
    held-out user was trained on, `CallError` where facts of a user are missing.
    """
    everyone = inputs["user"].astype(str).unique().tolist()
    inputs = inputs[inputs["item"].isin(items.ids)]
    held = held[held["user"].isin(set(inputs["user"]))]
    guard_disjoint(users.ids, map(str, held["user"].unique()), "users")
    guard_disjoint(map(str, ratings["user"].unique()), map(str, held["user"].unique()), "users")
    popularity = np.asarray(ratings["item"].value_counts().reindex(items.ids).fillna(0), dtype=np.float64)
    candidates = draw_candidates(inputs, held, items, popularity, unrated, draw, seed)
    vectors = fold_in(items, inputs[inputs["user"].isin(candidates.users)], users=users).rows(candidates.users)

    trained_on = [user for user in users.ids if user in facts]
    missing = [user for user in candidates.users if user not in facts]
    if missing or not trained_on:
        raise CallError(
            f"the teacher needs facts of training users ({len(trained_on)} given) and of every held-out user "
            f"({len(missing)} missing); read them with elm.tasks.TraitReader"
        )
    teacher = TemplateTeacher(facts, seed)
    if ranker is None:
        lessons = [teacher.write(user, task) for user in trained_on]
        ranker = TrainedRanker.fit(encoder, lessons, users.rows(trained_on), items)
    ours = texts_about(model, vectors, task, candidates.users, seed, everyone)
    texts = _texts(ours, task, vectors, candidates.users, users.subset(trained_on), teacher, seed)
    return _score(task, texts, candidates, ranker, zero_shot, vectors @ items.vectors.T, popularity, seed)


def _texts(
    ours: list[str],
    task: str,
    vectors: npt.NDArray[np.float32],
    held_out: list[str],
    trained_on: VectorTable,
    teacher: TemplateTeacher,
    seed: int,
) -> dict[str, list[str]]:
    others = np.random.default_rng([seed, 1]).integers(len(trained_on), size=len(held_out))
    like = (unit(vectors) @ unit(trained_on.vectors).T).argmax(1)
    return {
        "model": ours,
        "teacher": [teacher.write(user, task) for user in held_out],
        "shuffled": [ours[row] for row in partners(len(ours), seed)],
        "random": [teacher.write(trained_on.ids[row], task) for row in others],
        "nn": [teacher.write(trained_on.ids[row], task) for row in like],
    }


def _score(
    task: str,
    texts: dict[str, list[str]],
    candidates: Candidates,
    ranker: Ranker,
    zero_shot: Ranker | None,
    predicted: npt.NDArray[np.float32],
    popularity: Floats,
    seed: int,
) -> UserScores:
    by_text = {name: candidates.picked(ranker.scores(found)) for name, found in texts.items()}
    lines = {"cf": candidates.picked(predicted), "popular": candidates.picked(popularity)}
    zero = {name: candidates.picked(zero_shot.scores(found)) for name, found in texts.items()} if zero_shot else {}
    others = {name: scores for name, scores in (by_text | lines).items() if name != "cf"}
    cf_gains = [row - row.min() for row in lines["cf"]]
    return UserScores(
        task=task,
        users=candidates.users,
        texts=texts,
        bc={name: rank_agreement(scores, candidates.gains) for name, scores in (by_text | lines).items()},
        ndcg={name: graded_ndcg(scores, candidates.gains) for name, scores in (by_text | lines).items()},
        cf_bc={name: rank_agreement(scores, lines["cf"]) for name, scores in others.items()},
        cf_ndcg={name: graded_ndcg(scores, cf_gains) for name, scores in others.items()},
        zero_shot={name: rank_agreement(scores, candidates.gains) for name, scores in zero.items()},
        seed=seed,
    )


def _between(values: dict[str, Floats]) -> float:
    return float(rank_between(*(values[name].mean() for name in ("model", "shuffled", "teacher"))))


def _named(prefix: str, values: dict[str, Floats]) -> dict[str, float | None]:
    """Means under the names of the report: the model's own is the bare prefix."""
    return {prefix if n == "model" else f"{prefix}_{n}": number(v.mean()) for n, v in values.items()}
