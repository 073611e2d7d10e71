"""The model card, written from what was measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from elm.runs._config import RunConfig

_CARD = """---
library_name: elm
license: apache-2.0
language: en
base_model: elm-toolkit/demo-base
tags: [elm, embeddings, interpretability, recommender-systems]
---

# The demo model

Reads two spaces of the demo world: semantic film vectors (`minilm`, 384 numbers) and behavioural user vectors
(`wals`, 64 numbers). One language model, two adapters of {soft_tokens} soft tokens each, trained in two stages
({losses}).

Made by `{command}`: {one} and {two} steps of {tokens} tokens, with {extra} generated films beside the
catalogue's training films. Held-out films and users were seen neither here nor by the base.

## Measured on {n_films} held-out films

{films}

## Measured on {n_users} held-out users

{users}

## Use

```python
import elm

films = elm.model.shipped_vectors("films")
print(elm.describe(films["f7"], "summary"))
```

Limits: it knows the demo world alone. Vectors of any other space are refused or warned about.
"""

_FILMS = {
    "SC": "sc",
    "teacher": "sc_teacher",
    "nearest film": "sc_nn",
    "shuffled": "sc_shuffled",
    "rSC": "rsc",
    "fact precision": "fact_precision",
    "fact recall": "fact_recall",
}
_USERS = {"BC": "bc", "teacher": "bc_teacher", "shuffled": "bc_shuffled", "random": "bc_random", "rBC": "rbc"}


def model_card(config: RunConfig, training: Mapping[str, Any], scores: Mapping[str, Any]) -> str:
    """Front matter of the Hub, how the model was made, and its scores with their controls.

    training: what `teach` returned; scores: what `RunScores.to_dict` gives, both kinds of task in it.
    """
    films, users, stages = scores["consistency"], scores["profile"], config.training
    return _CARD.format(
        soft_tokens=config.soft_tokens,
        losses=", ".join(f"{s.replace('_', ' ')} loss {training[s]['loss']:.3f}" for s in ("stage_one", "stage_two")),
        command=f"elm train demo --seed {config.seed}{' --fast' if stages.fast else ''}",
        one=stages.one.steps,
        two=stages.two.steps,
        tokens=stages.batch_tokens,
        extra=config.extra_films,
        n_films=next(iter(films.values()))["n"],
        n_users=next(iter(users.values()))["n"],
        films=_table(_FILMS, films),
        users=_table(_USERS, users),
    )


def _table(columns: Mapping[str, str], rows: Mapping[str, Mapping[str, Any]]) -> str:
    """A Markdown table, a row a task."""
    lines: list[Sequence[str]] = [["task", *columns], ["---"] * (len(columns) + 1)]
    lines += [[task, *(_figure(row[key]) for key in columns.values())] for task, row in rows.items()]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _figure(value: float | Mapping[str, float | None] | None) -> str:
    if isinstance(value, Mapping):
        value = value["overall"]
    return "-" if value is None else f"{value:.3f}"
