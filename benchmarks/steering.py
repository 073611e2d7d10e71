"""Do texts, profiles and lists follow a vector that is moved along a concept, or mixed with another?

    python benchmarks/steering.py [--films 200] [--users 200] [--tone RUN] [--figures FOLDER]

The shipped model on held-out entities of the demo world: the concept's score in the text over amounts -2 to 2 (the
share of entities whose Spearman with the amount is 0.8 or more), SC and BC along the way beside controls, mixtures with
one film, sensitivities, and judged orders. --tone: a run of examples/graded_tone.py.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd

from elm.cav import CAVs, fit
from elm.data import ATTRIBUTES
from elm.embeddings import EmbeddingSpace, SentenceEncoder, VectorTable, interpolate
from elm.evaluation import (
    AlongScores,
    CachedEncoder,
    Moves,
    TrainedRanker,
    along_figure,
    behavioural_along,
    draw_candidates,
    list_sensitivity,
    semantic_along,
    soft_attribute_scores,
    text_sensitivity,
)
from elm.metrics import spearman
from elm.model import load_model, shipped_model
from elm.runs import RunConfig, RunFolder, World, build_world, shipped_twin

AMOUNTS = (-2.0, -1.0, 0.0, 1.0, 2.0)
SHARES = (0.0, 0.2, 0.4, 0.6, 0.8)
FILM_TASKS = ("summary", "positive_review", "negative_review", "five_positive")


class Greedy:
    """The model at temperature 0: along a way its wording changes only where the vector changes it."""

    def __init__(self, model: Any) -> None:
        self.model = model

    def describe(self, vectors: np.ndarray, task: str, *, seed: int = 0) -> list[str]:
        return self.model.describe(vectors, task, seed=seed, temperature=0.0)


def text_concepts(
    encoder: CachedEncoder, texts: dict[str, str], labels: Mapping[str, pd.Series] | pd.DataFrame
) -> CAVs:
    """Concepts as the teacher's texts of training films show them: what "funnier" means in the words of one task."""
    vectors = encoder.encode(list(texts.values()))
    space = EmbeddingSpace.fit("texts", vectors, "cosine", {}, "texts")
    return fit(
        VectorTable(list(texts), vectors, space), {a: labels[a].loc[list(texts)] for a in labels}, method="ridge"
    )


def rising(amounts: tuple[float, ...], concept: np.ndarray) -> float:
    return float((spearman(np.broadcast_to(np.array(amounts), concept.shape), concept) >= 0.8).mean())


def films_along(world: World, encoder: CachedEncoder, count: int) -> dict[str, AlongScores]:
    """Each concept, each task: the share of films whose text follows, and SC beside its controls."""
    assert world.dataset.facts is not None
    labels = world.dataset.facts.items[list(ATTRIBUTES)]
    train, test = world.film_split.train, world.film_split.test[:count]
    cavs = fit(world.films.subset(train), {a: labels[a].loc[train] for a in ATTRIBUTES})
    teacher = world.film_teacher()
    known = {task: {item: teacher.write(item, task) for item in train} for task in FILM_TASKS}
    readers = {task: text_concepts(encoder, texts, labels) for task, texts in known.items()}
    model = Greedy(shipped_model())
    shown, means = {}, []
    print(
        f"\n{len(test)} held-out films; share whose text's concept score follows the amounts -2..2, by task, and pooled"
    )
    for name, cav in cavs.items():
        ways = {
            task: semantic_along(
                model, task, world.films, test, Moves(cav.move, AMOUNTS, readers[task][name]), encoder, known[task]
            )
            for task in FILM_TASKS
        }
        pooled = np.mean([way.concept for way in ways.values()], axis=0)
        shares = {task: way.to_dict()["rising"] for task, way in ways.items()} | {"pooled": rising(AMOUNTS, pooled)}
        print(f"  {name:18s}" + "  ".join(f"{task} {share:.2f}" for task, share in shares.items()))
        means.append(pd.concat([way.frame() for way in ways.values()]).groupby(level=0).mean())
        shown[name] = ways["positive_review"]
    print("SC along the way, mean of concepts and tasks")
    print(pd.concat(means).groupby(level=0).mean().drop(columns="concept").round(3).to_string())
    return shown


def mixtures(
    model: Any, world: World, encoder: CachedEncoder, tasks: Sequence[str], count: int, seed: int = 0
) -> dict[str, AlongScores]:
    """Figure 4 of ELM: the first test film is the one that all others are on their way to; scores by task."""
    test = world.film_split.test[: count + 1]
    anchor = world.films[test[0]]
    teacher = world.film_teacher()

    def way(vectors: np.ndarray, t: float) -> np.ndarray:
        return np.stack([interpolate(row, anchor, t, world.films.space) for row in vectors])

    found = {}
    for task in tasks:
        known = {item: teacher.write(item, task) for item in world.film_split.train}
        found[task] = semantic_along(
            Greedy(model), task, world.films, test[1:], Moves(way, SHARES), encoder, known, seed=seed
        )
    return found


def users_along(world: World, encoder: CachedEncoder, count: int) -> dict[str, AlongScores]:
    """Figure 5 of ELM: profiles of moved users, against what is predicted for the moved vectors."""
    assert world.dataset.facts is not None
    labels = world.dataset.facts.items
    items = [i for i in world.items.ids if i in set(world.film_split.train)]
    chosen = set(world.user_split.test[:count])
    rated, hidden = (frame[frame["user"].isin(chosen)] for frame in (world.rated, world.hidden))
    ratings = world.dataset.interactions
    popularity = ratings[ratings["user"].isin(set(world.users.ids))]["item"].value_counts()
    candidates = draw_candidates(rated, hidden, world.items, popularity.reindex(world.items.ids).fillna(0).to_numpy())
    teacher = world.user_teacher()
    cavs = fit(world.items.subset(items), {a: labels[a].loc[items] for a in ATTRIBUTES})
    shown = {}
    for task in ("user_profile", "user_summary"):
        profiles = {user: teacher.write(user, task) for user in [*world.users.ids, *candidates.users]}
        ranker = TrainedRanker.fit(encoder, [profiles[u] for u in world.users.ids], world.users.vectors, world.items)
        frames, shares = [], {}
        for name, cav in cavs.items():
            mover = cav.measured_on(world.users)
            way = behavioural_along(
                shipped_model(), task, world.held_users, Moves(mover.move, AMOUNTS, mover), candidates, ranker, profiles
            )
            shares[name] = way.to_dict()["rising"]
            frames.append(way.frame())
            if task == "user_profile":
                shown[name] = way
        print(f"\n{task}, {len(candidates.users)} held-out users; share whose profile follows the amounts")
        print("  " + "  ".join(f"{name} {share:.2f}" for name, share in shares.items()))
        print("NDCG against the ratings predicted for the moved user, mean of concepts")
        print(pd.concat(frames).groupby(level=0).mean().drop(columns="concept").round(3).to_string())
    return shown


def graded(world: World, run: Path, count: int) -> None:
    """The task of examples/graded_tone.py: its grades, read exactly, along each concept."""
    sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "examples"))
    from graded_tone import TONE, grades_in
    from graded_tone import graded as facts_of

    assert world.dataset.facts is not None
    labels = world.dataset.facts.items[list(ATTRIBUTES)]
    train, test = world.film_split.train, world.film_split.test[:count]
    cavs = fit(world.films.subset(train), {a: labels[a].loc[train] for a in ATTRIBUTES})
    model, start, truth = load_model(run), world.films.rows(test), facts_of(labels)
    read = [grades_in(text) for text in model.describe(start, TONE)]
    off = [
        abs(given.get(mood, 9) - grade)
        for item, given in zip(test, read, strict=True)
        for mood, grade in truth[item].qualities
    ]
    print(
        f"\n{TONE.id} ({run}): grade right {np.mean(np.equal(off, 0)):.2f}, off by at most one "
        f"{np.mean(np.array(off) <= 1):.2f}"
    )
    shares = {}
    for name, cav in cavs.items():
        by_amount = [model.describe(cav.move(start, amount), TONE) for amount in AMOUNTS]
        level = np.array([[grades_in(text).get(name, -1) for text in texts] for texts in by_amount], float).T
        shares[name] = rising(AMOUNTS, level)
    print("share whose grade follows: " + "  ".join(f"{name} {share:.2f}" for name, share in shares.items()))


def sensitivities(world: World, encoder: CachedEncoder, count: int) -> None:
    assert world.dataset.facts is not None
    labels = world.dataset.facts.items[list(ATTRIBUTES)]
    train, test = world.film_split.train, world.film_split.test[:count]
    cavs = fit(world.films.subset(train), {a: labels[a].loc[train] for a in ("funny", "dark", "romantic", "violent")})
    found = text_sensitivity(Greedy(shipped_model()), "positive_review", world.films, test, cavs, encoder.encode)
    print("\ntexts: change of each concept's score per step (rows: moved along); p against random directions")
    print(found.effect.round(2).to_string(), found.p_value.round(3).to_string(), sep="\n")
    items = [i for i in world.items.ids if i in set(train)]
    movers = fit(world.items.subset(items), {a: labels[a].loc[items] for a in cavs})
    held = world.items.subset([i for i in world.items.ids if i in set(world.film_split.test)])
    levels = labels.loc[held.ids, list(movers)]  # of films that the directions have not seen
    lists = list_sensitivity(
        lambda v: v @ held.vectors.T,
        world.held_users,
        world.user_split.test[:count],
        {n: c.measured_on(world.users) for n, c in movers.items()},
        levels,
    )
    print("lists of 20: change of each attribute's mean level a step, and items replaced")
    print(lists.effect.round(3).to_string(), lists.p_value.round(3).to_string(), sep="\n")


def judged(world: World, seed: int = 0) -> None:
    """Raters drawn for the demo world: each sees a film's level with noise of its own, and orders ten films."""
    assert world.dataset.facts is not None
    labels = world.dataset.facts.items[list(ATTRIBUTES)]
    train, test = world.film_split.train, world.film_split.test
    rng = np.random.default_rng(seed)
    rows = []
    for attribute in ATTRIBUTES:
        for rater in range(20):
            some = rng.choice(test, 11, replace=False)
            seen = labels.loc[some, attribute].to_numpy() + rng.normal(0, 0.15, 11)
            rows += [
                (attribute, rater, low, high)
                for low, a in zip(some, seen, strict=True)
                for high, b in zip(some, seen, strict=True)
                if b - a > 0.2
            ]
    frame = pd.DataFrame(rows, columns=["attribute", "rater", "lower", "higher"])
    cavs = fit(world.films.subset(train), {a: labels[a].loc[train] for a in ATTRIBUTES})
    fame = world.dataset.interactions["item"].value_counts().reindex(labels.index).fillna(0)
    print("\nsoft attributes, judged pairs of held-out films by 20 simulated raters each (noise 0.15)")
    print(soft_attribute_scores(cavs, world.films, frame, fame).round(3).to_string())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--films", type=int, default=200)
    parser.add_argument("--users", type=int, default=200)
    parser.add_argument("--tone", type=Path)
    parser.add_argument("--figures", type=Path)
    options = parser.parse_args()
    encoder = SentenceEncoder()
    with tempfile.TemporaryDirectory() as folder:
        run = RunFolder.start(folder, RunConfig().to_dict())
        world = shipped_twin(build_world(run, RunConfig(), encoder, progress=False))
    cached = CachedEncoder(encoder)
    shown = SimpleNamespace(users=users_along(world, cached, options.users))
    if options.tone:
        graded(world, options.tone, options.films)
    judged(world)
    shown.mixtures = mixtures(shipped_model(), world, cached, ("summary",), options.films)["summary"]
    print("\nmixtures with one film, summary: SC by share of that film")
    print(shown.mixtures.frame().round(3).to_string())
    shown.films = films_along(world, cached, options.films)
    sensitivities(world, cached, min(60, options.films))
    if options.figures:
        options.figures.mkdir(parents=True, exist_ok=True)
        some = ("funny", "dark", "violent")
        along_figure({n: shown.films[n] for n in some} | {"mixture": shown.mixtures}).savefig(
            options.figures / "films_along.png", dpi=120
        )
        along_figure({n: shown.users[n] for n in some}).savefig(options.figures / "users_along.png", dpi=120)


if __name__ == "__main__":
    main()
