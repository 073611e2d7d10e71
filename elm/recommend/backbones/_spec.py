"""What a backbone declares of itself: its settings, how it is fitted, how it lies on disk, and what tunes it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from numbers import Integral, Real
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias, get_args, get_type_hints

import torch
from scipy import sparse

from elm._errors import CallError
from elm.recommend._held_out import HeldOut
from elm.recommend.backbones._autoencoder import Backbone

Settings: TypeAlias = Mapping[str, Any]


class Fitting(NamedTuple):
    """How a fit is run, whatever the model. device: where an autoencoder is trained; others know the CPU alone."""

    seed: int = 0
    device: str = "cpu"
    progress: bool = False


@dataclass(frozen=True, kw_only=True)
class BackboneSpec(ABC):
    """One backbone. Its file declares it as `SPEC`, and the registry lists it: nothing else has to know it.

    name: in `MODELS`, and the kind of its folders. network: the class that `fit` gives. grid: setting -> the values
    that are tried where it is tuned; empty where nothing is.
    """

    name: str
    network: type[Any]
    grid: Mapping[str, Sequence[float]] = field(default_factory=dict)

    @abstractmethod
    def settings(self) -> Mapping[str, Any]:
        """Setting that `fit` takes -> its type (`setting_types`)."""

    @abstractmethod
    def fit(self, ratings: sparse.csr_matrix, validation: HeldOut, settings: Settings, how: Fitting) -> Backbone:
        """The model of a split's training rows (users, items), raw ratings; `settings` are checked already."""

    @abstractmethod
    def packed(self, model: Any) -> tuple[dict[str, Any], dict[str, torch.Tensor]]:
        """What makes the model again: plain values, and tensors by name."""

    @abstractmethod
    def unpacked(self, config: Any, weights: Path) -> Any:
        """The model of what `packed` gave, read from JSON and from a file of tensors, neither of them trusted.

        `ValueError` (or a `DataFileError`) where they do not make one.
        """


def setting_types(of: Callable[..., Any]) -> dict[str, Any]:
    """The settings of a config or of a `fit`, and their types; not what `fit_backbone` itself hands over."""
    own = ("items", "ratings", "seed", "return")
    return {name: kind for name, kind in get_type_hints(of).items() if name not in own}


def check_settings(name: str, settings: Settings, types: Mapping[str, Any]) -> None:
    """Raise `CallError` for a setting that the model `name` does not have, or a value of another type."""
    odd = sorted(set(settings) - set(types))
    if odd:
        known = f"it has {', '.join(sorted(types))}" if types else "it has none"
        raise CallError(f"{name} has no setting {odd[0]!r}; {known}")
    for setting, value in settings.items():
        wanted = types[setting]
        if not _fits(value, wanted):
            kind = wanted.__name__ if isinstance(wanted, type) else str(wanted).removeprefix("typing.")
            raise CallError(f"setting {setting!r} of {name} must be {kind}, got {value!r}; give another value")


def _fits(value: object, wanted: Any) -> bool:
    """Whether a value is of a type, of one in a union, or one that a `Literal` lists; a bool is no number here."""
    kinds = get_args(wanted) or (wanted,)
    types = tuple(_NUMBERS.get(kind, kind) for kind in kinds if isinstance(kind, type))
    return value in kinds or (isinstance(value, types) and isinstance(value, bool) == (bool in kinds))


_NUMBERS: Mapping[type, Any] = {int: Integral, float: Real}  # those of numpy too
