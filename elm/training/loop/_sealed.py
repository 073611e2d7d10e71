"""Tensors and what is said of them in one safetensors file, with a checksum over both."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import torch

from elm._errors import CheckpointError
from elm.adapters import read_tensors, write_tensors

_SEAL = "sha256"  # among the metadata


def write_sealed(path: Path, tensors: Mapping[str, torch.Tensor], about: Mapping[str, str], use: str = "") -> None:
    """Write a file that `read_sealed` reads; a kill or a full disk leaves what was there before.

    use: what the file is for; it is not stored, but only who names it again can read the file.
    """
    kept = {name: value.detach().cpu().contiguous() for name, value in tensors.items()}
    write_tensors(path, kept, {**about, _SEAL: _digest(kept, about, use)})


def read_sealed(path: Path, use: str = "") -> tuple[dict[str, torch.Tensor], dict[str, str]]:
    """What `write_sealed` wrote for this use.

    A file without a checksum, as earlier versions wrote them, is read as it is: taking a checksum away needs intent,
    and intent could as well write another. Raises `DataFileError` where the file is missing, `CheckpointError` where
    it is cut off, damaged or changed.
    """
    tensors, about = read_tensors(path)
    seal = about.pop(_SEAL, None)
    if seal is not None and seal != _digest(tensors, about, use):
        otherwise = f", or is not {use}" if use else ""
        raise CheckpointError(
            f"{path} is damaged, or was changed since it was written{otherwise}; delete it to begin again"
        )
    return tensors, about


def _digest(tensors: Mapping[str, torch.Tensor], about: Mapping[str, str], use: str) -> str:
    """The sha256 of names, kinds, shapes and bytes of all tensors, of the metadata and of the use."""
    digest = hashlib.sha256(repr((use, sorted(about.items()))).encode())
    for name, value in sorted(tensors.items()):
        digest.update(repr((name, str(value.dtype), tuple(value.shape))).encode())
        digest.update(value.reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()
