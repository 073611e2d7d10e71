"""Tensors on disk as safetensors, with errors that say which file and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save_file

from elm._errors import CheckpointError
from elm._storage.files import disk_errors, written_aside
from elm._storage.weights import reading_tensors


def read_tensors(path: str | Path) -> tuple[dict[str, torch.Tensor], dict[str, str]]:
    """The tensors of a safetensors file, and its metadata.

    Raises `DataFileError` where the file is missing, `CheckpointError` where it is cut off or damaged.
    """
    with reading_tensors(path), safe_open(path, framework="pt") as file:
        return {name: file.get_tensor(name) for name in file.keys()}, file.metadata() or {}  # noqa: SIM118


def write_tensors(
    path: str | Path, tensors: Mapping[str, torch.Tensor], metadata: Mapping[str, str] | None = None
) -> None:
    """Write a safetensors file; a kill or a full disk leaves what was there before.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "a.safetensors"
    >>> write_tensors(path, {"a": torch.ones(2)}, {"step": "3"})
    >>> read_tensors(path)
    ({'a': tensor([1., 1.])}, {'step': '3'})
    """
    with written_aside(path) as aside, disk_errors(path):
        save_file({k: v.contiguous() for k, v in tensors.items()}, aside, metadata=dict(metadata or {}))


def require_finite(state: Mapping[str, torch.Tensor], source: str | Path) -> None:
    """Raise `CheckpointError` where weights hold NaN or infinity: they decode to nonsense without a complaint."""
    if bad := [k for k, v in state.items() if v.is_floating_point() and not _is_finite(v)]:
        raise CheckpointError(f"weights must be finite, but {', '.join(bad[:3])} in {source} hold NaN or infinity")


def _is_finite(value: torch.Tensor) -> bool:
    """Whether all numbers are, found without a second tensor of that size; NaN counts as least and as greatest."""
    return value.numel() == 0 or all(bool(end.isfinite()) for end in torch.aminmax(value))
