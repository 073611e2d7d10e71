"""A task of your own: grade how a film feels, taught to the shipped model in minutes.

    python examples/graded_tone.py --out runs/tone [--steps 700]

The shipped tasks name a film's two strongest moods, so a vector that is moved a little along "funny" often keeps its
text. This one grades eight moods in five steps, so its texts follow a move: `python benchmarks/steering.py --tone
runs/tone` measures how closely.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

import elm
from elm.data import ATTRIBUTES
from elm.embeddings import SentenceEncoder, VectorTable, semantic
from elm.model import SHIPPED, EmbeddingLanguageModel, load_model, save_model
from elm.tasks import VECTOR, ItemFacts, Task, TemplateTeacher
from elm.training import Lessons, LoopConfig, TwoStage, train_two_stage

GRADES = ("not at all", "hardly", "somewhat", "quite", "very")
EDGES = (0.1, 0.3, 0.5, 0.7)  # of an attribute in [0, 1], between one grade and the next


def _write(facts: ItemFacts, rng: np.random.Generator) -> str:
    return "\n".join(f"- {GRADES[grade]} {mood.replace('_', '-')}" for mood, grade in facts.qualities)


TONE = Task("graded_tone", "item", f"Grade how the film {VECTOR} feels.", _write, max_new_tokens=160)


def graded(films: pd.DataFrame) -> dict[str, ItemFacts]:
    """A film's facts with all eight moods and their grades (0 to 4), always in one order."""
    levels = np.digitize(films[list(ATTRIBUTES)], EDGES)
    return {
        str(item): ItemFacts(qualities=tuple(zip(ATTRIBUTES, row.tolist(), strict=True)))
        for item, row in zip(films.index, levels, strict=True)
    }


def grades_in(text: str) -> dict[str, int]:
    """The grades that a text gives, by mood.

    >>> grades_in("- very dark\\n- not at all thought-provoking")
    {'dark': 4, 'thought_provoking': 0}
    """
    found = {}
    for line in text.splitlines():
        for grade, word in enumerate(GRADES):
            mood = line.removeprefix(f"- {word} ").replace("-", "_")
            if mood in ATTRIBUTES:
                found[mood] = grade
    return found


def teach(out: Path, steps: int, extra: int, batch_tokens: int = 2400, progress: bool = True) -> EmbeddingLanguageModel:
    """Continue the shipped model on this one task: training films of the demo world, and generated ones beside them."""
    world = elm.data.load("demo")
    assert world.facts is not None
    films = elm.model.shipped_vectors("films")
    split = elm.data.split_entities(films.ids, validation=0.05, test=0.1, seed=0)
    held = [*split.validation, *split.test]
    facts, table, ids = graded(world.facts.items), films, list(split.train)
    if extra:  # films that nobody rated: 1,700 alone are learned by heart
        more = elm.data.make_films(extra, seed=1, prefix="x", skip=world.facts.items.loc[held])
        texts: dict[str, list[str]] = {}
        for item, text in elm.data.film_texts(more, seed=1)[["item", "text"]].itertuples(index=False):
            texts.setdefault(item, []).append(text)
        vectors = semantic(texts, SentenceEncoder(), name=films.space.name, progress=progress)
        table = VectorTable([*films.ids, *vectors.ids], np.concatenate([films.vectors, vectors.vectors]), films.space)
        facts |= graded(more)
        ids += vectors.ids
    model = load_model(SHIPPED / "demo")
    adapter = model.adapter(films.space.name)
    adapter.config = replace(adapter.config, tasks=(*adapter.config.tasks, TONE.id))
    lesson = Lessons(films.space.name, table, TemplateTeacher(facts), (TONE,), ids, held)
    warmup = min(30, steps // 4 + 1)
    stages = TwoStage(
        one=LoopConfig(steps=max(1, steps // 10), lr=1e-3, warmup=1),
        two=LoopConfig(steps=steps, lr=1e-3, warmup=warmup),
        batch_tokens=batch_tokens,
    )
    train_two_stage(model, [lesson], stages, progress=progress, checkpoints=out / "checkpoints")
    save_model(model, out / "model")
    return model


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=700, help="of stage two; a tenth as many before in stage one")
    parser.add_argument("--extra", type=int, default=4000, help="generated films beside the catalogue's")
    options = parser.parse_args()
    model = teach(options.out, options.steps, options.extra)
    films = elm.model.shipped_vectors("films")
    print(model.describe(films["f863"], TONE))


if __name__ == "__main__":
    main()
