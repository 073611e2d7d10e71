"""The stance reader that comes with the package, and how one lies on disk."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors.torch import save_file

from elm._storage.fields import is_count, is_object, is_text, strictly
from elm._storage.files import read_json, write_json
from elm.recommend._model_folder import CONFIG, WEIGHTS, with_weights
from elm.recommend.stance._reader import StanceReader, StanceShape
from elm.recommend.stance._rules import StanceRules

_SHIPPED = Path(__file__).parent / "shipped"


def reader_for(encoder: Any) -> StanceReader | StanceRules:
    """The shipped reader where it was trained on this encoder, else the rules.

    The shipped one has learned from the frames of this package on all-MiniLM-L6-v2 (docs/results/wordings.md).
    """
    told = read_json(_SHIPPED / CONFIG)
    if getattr(encoder, "fingerprint", None) != told["fingerprint"]:
        return StanceRules()
    return with_weights(lambda: StanceReader(encoder, stance_shape(told["shape"])), _SHIPPED / WEIGHTS).eval()


def save_reader(reader: StanceReader, folder: Path = _SHIPPED) -> None:
    """Write a reader's updates and head, with the fingerprint of the encoder that they were trained on."""
    folder.mkdir(parents=True, exist_ok=True)
    save_file(
        {name: value.detach().cpu().contiguous() for name, value in reader.state_dict().items()}, folder / WEIGHTS
    )
    write_json(folder / CONFIG, {"fingerprint": reader.encoder.fingerprint, "shape": shape_told(reader.shape)})


def shape_told(shape: StanceShape) -> dict[str, Any]:
    """A shape as plain values."""
    return {"rank": shape.rank, "dim": shape.dim, "layers": {name: list(size) for name, size in shape.layers.items()}}


def stance_shape(value: Any) -> StanceShape:
    """A shape from `shape_told`; `ValueError` for anything else."""
    told = strictly(value, {"rank": is_count, "dim": is_count, "layers": is_object})
    layers: Mapping[str, Any] = told["layers"]
    for name, size in layers.items():
        if not (is_text(name) and isinstance(size, list) and len(size) == 2 and all(map(is_count, size))):
            raise ValueError(f"layers are name -> [numbers out, numbers in], got {name!r}: {size!r}")
    return StanceShape({name: (size[0], size[1]) for name, size in layers.items()}, told["rank"], told["dim"])


def stance_told(reader: StanceReader | StanceRules) -> dict[str, Any]:
    """What a recommender's config says of its reader: its shape, or nothing for the rules."""
    return shape_told(reader.shape) if isinstance(reader, StanceReader) else {}


def stance_from(told: Mapping[str, Any], encoder: Any) -> StanceReader | StanceRules:
    """The reader that `stance_told` tells of, its weights still to come."""
    return StanceReader(encoder, stance_shape(told)) if told else StanceRules()
