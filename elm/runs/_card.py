"""The model card, written from what was measured."""

from __future__ import annotations

from typing import Any

from elm.runs._config import RunConfig


def model_card(config: RunConfig, training: dict[str, Any], scores: dict[str, Any]) -> str:
    """Front matter of the Hub, how the model was made, and its scores with their controls."""
    rows = [
        f"| {task} | {s['sc']:.3f} | {s['sc_teacher']:.3f} | {s['sc_nn']:.3f} | {s['sc_shuffled']:.3f} | {s['rsc']:.2f} | "
        f"{s['fact_precision']['overall']:.3f} | {s['fact_recall']['overall']:.3f} |"
        for task, s in scores["consistency"].items()
    ]
    users = [
        f"| {task} | {s['bc']:.3f} | {s['bc_teacher']:.3f} | {s['bc_shuffled']:.3f} | {s['bc_random']:.3f} | {s['rbc']:.2f} |"
        for task, s in scores["profile"].items()
    ]
    n_films = next(iter(scores["consistency"].values()))["n"]
    n_users = next(iter(scores["profile"].values()))["n"]
    stages = ", ".join(
        f"{name.replace('_', ' ')} loss {training[name]['loss']:.3f}" for name in ("stage_one", "stage_two")
    )
    return "\n".join(
        [
            "---",
            "library_name: elm",
            "license: apache-2.0",
            "language: en",
            "base_model: elm-toolkit/demo-base",
            "tags: [elm, embeddings, interpretability, recommender-systems]",
            "---",
            "",
            "# The demo model",
            "",
            "Reads two spaces of the demo world: semantic film vectors (`minilm`, 384 numbers) and behavioural user vectors",
            "(`wals`, 64 numbers). One language model, two adapters of "
            f"{config.soft_tokens} soft tokens each, trained in two stages ({stages}).",
            "",
            f"Made by `elm train demo --seed {config.seed}{' --fast' if config.training.fast else ''}`: "
            f"{config.training.one.steps} and {config.training.two.steps} steps of {config.training.batch_tokens} tokens, "
            f"with {config.extra_films} generated films beside the catalogue's training films. Held-out films and users "
            "were seen neither here nor by the base.",
            "",
            f"## Measured on {n_films} held-out films",
            "",
            "| task | SC | teacher | nearest film | shuffled | rSC | fact precision | fact recall |",
            "| --- | --- | --- | --- | --- | --- | --- | --- |",
            *rows,
            "",
            f"## Measured on {n_users} held-out users",
            "",
            "| task | BC | teacher | shuffled | random | rBC |",
            "| --- | --- | --- | --- | --- | --- |",
            *users,
            "",
            "## Use",
            "",
            "```python",
            "import elm",
            "",
            'films = elm.model.shipped_vectors("films")',
            'print(elm.describe(films["f7"], "summary"))',
            "```",
            "",
            "Limits: it knows the demo world alone. Vectors of any other space are refused or warned about.",
            "",
        ]
    )
