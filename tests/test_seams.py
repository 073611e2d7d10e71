"""What CONTRIBUTING.md says of additions: each part is declared in its own file, and one line makes it known."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from scipy import sparse

from elm._errors import CallError
from elm.model.base import _find
from elm.model.base._found import Found
from elm.recommend import BackboneRecommender, HeldOut, fit_backbone, load
from elm.recommend.backbones import _registry
from elm.recommend.backbones._spec import BackboneSpec
from elm.tasks import TemplateTeacher, _task, all_tasks, get, task


class Fixed:
    """A backbone that ranks items in one order for everybody."""

    def __init__(self, order: np.ndarray) -> None:
        self.order, self.items = order, len(order)

    def scores(self, histories: sparse.csr_matrix) -> np.ndarray:
        found = np.repeat(self.order[None].astype(np.float32), histories.shape[0], axis=0)
        found[histories.toarray() > 0] = -np.inf
        return found


class FixedSpec(BackboneSpec):
    def settings(self) -> Mapping[str, Any]:
        return {"turned": bool}

    def fit(self, ratings: sparse.csr_matrix, validation: HeldOut, settings: Mapping[str, Any], how: Any) -> Any:
        order = np.arange(ratings.shape[1])
        return Fixed(order[::-1].copy() if settings.get("turned") else order)

    def packed(self, model: Any) -> tuple[dict[str, Any], dict[str, torch.Tensor]]:
        return {}, {"order": torch.as_tensor(model.order)}

    def unpacked(self, config: Any, weights: Path) -> Fixed:
        from safetensors.numpy import load_file

        return Fixed(load_file(weights)["order"])


def test_a_backbone_is_its_spec_and_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    spec = FixedSpec(name="fixed", network=Fixed)
    monkeypatch.setattr(_registry, "_SPECS", (*_registry._SPECS, spec))
    monkeypatch.setitem(_registry.BACKBONES, "fixed", spec)  # type: ignore[arg-type]  # the line that makes it known
    ratings = sparse.csr_matrix(np.eye(3, 4, dtype=np.float32) * 5)
    validation = HeldOut(ratings, ratings)
    with pytest.raises(CallError, match="fixed has no setting 'size'; it has turned"):
        fit_backbone("fixed", ratings, validation, size=3)
    rec = BackboneRecommender(fit_backbone("fixed", ratings, validation, turned=True), ["a", "b", "c", "d"])
    rec.save(tmp_path / "rec")
    again = load(tmp_path / "rec")
    assert [place.item for place in again.recommend(["b"], k=3)] == ["a", "c", "d"]


def test_a_task_is_its_file_and_one_import(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_task, "_REGISTRY", dict(_task._REGISTRY))

    @task("tagline", "item", "Write a tagline for the {item} <|vector|>.")
    def _(facts: Any, rng: Any) -> str:
        return f"All about {facts}."

    assert get("tagline", "books").prompt == "Write a tagline for the book <|vector|>."
    assert "tagline" in {known.id for known in all_tasks(domain="products")}
    assert TemplateTeacher({"f1": "moons"}).write("f1", "tagline") == "All about moons."  # type: ignore[dict-item]


def test_a_place_of_bases_is_its_find_and_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()

    def find(name: Any, revision: Any, access: Any) -> Found | None:
        place = tmp_path / str(name)
        return Found(f"drawer/{name}", place) if place.is_dir() else None

    monkeypatch.setattr(_find, "_PLACES", (find, *_find._PLACES))
    assert _find.find_base("mine") == Found("drawer/mine", tmp_path / "mine")
    assert _find.find_base("shipped").id == "elm-toolkit/demo-base"
