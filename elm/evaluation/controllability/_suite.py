"""The three tasks of control of TEARS on one recommender, and their means over seeds."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from elm._errors import CallError
from elm._typing import Floats
from elm.evaluation._json import number
from elm.evaluation.controllability._fine_grained import BETWEEN, FineGrained, draw_targets, fine_grained
from elm.evaluation.controllability._guided import PHRASES, Guided, SignedScorer, genre_attributes, guided
from elm.evaluation.controllability._large_scope import (
    ALPHAS,
    Flips,
    LargeScope,
    draw_flips,
    large_scope,
    largest_genres,
)
from elm.evaluation.controllability._stance import Asked, StanceScores, stance_scores
from elm.evaluation.controllability._wish_editor import WishEditor
from elm.evaluation.controllability._wishes import WishSet, wish_set
from elm.recommend import Editor, HeldOut, RuleEditor, Scorer

Part = Literal["validation", "test"]
_PAIRS = 4  # of wishes that guidance is measured with
_COUNTS = ("cases", "users", "ndcg_users", "left_out", "no_target", "no_edit")


@dataclass(frozen=True)
class ControlTasks:
    """What is measured. part: whose users. attributes: name -> a number in [0, 1] by item id; items without one count
    as 0. editor: the rules by default. genres: how many of the largest. alphas: weights of the text; guidance leaves 0
    out, with which it compares. between: ranks of targets. phrases: for more and for less. k: length of the lists.
    map_by: how latents are laid in the plane. wordings: the words of the edits, by default the template's. items:
    what is ranked, in the plural. Raises `CallError` for alphas beyond 0 to 1 or none above 0.
    """

    part: Part = "test"
    attributes: Mapping[str, pd.Series] = field(default_factory=dict)
    editor: Editor | None = None
    genres: int = 10
    alphas: tuple[float, ...] = ALPHAS
    between: tuple[int, int] = BETWEEN
    phrases: tuple[str, str] = PHRASES
    k: int = 20
    map_by: Literal["pca", "tsne"] = "pca"
    wordings: WishSet | None = None
    items: str = "films"

    def __post_init__(self) -> None:
        for alpha in self.alphas:
            if not 0 <= alpha <= 1:
                raise CallError(f"alpha is the weight of the text and must lie between 0 and 1, got {alpha}")
        if not any(self.alphas):
            raise CallError("texts move nothing at alpha 0; pass an alpha above it")


@dataclass(frozen=True)
class Control:
    """Results of the tasks; `fine` is None where no user has a target in the range of ranks, `attributes` where no
    soft attribute was given, and both it and `guided` for a model that reads no histories. `stance` and `moods`: wishes
    about genres and soft attributes as texts alone."""

    large: LargeScope
    fine: FineGrained | None
    guided: Guided | None
    attributes: Guided | None
    stance: StanceScores | None = None
    moods: StanceScores | None = None

    def rows(self) -> list[dict[str, Any]]:
        """Plain records: `task` (one of the fields), `name` of the attribute or wishes, `alpha`, and measures."""
        found = {one.name: getattr(self, one.name) for one in fields(self)}
        return [row for task, result in found.items() if result is not None for row in records(task, result.summary())]


def control_scores(
    recommender: SignedScorer,
    held_out: HeldOut,
    item_genres: Sequence[Collection[str]],
    item_words: Sequence[Sequence[str]],
    tasks: ControlTasks | None = None,
    seed: int = 0,
    guide: bool = True,
) -> Control:
    """All tasks on held-out users with texts.

    item_genres, item_words (themes or moods of an item): in the recommender's order. guide: False for a model without
    histories, which is measured at alpha 1 alone.

    Raises what `draw_flips`, `large_scope`, `fine_grained` and `guided` raise.
    """
    if held_out.profiles is None:
        raise CallError("control is measured on users with texts, and these have none")
    tasks = tasks or ControlTasks()
    alphas, k = tasks.alphas if guide else (1.0,), tasks.k
    wishes = tasks.wordings
    editor = tasks.editor or (RuleEditor() if wishes is None else WishEditor(wishes))
    largest = largest_genres(item_genres, tasks.genres)
    flips = draw_flips(editor, held_out.profiles, largest)
    large = large_scope(recommender, held_out, flips, item_genres, alphas, k)
    targets = draw_targets([recommender], held_out, item_words, alphas, tasks.between, seed)
    fine = fine_grained(recommender, held_out, targets, item_words, editor, alphas) if targets.max() >= 0 else None
    soft = {
        name: of.reindex(list(recommender.items)).fillna(0.0).to_numpy(float) for name, of in tasks.attributes.items()
    }
    genres = genre_attributes(item_genres, largest)
    told = wishes or wish_set("template", tasks.items)
    asked = [Asked(*named, told.described(genre)) for genre, named in zip(largest, genres.items(), strict=True)]
    stance = stance_scores(recommender, told, asked, tasks.items, k)
    named = [Asked(name, own) for name, own in soft.items() if any(wish.named for wish in told.wishes)]
    moods = stance_scores(recommender, told, named, tasks.items, k) if named else None
    if not guide:
        return Control(large, fine, None, None, stance, moods)
    by_genre = _guided(recommender, held_out, genres, tasks)
    return Control(large, fine, by_genre, _guided(recommender, held_out, soft, tasks) if soft else None, stance, moods)


def _guided(
    recommender: SignedScorer,
    held_out: HeldOut,
    attributes: Mapping[str, Floats],
    tasks: ControlTasks,
) -> Guided | None:
    """Guidance with the template's phrases, or the mean over some pairs of wishes that take a name."""
    steps = [alpha for alpha in tasks.alphas if alpha > 0]
    if tasks.wordings is None:
        return guided(recommender, held_out.inputs, attributes, steps, tasks.k, tasks.phrases)
    pairs = list(zip(tasks.wordings.of(1, True), tasks.wordings.of(-1, True), strict=False))[:_PAIRS]
    found = [
        guided(recommender, held_out.inputs, attributes, steps, tasks.k, (more.said("{}"), less.said("{}")), "added")
        for more, less in pairs
    ]
    if not found:
        return None
    more, less = (np.mean([getattr(one, side) for one in found], axis=0) for side in ("more", "less"))
    return replace(found[0], more=more, less=less)


def share_scores(
    recommender: Scorer,
    held_out: HeldOut,
    shares: npt.NDArray[np.floating],
    columns: Sequence[str],
    item_genres: Sequence[Collection[str]],
    flips: Flips | None = None,
    alphas: Sequence[float] = ALPHAS,
    k: int = 20,
) -> list[dict[str, Any]]:
    """Records of a model that reads shares of genres (GERS) under the flips that the users' texts ask for: the task
    "large" with the shares of two genres exchanged, and "bound" with all on the new favourite (Table 7).

    shares: (n, genres) of the users of `held_out`, whose profiles are texts; columns: their genres. flips: by
    default those of the rules on the ten largest genres.
    """
    if flips is None:
        flips = draw_flips(RuleEditor(), held_out.profiles or [], largest_genres(item_genres, 10))
    found = []
    for task, bound in (("large", False), ("bound", True)):
        flipped = flips.on_shares(shares, columns, bound)
        found += records(task, large_scope(recommender, held_out, flipped, item_genres, alphas, k, shares).summary())
    return found


def records(task: str, table: pd.DataFrame) -> list[dict[str, Any]]:
    """A summary as plain records with the task's name; numbers that are none become None."""
    found = []
    for row in table.to_dict("records"):
        about = {"task": task, "name": row.get("name")}
        measures = {str(key): number(value) for key, value in row.items() if key != "name"}
        found.append(about | {key: int(v) if key in _COUNTS and v is not None else v for key, v in measures.items()})
    return found


def control_means(runs: Iterable[Sequence[Mapping[str, Any]]]) -> list[dict[str, Any]]:
    """Records of several seeds as one: each measure its `mean` and `sd` over seeds (None with one), by task, name and
    alpha; `seeds` counts those that have it.

    >>> control_means([[{"task": "large", "name": None, "alpha": 1.0, "rise": v}] for v in (0.25, 0.75)])[0]["rise"]
    {'mean': 0.5, 'sd': 0.3535533905932738}
    """
    found: dict[tuple[Any, ...], list[Mapping[str, Any]]] = {}
    for run in runs:
        for row in run:
            found.setdefault((row["task"], row["name"], row["alpha"]), []).append(row)
    if not found:
        raise CallError("means need the records of one seed or more, got none")
    means = []
    for (task, name, alpha), same in found.items():
        row = {"task": task, "name": name, "alpha": alpha, "seeds": len(same)}
        for measure in [key for key in same[0] if key not in ("task", "name", "alpha")]:
            values = [one[measure] for one in same if one.get(measure) is not None]
            spread = float(np.std(values, ddof=1)) if len(values) > 1 else None
            row[measure] = {"mean": float(np.mean(values)) if values else None, "sd": spread}
        means.append(row)
    return means
