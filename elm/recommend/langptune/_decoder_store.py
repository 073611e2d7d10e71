"""What a decoder has learned, in a folder that vouches for its files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from elm._errors import CheckpointError
from elm._storage.weights import read_exactly
from elm.recommend._model_folder import CONFIG, WEIGHTS, check_files, read_config, write_model
from elm.recommend.langptune._decoder import ProfileRecommender

_SCHEMA = 1


def keep_decoder(decoder: ProfileRecommender, folder: Path, settings: Mapping[str, Any]) -> None:
    """Write the trained weights, and the settings of the training, so that it goes on as it was begun."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    tensors = {name: value.detach().cpu().contiguous() for name, value in decoder.tower.trained().items()}
    write_model(folder, _config(decoder, settings), tensors, {"item": decoder.items})


def take_decoder(decoder: ProfileRecommender, folder: Path, settings: Mapping[str, Any]) -> None:
    """Put kept weights in place; `CheckpointError` where they are damaged, or of another decoder or training."""
    config = read_config(folder, "decoder")
    check_files(folder, config.pop("files", None))
    if config != _config(decoder, settings):
        raise CheckpointError(
            f"{folder / CONFIG} is of another decoder, or of a training with other settings: delete it to begin again"
        )
    wanted = {name: tuple(value.shape) for name, value in decoder.tower.trained().items()}
    stored = read_exactly(folder / WEIGHTS, wanted)
    decoder.tower.take({name: torch.from_numpy(value) for name, value in stored.items()})
    decoder.changed()


def _config(decoder: ProfileRecommender, settings: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "schema": _SCHEMA,
        "kind": "langptune-decoder",
        "protocol": decoder.protocol.name,
        "tuned": decoder.tower.tuned,
        "encoder": str(getattr(decoder.tower.encoder, "fingerprint", "")),
        "settings": dict(settings),
    }
