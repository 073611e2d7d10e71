"""A distilled model on disk: the trained weights of both towers and the items' vectors; the encoder is named."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import numpy as np
import torch

from elm._errors import CallError
from elm._storage.fields import is_count, is_number, is_object, is_one_of, is_positive, is_text, optional, strictly
from elm._storage.folders import read_whole
from elm._storage.parquet import read_texts
from elm._storage.weights import read_exactly
from elm.embeddings import EmbeddingSpace, VectorTable
from elm.recommend._model_folder import ITEMS, WEIGHTS, as_described, check_files, read_config, write_model
from elm.recommend.requests._distilled import Distilled
from elm.recommend.requests._tower import Tower, Tuned
from elm.recommend.tears._named_encoder import NamedEncoder, check_encoder

KIND, SCHEMA = "distilled-requests", 1
_TUNED = get_args(Tuned)


def save_distilled(model: Distilled, folder: str | Path) -> Path:
    """Write the folder whole; it names the sentence encoder and does not hold it. Returns the folder."""
    encoder: Any = model.encoder
    known = [item for item in model.items if item in model.table]
    config = {
        "schema": SCHEMA,
        "kind": KIND,
        "encoder": {"name": encoder.name, "fingerprint": getattr(encoder, "fingerprint", None)},
        "dim": model.f.dim,
        "rank": model.f.rank,
        "hidden": model.f.hidden,
        "tuned": {"requests": model.f.tuned, "items": model.g.tuned},
        "offset": model.offset,
        "rows": len(model.items),
        "space": model.table.space.to_dict(),
    }
    tensors = {
        f"{side}.{name}": value.cpu().contiguous()
        for side, tower in (("f", model.f), ("g", model.g))
        for name, value in tower.trained().items()
    }
    tensors["vectors"] = torch.from_numpy(np.ascontiguousarray(model.table.rows(known)))
    told = ["yes" if item in model.table else "no" for item in model.items]
    return write_model(folder, config, tensors, {"item": list(model.items), "told": told})


def load_distilled(folder: str | Path, encoder: Any = None) -> Distilled:
    """What `save_distilled` wrote. encoder: the sentence encoder, by default the one that the folder names.

    Raises `CheckpointError` unless every part is there, whole, and of this model.
    """
    return read_whole(folder, lambda: _load(Path(folder), encoder))


def _load(folder: Path, encoder: Any) -> Distilled:
    config = read_config(folder, "distilled model")
    check_files(folder, config.get("files"))
    with as_described(folder, "distilled model"):
        told = strictly(config, _FIELDS)
        named = strictly(told["encoder"], {"name": is_text, "fingerprint": optional(is_text)})
        tuned = strictly(told["tuned"], {"requests": is_one_of(*_TUNED), "items": is_one_of(*_TUNED)})
        found: Any = encoder or NamedEncoder(named["name"], named["fingerprint"]).found()
        check_encoder(found, named["name"], named["fingerprint"])
        if found.dim != told["dim"]:
            raise CallError(f"the encoder gives {found.dim} numbers, the model was made for {told['dim']}")
        towers = {
            side: Tower(found, tuned[name], rank=told["rank"], hidden=told["hidden"])
            for side, name in (("f", "requests"), ("g", "items"))
        }
        items = read_texts(folder / ITEMS, ("item", "told"), told["rows"])
        known = [item for item, word in zip(items["item"], items["told"], strict=True) if word == "yes"]
        shapes = {
            f"{side}.{name}": tuple(value.shape)
            for side, tower in towers.items()
            for name, value in tower.trained().items()
        }
        stored = read_exactly(folder / WEIGHTS, {**shapes, "vectors": (len(known), told["dim"])})
        vectors = stored.pop("vectors")
        for side, tower in towers.items():
            tower.take({name[2:]: torch.from_numpy(v) for name, v in stored.items() if name[0] == side})
        table = VectorTable(known, vectors, EmbeddingSpace.from_dict(told["space"]))
        return Distilled(towers["f"], towers["g"], table, float(told["offset"]), items["item"])


_FIELDS = {
    "schema": is_one_of(SCHEMA),
    "kind": is_one_of(KIND),
    "encoder": is_object,
    "dim": is_count,
    "rank": is_count,
    "hidden": is_count,
    "tuned": is_object,
    "offset": is_number,
    "rows": is_positive,
    "space": is_object,
    "files": is_object,
}
