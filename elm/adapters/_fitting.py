"""What loading an adapter in torch and in JAX have in common: all fits, or an error says what does not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from elm._errors import CallError, CheckpointError
from elm._storage.weights import tensor_kinds
from elm.adapters._config import AdapterConfig, read_adapter_config, shape_problems
from elm.embeddings import EmbeddingSpace

CONFIG, WEIGHTS = "config.json", "model.safetensors"


def fitting(folder: Path) -> tuple[AdapterConfig, Path]:
    """The config of an adapter's folder, and its file of weights, whose names, shapes and kinds are those called for.

    Decided from the file's header, before memory of that size is asked for. Raises `DataFileError` where a file is
    missing, `CheckpointError` for the rest.
    """
    config, path = read_adapter_config(folder), folder / WEIGHTS
    if odd := shape_problems(config, tensor_kinds(path)):
        listed = ", ".join(odd[:5])
        raise CheckpointError(f"the tensors in {path} do not fit: {listed}; it is damaged or of another model")
    return config, path


def require_space(space: Callable[[], EmbeddingSpace], path: Path) -> None:
    """`CheckpointError` where the mean and scale in a file of weights are not those of a space."""
    try:
        space()
    except CallError as error:
        raise CheckpointError(f"{path} does not hold the statistics of a space: {error}") from error
