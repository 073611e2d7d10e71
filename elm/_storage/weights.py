"""What a safetensors file holds, without torch: kinds and shapes by its header, and tensors that are as expected."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from elm._errors import CheckpointError, DataFileError

if TYPE_CHECKING:
    import numpy as np

Kind = tuple[str, tuple[int, ...]]
"""What a tensor is: the kind of its numbers as safetensors names it, such as "F32", and its shape."""

Shapes = Mapping[str, tuple[int, ...]]
"""The tensors that a file must hold: name -> shape."""

FLOATS = ("F32", "F16", "BF16")
"""The kinds of numbers that weights are stored in."""


@contextlib.contextmanager
def reading_tensors(path: str | Path) -> Iterator[None]:
    """Errors of the safetensors library about a file, as ours: `DataFileError` and `CheckpointError`."""
    from safetensors import SafetensorError

    if not Path(path).is_file():
        raise DataFileError(f"{path} is missing; fetch or train the model again")
    try:
        yield
    except (SafetensorError, ValueError, TypeError, OverflowError, MemoryError, RuntimeError) as error:
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise CheckpointError(f"{path} is cut off or damaged ({reason}); fetch or train the model again") from error


def tensor_kinds(path: str | Path) -> dict[str, Kind]:
    """Name -> (kind such as "F32", shape) of each tensor, from the header alone; errors as `reading_tensors`."""
    from safetensors import safe_open

    with reading_tensors(path), safe_open(path, framework="np") as file:
        slices = {name: file.get_slice(name) for name in file.keys()}  # noqa: SIM118
        return {name: (str(part.get_dtype()), tuple(part.get_shape())) for name, part in slices.items()}


def misfits(found: Mapping[str, Kind], wanted: Shapes, kinds: tuple[str, ...] = FLOATS) -> list[str]:
    """The names of tensors that are missing, unexpected, or of another shape or kind than expected.

    >>> misfits({"a": ("F32", (3,)), "b": ("I64", (3,)), "c": ("F32", (2,))}, {"a": (3,), "b": (3,), "d": (1,)})
    ['b', 'c', 'd']
    """
    right = {name for name, (kind, shape) in found.items() if kind in kinds and wanted.get(name) == shape}
    return sorted((wanted.keys() | found.keys()) - right)


def read_exactly(path: str | Path, wanted: Shapes, kinds: tuple[str, ...] = ("F32",)) -> dict[str, np.ndarray]:
    """The tensors of a file as arrays, once they are those that are called for, and all their numbers finite.

    wanted: name -> shape; kinds: of their numbers. Decided from the header, before memory of that size is asked for.
    Raises `DataFileError` where the file is missing, `CheckpointError` for the rest.
    """
    import numpy as np
    from safetensors.numpy import load_file

    found = tensor_kinds(path)
    if odd := misfits(found, wanted, kinds):
        told = "; ".join(f"{name} should be {_told(wanted, name)} and is {_told(found, name)}" for name in odd[:3])
        called = f"the tensors of what is described beside it, of {' or '.join(kinds)} numbers"
        raise CheckpointError(f"{path} must hold {called}; make or fetch it again: {told}")
    with reading_tensors(path):
        state = load_file(path)
    if bad := [name for name, value in state.items() if not np.isfinite(value).all()]:
        raise CheckpointError(f"the numbers in {path} must be finite, but {', '.join(bad[:3])} hold NaN or infinity")
    return state


def _told(tensors: Mapping[str, object], name: str) -> str:
    return str(tensors[name]) if name in tensors else "absent"
