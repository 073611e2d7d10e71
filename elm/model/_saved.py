"""A whole model loaded, by the rules of its folder."""

from __future__ import annotations

from pathlib import Path
from typing import Unpack

from elm.model._language_model import EmbeddingLanguageModel
from elm.model._placement import Placement, PlacementOptions
from elm.model.hub._access import Access


def load_model(
    folder: str | Path,
    *,
    base: str | Path | None = None,
    access: Access | None = None,
    **placement: Unpack[PlacementOptions],
) -> EmbeddingLanguageModel:
    """Load what `save_model` wrote; `folder` may also be a run folder that holds one as `model/`.

    base: where the base of a LoRA folder is, if no longer at the place that the folder names. Further options say where
    the model lies and in which numbers: device, dtype and device_map (`Placement`).

    Raises `DataFileError` when files are missing, `CheckpointError` when one is damaged, of a newer schema, its
    tensors do not fit, or the base is not the one it was trained on, `CallError` for a device that is not there. Runs
    no code from the folder and reads no pickle.
    """
    return EmbeddingLanguageModel.from_folder(folder, Placement(**placement), base, access)
