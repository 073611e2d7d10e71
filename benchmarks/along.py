"""Semantic consistency on the way to another film, and along concepts (ELM, Figure 4), with controls and a figure.

    OMP_NUM_THREADS=1 python benchmarks/along.py [--run RUN] [--tasks summary five_positive] [--films 60] [--out FOLDER]

Held-out films and the shipped model, or those of a run. "mixture": every film on its way to the first test film, by
share of that film. Concepts: attributes of a generated world, genres of real films; amounts are standard deviations of
the films along the concept. SC is the cosine of the text and the moved vector; "still" the text before the move, "nn"
the teacher's text of the nearest training film, "shuffled" the text about another moved vector; "concept" what
the text has of it, in standard deviations, as the teacher's texts of training films show it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
from _experiment import arguments, described, folder, report
from steering import Greedy, mixtures, text_concepts

from elm.cav import fact_concepts, fit, genre_concepts
from elm.evaluation import AlongScores, CachedEncoder, Moves, along_figure, semantic_along
from elm.runs import World

AMOUNTS = (-4.0, -2.0, -1.0, 0.0, 1.0, 2.0, 4.0)


def concepts(
    model: Any, world: World, encoder: CachedEncoder, names: Sequence[str], tasks: Sequence[str], count: int, seed: int
) -> dict[tuple[str, str], AlongScores]:
    """(concept, task) -> scores of test films moved along it; directions are of training films."""
    training = world.films.subset(list(world.film_split.train))
    source = genre_concepts if world.dataset.facts is None else fact_concepts
    labels = source(world.dataset, training)
    names = list(names) or list(labels)[:2]
    labels = {name: labels[name].loc[training.ids] for name in names}
    cavs, teacher, found = fit(training, labels), world.film_teacher(), {}
    for task in tasks:
        known = {item: teacher.write(item, task) for item in training.ids}
        read = text_concepts(encoder, known, labels)
        for name in names:
            moves, ids = Moves(cavs[name].move, AMOUNTS, read[name]), world.film_split.test[:count]
            found[name, task] = semantic_along(Greedy(model), task, world.films, ids, moves, encoder, known, seed)
    return found


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--run", help="a run folder; by default the shipped model on the demo world")
    parser.add_argument("--tasks", nargs="+", default=["summary", "five_positive"], help="over one film")
    parser.add_argument("--concepts", nargs="*", default=[], help="by default the first two that the data set knows")
    parser.add_argument("--films", type=int, default=60, help="held-out films that are moved")
    options = parser.parse_args()
    with folder(options.out, {"experiment": "along", "run": options.run}) as run:
        model, world, _, encoder = described(options.run, run)
        ways = {
            ("mixture", task): way
            for task, way in mixtures(model, world, encoder, options.tasks, options.films, options.seed).items()
        }
        ways |= concepts(model, world, encoder, options.concepts, options.tasks, options.films, options.seed)
    frames = [way.frame().reset_index().assign(way=name, task=task) for (name, task), way in ways.items()]
    frame = pd.concat(frames).round(3)
    frame = frame[["way", "task", *(c for c in frame if c not in ("way", "task"))]]
    figure = along_figure(
        {f"{name}, {task.replace('_', ' ')}": way for (name, task), way in ways.items()}, "Consistency along a way"
    )
    rows = [{"way": name, **way.to_dict()} for (name, _), way in ways.items()]
    report("along", frame, rows, figure, options)


if __name__ == "__main__":
    main()
