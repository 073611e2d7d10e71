"""A study of readers: which of two profiles belongs to this list of items that somebody went on to like?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

import numpy as np

from elm._errors import CallError
from elm._typing import Floats
from elm.evaluation.rankers._rankers import Ranker, scored
from elm.evaluation.raters._choices import CHANCE
from elm.evaluation.raters._forms import FormItem
from elm.evaluation.raters._judge import Judge, judge_forms
from elm.metrics import bootstrap_interval

_QUESTION = "Which of the two profiles is that of the person who likes the items of the text?"

SHUFFLED = "shuffled"
"""The control: the profile of somebody else stands in the place of the right one."""


def reader_study(
    writers: Mapping[str, Mapping[str, str]],
    liked: Mapping[str, Sequence[int]],
    judge: Ranker | Judge,
    labels: Sequence[str],
    seed: int = 0,
) -> dict[str, dict[str, Any]]:
    """Writer -> {"right", "interval", "n"}: how often the judge gives a list to the right profile, with the 95 %
    bootstrap interval over users; a tie is half right.

    Each user's profile stands beside that of another drawn user by the same writer, the same for every writer.
    "shuffled" is the first writer's with the right profile changed for a third user's; it should be near a half.

    Args:
        writers: writer -> user -> profile, never made from what `liked` holds; users that all of them have are asked
            about.
        liked: user -> the items that the user went on to like, as numbers of the judge's table.
        judge: a ranker of that table, which chooses the profile that ranks the list higher; or a judge of questions.
        labels: what each item is called, for a judge of questions.

    Raises `CallError` for fewer than three users.
    """
    users = sorted(user for user, items in liked.items() if len(items) and all(user in own for own in writers.values()))
    if len(users) < 3:
        raise CallError(f"a study needs three users with profiles and liked items that were held out, got {len(users)}")
    rng = np.random.default_rng(seed)
    others, thirds = _others(len(users), rng)
    lists = [liked[user] for user in users]
    found = {}
    for number, (name, texts) in enumerate(writers.items()):
        told = [texts[user] for user in users]
        right = _right(told, told, others, lists, judge, labels, seed)
        found[name] = _summary(right, seed)
        if number == 0:
            wrong = [told[third] for third in thirds]
            found[SHUFFLED] = _summary(_right(wrong, told, others, lists, judge, labels, seed), seed)
    return found


def _others(count: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """For each of `count` users the numbers of two others, which differ."""
    first, second = rng.integers(1, count, count), rng.integers(1, count - 1, count)
    second += second >= first
    places = np.arange(count)
    return (places + first) % count, (places + second) % count


def _right(
    own: Sequence[str],
    told: Sequence[str],
    others: np.ndarray,
    lists: Sequence[Sequence[int]],
    judge: Ranker | Judge,
    labels: Sequence[str],
    seed: int,
) -> Floats:
    """Per user 1 where the own profile is chosen, 0 where the other one is, 0.5 for a tie or no answer."""
    if hasattr(judge, "choose"):
        return _asked(own, [told[other] for other in others], lists, cast(Judge, judge), labels, seed)
    ranks = [_ranks(scored(judge, list(texts), len(labels))) for texts in (own, told)]
    pairs = [(ranks[0][n][items].mean(), ranks[1][others[n]][items].mean()) for n, items in enumerate(map(list, lists))]
    return np.asarray([0.5 + 0.5 * np.sign(round(mine - other, 9)) for mine, other in pairs])


def _ranks(scores: np.ndarray) -> Floats:
    """Where each item stands in each row, from 0 to 1; equal ones share the mean."""
    from scipy.stats import rankdata

    result: Floats = rankdata(scores, axis=1) / scores.shape[1]
    return result


def _asked(
    own: Sequence[str],
    others: Sequence[str],
    lists: Sequence[Sequence[int]],
    judge: Judge,
    labels: Sequence[str],
    seed: int,
) -> Floats:
    """The same by a judge that reads the list and both profiles; which comes first is drawn."""
    first = np.random.default_rng([seed, 1]).integers(2, size=len(own)) == 0
    items = [
        FormItem(
            f"o{n:04d}",
            "choice",
            "profiles",
            "They like these:\n" + "\n".join(f"- {labels[item]}" for item in lists[n]),
            (_QUESTION,),
            options=(own[n], others[n]) if first[n] else (others[n], own[n]),
        )
        for n in range(len(own))
    ]
    answers = judge_forms(items, judge, "judge").answers
    chosen = dict(zip(answers["output"], answers["answer"], strict=True))
    leaning = np.asarray([chosen.get(item.output, 1.5) for item in items]) - 1.5
    result: Floats = 0.5 + 0.5 * np.sign(np.where(first, -leaning, leaning))
    return result


def _summary(right: Floats, seed: int) -> dict[str, Any]:
    low, high = bootstrap_interval(right, seed)
    return {"right": float(right.mean()), "interval": [low, high], "n": len(right), "chance": CHANCE}
