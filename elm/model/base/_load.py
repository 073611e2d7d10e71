"""A base language model loaded by its name, wherever it lies."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from elm.model._placement import Placement
from elm.model.base._find import find_base
from elm.model.base._llm import read_base
from elm.model.hub._access import Access


def load_llm(
    name: str | Path,
    revision: str | None = None,
    strict: bool = False,
    access: Access | None = None,
    dtype: str | torch.dtype = torch.float32,
    device_map: str | Mapping[str, Any] | None = None,
) -> tuple[Any, Any]:
    """(model, tokenizer) of a base: "shipped", a transformers folder, a GGUF file, "gemma-3-270m" or a Hub id.

    Runs no code from there. dtype: of the weights. A base that stays frozen, as with LoRA, may be read in bfloat16, for
    half the memory. device_map: as transformers takes it, for one that a single device does not hold. A GGUF file is
    converted in the first call, which takes minutes and shows its progress.

    Raises `DataFileError` where there is none, `CheckpointError` for weights that are cut off, missing, misshapen or
    not finite, for a description that asks for code, and with `strict` also for weights that the model has no place
    for; for GGUF files also what `converted` raises.
    """
    found = find_base(name, revision, access)
    return read_base(found.place, found.revision, strict, access, Placement(dtype=dtype, device_map=device_map))


def base_reference(name: str | Path, revision: str | None = None) -> dict[str, str | None]:
    """What a folder says of its base: its id, the Hub's commit, and two hashes of a local one, of its weights, or of
    the file that it was converted from (sha256), and of all files that decide its texts (files).

    name: as `load_llm` takes it; one of the Hub has been fetched.
    """
    return find_base(name, revision, Access(local_files_only=True)).reference()
