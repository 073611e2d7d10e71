"""A foreign vector is noticed wherever it is read: at the front door, by a model, by a model folder."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny_elm
from tiny_elm import SAY, Said

import elm
from elm import OutsideDataWarning
from elm.adapters import MLPAdapter, load_adapter, save_adapter
from elm.embeddings import EmbeddingSpace, SentenceEncoder, VectorTable, interpolate
from elm.model import load_model, save_model, shipped_model, shipped_vectors
from elm.tasks import TemplateTeacher
from elm.training import Lessons, LoopConfig, TwoStage, train_two_stage

NEWS = [
    "The central bank raised its interest rate by a quarter of a point on Thursday.",
    "Parliament votes on the budget for public transport next week.",
    "pip install fails with a resolver error on Python 3.9",
]


@pytest.fixture(scope="module")
def news() -> np.ndarray:
    return SentenceEncoder().encode(NEWS)


def doors() -> list[Callable[[Any], Any]]:
    model = shipped_model()
    return [
        lambda vectors: elm.describe(vectors, "summary"),
        lambda vectors: model.describe(vectors, "summary"),
        lambda vectors: model.ask(vectors, "What is the film {first} about?"),
        lambda vectors: model.sample(vectors, "summary"),
    ]


@pytest.mark.parametrize("door", range(4))
def test_texts_of_another_kind_by_the_same_encoder_draw_a_warning(news: np.ndarray, door: int) -> None:
    with pytest.warns(OutsideDataWarning, match=r"3 of 3 vectors lie far outside what was learned \(cosine 0"):
        doors()[door](news)


def checked(vectors: Any, adapter: str) -> None:
    shipped_model().adapter(adapter).check(vectors)


def test_vectors_of_the_space_draw_none() -> None:
    films, users = shipped_vectors("films"), shipped_vectors("users")
    rng = np.random.default_rng(0)
    noise = rng.normal(size=(50, films.space.dim)).astype(np.float32)
    near = films.vectors[:50] + 0.5 * noise / np.linalg.norm(noise, axis=1, keepdims=True)
    with warnings.catch_warnings(action="error"):
        for known in (films.vectors[:300], films.vectors[0], near):
            checked(known, "minilm")
        checked(interpolate(films["f1"], films["f9"], 0.5, films.space), "minilm")
        checked(users.vectors[:300], "wals")


def test_of_a_pair_each_is_looked_at() -> None:
    films = shipped_vectors("films")
    with pytest.warns(OutsideDataWarning, match="1 of 1 vectors"):
        shipped_model().describe((films["f1"], -films.vectors.mean(0)), "similarities")


def cone(seed: int, rows: int = 400, dim: int = 12) -> np.ndarray:
    """Vectors about a direction of their own: those of another seed point elsewhere, at the same lengths."""
    rng = np.random.default_rng(seed)
    centre = rng.normal(size=dim)
    return (4 * centre / np.linalg.norm(centre) + 0.5 * rng.normal(size=(rows, dim))).astype(np.float32)


def learned(vectors: np.ndarray) -> MLPAdapter:
    space = EmbeddingSpace.fit("toy", np.concatenate([vectors, -vectors]), "dot", {}, "f")  # no help from the spread
    return MLPAdapter.for_space(space, 8, soft_tokens=2, hidden=4).remember(vectors)


@pytest.mark.parametrize("seed", range(5))
def test_it_is_calibrated_on_vectors_that_the_directions_did_not_see(seed: int) -> None:
    known = cone(seed, rows=1200)
    adapter = learned(known[:600])
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        adapter.check(known[600:])
    assert sum(int(str(w.message).split()[0]) for w in caught) <= 12  # 2 % of 600
    with pytest.warns(OutsideDataWarning, match="400 of 400"):
        adapter.check(cone(seed + 100))


def test_landmarks_are_no_vectors_of_anybody() -> None:
    known = cone(0)
    kept = learned(known).landmarks
    assert kept is not None
    assert 16 <= len(kept) <= len(known) // 4
    unit = known / np.linalg.norm(known, axis=1, keepdims=True)
    assert np.mean((kept.numpy() @ unit.T).max(1) > 0.99999) < 0.2  # but for centres of a single vector


def test_a_folder_keeps_them(tmp_path: Path) -> None:
    adapter = learned(cone(0))
    loaded = load_adapter(save_adapter(adapter, tmp_path / "adapter"))
    assert loaded.config == adapter.config
    assert loaded.config.landmarks > 0
    with pytest.warns(OutsideDataWarning, match="outside what was learned"):
        loaded.check(cone(7))
    flax = pytest.importorskip("elm.adapters._flax")
    with pytest.warns(OutsideDataWarning, match="outside what was learned"):
        flax.FlaxAdapter.load(tmp_path / "adapter").check(cone(7))


def test_few_vectors_show_no_region() -> None:
    assert learned(cone(0, rows=199)).landmarks is None


def test_training_teaches_a_model_what_it_has_seen(tmp_path: Path) -> None:
    rows = cone(0, rows=220, dim=6)
    space = EmbeddingSpace.fit("toy", np.concatenate([rows, -rows]), "dot", {}, "cone")
    table = VectorTable([f"v{number}" for number in range(len(rows))], rows, space)
    teacher = TemplateTeacher({name: Said("one two") for name in table.ids}, 0)  # type: ignore[dict-item]
    model = tiny_elm.model(table)
    steps = LoopConfig(1, 1e-3)
    train_two_stage(model, [Lessons("toy", table, teacher, (SAY,), table.ids)], TwoStage(steps, steps), progress=False)
    model = load_model(save_model(model, tmp_path / "model"))
    with warnings.catch_warnings(action="error"):
        model.describe(rows[:5], "say")
    with pytest.warns(OutsideDataWarning, match="220 of 220 vectors lie far outside what was learned"):
        model.describe(-rows, "say")
