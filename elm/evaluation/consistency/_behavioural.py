"""Behavioural consistency (ELM, Section 3.2): does a user's text order what the user rated, and whose text does not?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from elm._errors import CallError
from elm._typing import Array, Floats
from elm.data import ids_of
from elm.embeddings import VectorTable, fold_in, unit
from elm.evaluation._protocols import GIVEN, UNASKED, Describer, Encoder, Texts, texts_about, written
from elm.evaluation.consistency._held_out import ControlOptions, HeldOutUsers, RankOptions
from elm.evaluation.consistency._shortcuts import Finding, fraud_signs
from elm.evaluation.consistency._user_scores import OTHER_DRAW, Systems, UserScores
from elm.evaluation.controls._user_probe import TraitProbe
from elm.evaluation.rankers._candidates import (
    Candidates,
    Draw,
    draw_candidates,
    graded_ndcg,
    picked_in_blocks,
    rank_agreement,
)
from elm.evaluation.rankers._projection import TextProjection
from elm.evaluation.rankers._rankers import Ranker, TrainedRanker, scored
from elm.metrics import cosine, partners
from elm.tasks import Task, TemplateTeacher, UserFacts
from elm.tasks import get as get_task


def user_consistency(
    model: Describer | Texts,
    task: str,
    held_out: HeldOutUsers,
    encoder: Encoder,
    ranking: RankOptions | None = None,
    controls: ControlOptions | None = None,
    seed: int = 0,
) -> UserScores:
    """Score a user task on held-out users.

    Each held-out user's vector is folded in from the `inputs`; the model writes its text; a language ranker orders by
    that text the user's `held` items together with unrated ones that count as 0 (see `draw_candidates`), and Spearman
    with the ratings is the score (NDCG beside it). Semantic consistency is scored beside it, through a `TextProjection`
    from the training users' teacher texts to their vectors.

    Args:
        model: what writes, or given `Texts` about the held-out users; those who cannot be scored may have one, too.
        encoder: the sentence encoder that the trained ranker reads with.

    Held-out users without a held item or an input of the item table are left out. Raises `CallError` where facts of a
    user are missing, for given texts that lack a user, and where a ranker gives NaN; `UnknownNameError` for a given
    text about somebody else.
    """
    ranking, controls = ranking or RankOptions(), controls or ControlOptions()
    users, items, facts, untrained = held_out.known.users, held_out.known.items, held_out.facts, controls.untrained
    everyone = list(dict.fromkeys(ids_of(held_out.inputs["user"].unique(), "user")))
    inputs = held_out.inputs[held_out.inputs["item"].isin(items.ids)]
    held = held_out.held[held_out.held["user"].isin(set(inputs["user"]))]
    popularity = np.asarray(
        held_out.known.ratings["item"].value_counts().reindex(items.ids).fillna(0), dtype=np.float64
    )
    draw, ranker = ranking.draw, ranking.ranker
    drawn: list[Draw] = [draw, OTHER_DRAW[draw]] if draw in OTHER_DRAW else [draw]
    sets = [draw_candidates(inputs, held, items, popularity, ranking.unrated, one, seed) for one in drawn]
    asked = sets[0].users
    vectors = fold_in(items, inputs[inputs["user"].isin(asked)], users=users).rows(asked)

    known = users.subset([user for user in users.ids if user in facts])
    missing = [user for user in asked if user not in facts]
    if missing or not len(known):
        raise CallError(
            f"the teacher needs facts of training users ({len(known)} given) and of every held-out user "
            f"({len(missing)} missing); read them with elm.tasks.TraitReader"
        )
    teacher = TemplateTeacher(facts, seed)
    texts = _controls(task, vectors, asked, known, teacher, seed)
    texts["model"] = texts_about(model, vectors, task, asked, seed, everyone)
    texts["shuffled"] = [texts["model"][row] for row in partners(len(asked), seed)]
    if untrained is not None:
        texts["untrained"] = written(untrained, vectors[: controls.first], task, seed)
    if controls.probe:
        texts["probe"] = _probed(task, vectors, asked, known, facts, seed)

    projection = ranker.projection if isinstance(ranker, TrainedRanker) else None
    if projection is None:
        lessons = [teacher.write(user, task) for user in known.ids]
        projection = TextProjection.of_profiles(encoder, lessons, known.vectors)
    judge = ranker or TrainedRanker(projection, items)
    scores = _judged(task, texts, sets, vectors, items, popularity, judge, ranking.rankers)
    known_task = get_task(task, facts[asked[0]].domain)
    return replace(
        scores,
        seed=seed,
        draw=draw,
        sc={name: cosine(projection.encode(some), vectors[: len(some)]) for name, some in texts.items()},
        findings=_findings(known_task, texts, asked, known.ids, scores.bc, projection, seed),
        left_out={} if untrained is not None else {"untrained": GIVEN if isinstance(model, Mapping) else UNASKED},
        trained=len(set(asked) & set(users.ids)),
    )


def _judged(
    task: str,
    texts: dict[str, list[str]],
    sets: Sequence[Candidates],
    vectors: Array,
    items: VectorTable,
    popularity: Floats,
    ranker: Ranker,
    rankers: Mapping[str, Ranker],
) -> UserScores:
    """Every system's order against ratings and against predictions, in both sets of candidates."""
    orders = _ordered(ranker, texts, sets, len(items))
    lines = picked_in_blocks(lambda some: vectors[some] @ items.vectors.T, sets, len(vectors))
    for by_system, line, one in zip(orders, lines, sets, strict=True):
        by_system |= {"cf": line, "popular": one.picked(popularity)}
    predicted, unlike = lines[0], {name: found for name, found in orders[0].items() if name != "cf"}
    gains = [row - row.min() for row in predicted]
    return UserScores(
        task=task,
        users=sets[0].users,
        texts=texts,
        bc=_agreement(orders[0], sets[0]),
        ndcg={name: graded_ndcg(found, sets[0].gains) for name, found in orders[0].items()},
        cf_bc={name: rank_agreement(found, predicted) for name, found in unlike.items()},
        cf_ndcg={name: graded_ndcg(found, gains) for name, found in unlike.items()},
        other_bc=_agreement(orders[1], sets[1]),
        other_ndcg={name: graded_ndcg(found, sets[1].gains) for name, found in orders[1].items()},
        rankers={
            name: _agreement(_ordered(one, texts, sets[:1], len(items))[0], sets[0]) for name, one in rankers.items()
        },
    )


def _controls(
    task: str, vectors: Array, asked: list[str], known: VectorTable, teacher: TemplateTeacher, seed: int
) -> dict[str, list[str]]:
    """What is written without the model: the teacher's texts about the users, other ones, and training users.

    A training user who is asked about stands for nobody else: never as the nearest, nor at random.
    """
    like = unit(vectors) @ unit(known.vectors).T
    others = np.random.default_rng([seed, 1]).integers(len(known), size=len(asked))
    place = {user: row for row, user in enumerate(known.ids)}
    for row, user in enumerate(asked):
        if user in place:
            like[row, place[user]] = -np.inf
            others[row] = (others[row] + int(others[row] == place[user])) % len(known)
    return {
        "teacher": [teacher.write(user, task) for user in asked],
        "teacher_shuffled": [teacher.write(asked[row], task) for row in partners(len(asked), seed)],
        "random": [teacher.write(known.ids[row], task) for row in others],
        "nn": [teacher.write(known.ids[row], task) for row in like.argmax(1)],
    }


def _probed(
    task: str, vectors: Array, asked: list[str], known: VectorTable, facts: Mapping[str, UserFacts], seed: int
) -> list[str]:
    read = TraitProbe.fit(known.vectors, [facts[user] for user in known.ids]).read(vectors)
    teacher = TemplateTeacher(dict(zip(asked, read, strict=True)), seed)
    return [teacher.write(user, task) for user in asked]


def _ordered(
    ranker: Ranker, texts: Mapping[str, Sequence[str]], sets: Sequence[Candidates], entries: int
) -> list[dict[str, list[Floats]]]:
    """For each set of candidates: system -> the ranker's scores of each user's own."""
    found = {
        name: picked_in_blocks(lambda some, read=read: scored(ranker, read[some], entries), sets, len(read))  # type: ignore[misc]
        for name, read in texts.items()
    }
    return [{name: picked[number] for name, picked in found.items()} for number in range(len(sets))]


def _agreement(scores: Mapping[str, list[Floats]], candidates: Candidates) -> Systems:
    return {name: rank_agreement(found, candidates.gains) for name, found in scores.items()}


def _findings(
    task: Task,
    texts: Mapping[str, list[str]],
    asked: list[str],
    trained: list[str],
    scores: Systems,
    projection: TextProjection,
    seed: int,
) -> list[Finding]:
    names = ("teacher", "nn", "model")
    rows = np.split(projection.features([text for name in names for text in texts[name]]), len(names))
    by_name = dict(zip(names, rows, strict=True))
    return fraud_signs(texts, by_name, asked, (task.prompt, task.ask), trained, scores, seed)
