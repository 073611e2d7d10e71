"""Scores of the demo model in all its tasks on held-out films and users, against what it promises.

    python benchmarks/shipped.py [--run RUN] [--json | --markdown] [--zero-shot] [--films 200]

By default the shipped model; --run: a model and its world, such as `elm train run` made. --markdown: the tables of
docs/results. Beside each film task stand SC and BC of the ELM paper (Table 2): another encoder, other films, another
ranker, so the figures cannot be compared in absolute terms.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from _experiment import described

from elm.cli._output import console, plain
from elm.evaluation import behaviour_table, consistency_table, facts_table, profile_table, versions_table
from elm.runs import RunFolder, score_run

PAPER = {
    "summary": (0.91, 0.94),
    "positive_review": (0.94, 0.81),
    "negative_review": (0.93, 0.79),
    "neutral_review": (0.92, 0.76),
    "five_positive": (0.91, 0.80),
    "five_negative": (0.89, 0.80),
    "long_description": (0.91, 0.80),
    "funnier": (0.88, 0.81),
    "sadder": (0.91, 0.82),
    "scarier": (0.90, 0.84),
    "improve": (0.91, 0.82),
    "movie_to_viewer": (0.89, 0.80),
    "pitch": (0.96, 0.80),
    "criticize": (0.89, 0.77),
    "convince1": (0.92, 0.96),
    "convince2": (0.90, 0.88),
    "convince3": (0.88, 0.86),
    "dissuade1": (0.88, 0.85),
    "dissuade2": (0.88, 0.87),
    "similarities": (0.86, 0.83),
    "interpolation": (0.89, 0.80),
    "why_like_nn": (0.83, 0.48),
    "diff_than_nn": (0.82, 0.48),
    "common_with_nn": (0.77, 0.46),
}
SINGLE, PAIR, FACTS, BEHAVIOUR, VERSIONS, USERS = 0.85, 0.7, 0.95, 0.85, 0.8, 0.85


def scored(named: str | None, films: int | None, zero_shot: bool) -> dict[str, Any]:
    """All scores, in every task that the model learned, on so many test films."""
    with tempfile.TemporaryDirectory() as temporary:
        model, world, config, encoder = described(named, RunFolder.start(temporary, {}))
        learned = [task for adapter in model.adapters.values() for task in adapter.config.tasks]
        config = config.with_tasks([task for task in learned if task not in config.user_tasks])
        config = replace(config, scored_films=films or config.scored_films)
        return score_run(model, world, config, encoder, zero_shot=zero_shot).to_dict()


def verdicts(scores: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """A line a promise: how many tasks keep it, and which do not."""
    films, behaviour = scores["consistency"], scores["behaviour"]
    pairs = [task for task, row in films.items() if not row["fact_recall"]]
    single = [task for task in films if task not in pairs]
    told = [
        ("rSC of tasks on one film", SINGLE, {task: films[task]["rsc"] for task in single}),
        ("rSC of tasks on two", PAIR, {task: films[task]["rsc"] for task in pairs}),
        ("precision of facts", FACTS, {task: films[task]["fact_precision"]["overall"] for task in single}),
        ("recall of facts", FACTS, {task: films[task]["fact_recall"]["overall"] for task in single}),
        ("rBC of films", BEHAVIOUR, {task: row["rbc"] for task, row in behaviour.items()}),
        ("rBC of users", USERS, {task: row["rbc"] for task, row in scores["profile"].items()}),
        ("share of other versions", VERSIONS, {task: row["share"] for task, row in scores["versions"].items()}),
    ]
    lines = []
    for name, goal, values in told:
        short = [f"{task} {value:.3f}" for task, value in values.items() if value is None or value < goal]
        kept = f"{len(values) - len(short)} of {len(values)} reach {goal}"
        lines.append(f"{name}: {kept}{'; short: ' + ', '.join(short) if short else ''}")
    return lines


def markdown(scores: Mapping[str, Mapping[str, Any]]) -> str:
    """One row per film task: SC and its controls, facts, BC of the film, and the paper's figures."""
    heads = [
        "task",
        "SC",
        "teacher",
        "nearest",
        "shuffled",
        "probe",
        "rSC (95 %)",
        "facts, precision / recall",
        "BC",
        "teacher",
        "shuffled",
        "rBC",
        "paper: SC",
        "BC",
    ]
    lines = ["| " + " | ".join(heads) + " |", "| --- |" + " --- |" * (len(heads) - 1)]
    for task, row in scores["consistency"].items():
        low, high = row["rsc_interval"]
        by = scores["behaviour"].get(task)
        facts = (
            f"{row['fact_precision']['overall']:.3f} / {row['fact_recall']['overall']:.3f}"
            if row["fact_recall"]
            else ""
        )
        cells = [_number(row[name]) for name in ("sc", "sc_teacher", "sc_nn", "sc_shuffled", "sc_probe")]
        cells += [f"{row['rsc']:.2f} ({low:.2f}-{high:.2f})", facts]
        cells += [_number(by[name]) if by else "" for name in ("bc", "bc_teacher", "bc_shuffled", "rbc")]
        lines.append("| " + " | ".join([task, *cells, *(f"{v:.2f}" for v in PAPER.get(task, ()))]) + " |")
    return "\n".join(lines)


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", help="a run folder; by default the shipped model on the demo world")
    parser.add_argument("--films", type=int, help="test films; by default as many as the run scores")
    parser.add_argument("--scores", type=Path, help="scores that --json printed, to be shown again")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--markdown", action="store_true")
    parser.add_argument("--zero-shot", action="store_true", help="also the untrained ranker of the ELM paper")
    options = parser.parse_args()
    scores = json.loads(options.scores.read_text()) if options.scores else None
    scores = scores or plain(scored(options.run, options.films, options.zero_shot))
    if options.json:
        print(json.dumps(scores, indent=2))
        return
    if options.markdown:
        print(markdown(scores))
    else:
        films, users = scores["consistency"], scores["profile"]
        console().print(
            consistency_table(films),
            facts_table(films),
            behaviour_table(scores["behaviour"]),
            versions_table(scores["versions"]),
            profile_table(users),
        )
    print("\n".join(verdicts(scores)))


if __name__ == "__main__":
    main()
