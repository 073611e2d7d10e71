"""A whole model saved and loaded, by the rules of its folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch

from elm.model._language_model import EmbeddingLanguageModel
from elm.model.folder._store import save_parts
from elm.model.hub._access import Access


def save_model(
    model: EmbeddingLanguageModel,
    folder: str | Path,
    card: str = "",
    dtype: torch.dtype = torch.float32,
    files: Mapping[str, bytes] | None = None,
) -> Path:
    """Write the folder, or replace the model that is in it; a kill at any moment leaves the old model or the new one.

    card: the text of README.md; files: others for the top of the folder, such as a picture that the card shows.
    dtype: of the weights on disk. Raises `OSError` where the disk is full or read-only, `FolderBusyError` while another
    process saves there, `CallError` for weights that are not finite in `dtype`; all leave the model that was there.
    """
    return save_parts(model.parts, folder, card, dtype, files)


def load_model(
    folder: str | Path, device: str = "cpu", base: str | Path | None = None, access: Access | None = None
) -> EmbeddingLanguageModel:
    """Load what `save_model` wrote; `folder` may also be a run folder that holds one as `model/`.

    base: where the base of a LoRA folder is, if no longer at the place that the folder names.

    Raises `DataFileError` when files are missing, `CheckpointError` when one is damaged, of a newer schema, its
    tensors do not fit, or the base is not the one it was trained on. Runs no code from the folder and reads no pickle.
    """
    return EmbeddingLanguageModel.from_folder(folder, device, base, access)
