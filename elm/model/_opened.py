"""The model that a call is about: one in memory, one by its name, or the one that ships."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Unpack

from elm._errors import CallError
from elm.model._language_model import EmbeddingLanguageModel
from elm.model._placement import PlacementOptions
from elm.model._shipped import shipped_model


def opened(
    model: EmbeddingLanguageModel | str | Path | None = None, **placement: Unpack[PlacementOptions]
) -> EmbeddingLanguageModel:
    """A model as it is, the one of a folder, of a repository on the Hub or of a name that the package carries, or, for
    None, the shipped one.

    placement: device, dtype and device_map of one that is loaded (`Placement`). Errors are those of `elm.load`;
    `CallError` where a model that is in memory already should be placed.
    """
    if model is None:
        return shipped_model(**placement)
    if not isinstance(model, EmbeddingLanguageModel):
        return EmbeddingLanguageModel.from_pretrained(model, **placement)
    if placement:
        raise CallError(
            f"{' and '.join(placement)} are of a model that is loaded, and this one is: name its folder, or move it "
            "with model.to"
        )
    return model


def split_placement(options: dict[str, Any]) -> tuple[PlacementOptions, dict[str, Any]]:
    """Options of a call that loads and reads: those of the loading, and the others."""
    names = PlacementOptions.__annotations__
    placed: Any = {name: value for name, value in options.items() if name in names}
    return placed, {name: value for name, value in options.items() if name not in names}
