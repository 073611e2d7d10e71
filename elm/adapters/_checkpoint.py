"""One adapter on disk: `config.json` and `model.safetensors`, loaded exactly or not at all."""

from __future__ import annotations

from pathlib import Path

import torch

from elm._errors import CallError
from elm._storage.files import write_json
from elm._storage.folders import folder_written_aside, read_whole
from elm.adapters._fitting import CONFIG, WEIGHTS, fitting, require_space
from elm.adapters._mlp import MLPAdapter
from elm.adapters._tensors import read_tensors, require_finite, write_tensors

_NORMALISATION = ("mean", "scale")  # a space's statistics are never stored in half precision


def save_adapter(adapter: MLPAdapter, folder: str | Path, dtype: torch.dtype = torch.float32) -> Path:
    """Write one adapter as a folder of its own, or replace the one that is there; a kill leaves the old or the new.

    dtype: of the weights on disk; the space's mean and scale stay in float32. Raises `CallError` for weights that are
    not finite in `dtype`, `OSError` where the disk is full.
    """
    with folder_written_aside(folder) as aside:
        write_adapter(adapter, aside, dtype)
    return Path(folder)


def write_adapter(adapter: MLPAdapter, folder: Path, dtype: torch.dtype = torch.float32) -> None:
    """Write the two files into a folder that a caller puts in place."""
    state = {
        name: value.detach().to("cpu", torch.float32 if name in _NORMALISATION else dtype)
        for name, value in adapter.state_dict().items()
    }
    if bad := [name for name, value in state.items() if not torch.isfinite(value).all()]:
        raise CallError(f"an adapter's weights must be finite in {dtype} to be saved, but {', '.join(bad)} are not")
    write_json(folder / CONFIG, adapter.config.to_dict())
    write_tensors(folder / WEIGHTS, state)


def load_adapter(folder: str | Path) -> MLPAdapter:
    """Load what `save_adapter` wrote, in float32.

    Strict: a tensor that is missing, extra, misshapen or not finite is a `CheckpointError`, and so is a config with a
    field that is missing, of a wrong kind or unknown; a missing file is a `DataFileError`.
    """
    return read_whole(folder, lambda: _load(Path(folder)))


def _load(folder: Path) -> MLPAdapter:
    config, path = fitting(folder)
    state, _ = read_tensors(path)
    require_finite(state, path)
    with torch.random.fork_rng(devices=[]):  # weights are drawn before they are read
        adapter = MLPAdapter(config)
    adapter.load_state_dict({name: value.float() for name, value in state.items()})
    require_space(adapter.space, path)
    return adapter.eval()
