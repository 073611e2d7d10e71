"""Where a language model lies, and in which numbers it computes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypedDict

import torch

from elm._errors import CallError, UnknownNameError

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}
"""The numbers that a language model may be read in, by name."""


class PlacementOptions(TypedDict, total=False):
    """The fields of `Placement`, for the signatures of doors that load."""

    device: str | torch.device
    dtype: str | torch.dtype
    device_map: str | Mapping[str, Any] | None


@dataclass(frozen=True)
class Placement:
    """What every door that loads a model takes.

    device: "cpu", "cuda", "cuda:1", "mps", or "auto": a GPU where there is one. dtype: of the language model's weights
    and products, "float32", "bfloat16" or "float16"; adapters stay in float32. device_map: as transformers takes it,
    such as "auto", for a language model that one device does not hold; it goes without device.

    Raises `CallError` for a device that is not on this machine, or one beside a map, `UnknownNameError` for other
    numbers.
    """

    device: str | torch.device = "cpu"
    dtype: str | torch.dtype = "float32"
    device_map: str | Mapping[str, Any] | None = None

    def __post_init__(self) -> None:
        if self.numbers not in DTYPES.values():
            raise UnknownNameError("dtype", str(self.dtype), DTYPES)
        if self.device_map is not None and str(self.device) != "cpu":
            raise CallError(f"a device_map says where each part lies, so device goes without it, got {self.device}")
        place = self.place
        try:
            if place.type == "meta":
                raise RuntimeError("it holds no numbers")
            torch.empty(1, device=place)
        except (AssertionError, RuntimeError, NotImplementedError) as error:
            raise self._nowhere(error) from error

    @property
    def place(self) -> torch.device:
        """The device; with a map, that of the vectors before the language model takes them."""
        try:
            return torch.device(best_device() if str(self.device) == "auto" else self.device)
        except RuntimeError as error:
            raise self._nowhere(error) from error

    @property
    def numbers(self) -> torch.dtype | None:
        """The kind of numbers; None for an unknown one."""
        return self.dtype if isinstance(self.dtype, torch.dtype) else DTYPES.get(self.dtype)

    def options(self) -> dict[str, Any]:
        """What transformers is given when it reads the weights."""
        return {"dtype": self.numbers} | ({} if self.device_map is None else {"device_map": self.device_map})

    def _nowhere(self, error: BaseException) -> CallError:
        reason = (str(error).strip() or repr(error)).splitlines()[0][:200]
        return CallError(f"a device of this machine is cpu, cuda, cuda:1 or auto, and {self.device} is none: {reason}")


def best_device() -> str:
    """A GPU where there is one."""
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"
