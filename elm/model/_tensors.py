"""Tensors on disk as safetensors, with errors that say which file and what to do."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from elm._errors import CheckpointError, DataFileError
from elm._files import written_aside


def read_tensors(path: str | Path) -> tuple[dict[str, torch.Tensor], dict[str, str]]:
    """The tensors of a safetensors file, and its metadata.

    Raises `DataFileError` where the file is missing, `CheckpointError` where it is cut off or damaged.
    """
    try:
        with safe_open(path, framework="pt") as file:
            return {name: file.get_tensor(name) for name in file.keys()}, file.metadata() or {}  # noqa: SIM118
    except FileNotFoundError as error:
        raise DataFileError(f"{path} is missing; fetch or train the model again") from error
    except SafetensorError as error:
        raise CheckpointError(f"{path} is cut off or damaged ({error}); fetch or train the model again") from error


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


@contextlib.contextmanager
def disk_errors(target: str | Path) -> Iterator[None]:
    """A full disk is an `OSError` about `target`; safetensors reports it as an error of its own."""
    try:
        yield
    except SafetensorError as error:
        number = re.search(r"(?:os error|code:) (\d+)", str(error))
        if number is None:
            raise
        reason = f"{os.strerror(int(number[1]))}; what was there before is kept"
        raise OSError(int(number[1]), reason, str(target)) from error
