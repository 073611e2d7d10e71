"""What an adapter is: the space it reads, its shape, its tasks. Plain data that torch, Flax and the commands share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from elm._errors import CallError, CheckpointError
from elm._storage.fields import is_count, is_number, is_one_of, is_positive, is_size, is_text, is_texts, strictly
from elm._storage.files import read_json
from elm._storage.weights import Kind, misfits

if TYPE_CHECKING:
    from elm.embeddings import EmbeddingSpace

_FIELDS = {
    "space": is_text,
    "fingerprint": is_text,
    "metric": is_one_of("cosine", "dot"),
    "dim": is_count,
    "token_dim": is_count,
    "soft_tokens": is_count,
    "hidden": is_count,
    "reach": is_positive,
    "tasks": is_texts,
}
_LATER = {"landmarks": (is_size, 0), "near": (is_number, 0.0), "encoder": (is_text, "")}
"""Fields that came later: the check, and the value in a folder that was written before; a new one is one entry here."""


@dataclass(frozen=True)
class AdapterConfig:
    """The shape of an adapter, the space that it reads, and the tasks that it has learned (none named: any).

    landmarks: how many directions of its training vectors it keeps; near: the cosine that a vector has with one of
    them at least, or it lies outside what was learned. encoder: the name of the text encoder whose space it is; ""
    where none is known.
    """

    space: str
    fingerprint: str
    metric: Literal["cosine", "dot"]
    dim: int  # of W
    token_dim: int  # of Z
    soft_tokens: int = 8
    hidden: int = 512
    reach: float = 1e30
    tasks: tuple[str, ...] = ()
    landmarks: int = 0
    near: float = 0.0
    encoder: str = ""

    def __post_init__(self) -> None:
        for name in ("dim", "token_dim", "soft_tokens", "hidden"):
            if getattr(self, name) < 1:
                raise CallError(f"an adapter's {name} must be at least 1, got {getattr(self, name)}")

    @classmethod
    def from_dict(cls, value: Any, source: object = "the description") -> AdapterConfig:
        """Read what `to_dict` wrote; `CheckpointError` names `source` and the field that is missing, wrong or new."""
        try:
            if isinstance(value, dict):
                value = {name: default for name, (_, default) in _LATER.items()} | value
            fields = strictly(value, _FIELDS | {name: check for name, (check, _) in _LATER.items()})
        except ValueError as error:
            raise CheckpointError(f"{source} is not an adapter's config: {error}") from error
        return cls(**{**fields, "tasks": tuple(fields["tasks"]), "reach": float(fields["reach"])})

    def to_dict(self) -> dict[str, Any]:
        """The fields as plain JSON values; later ones only where they say something."""
        fields = {**asdict(self), "tasks": list(self.tasks)}
        return {name: value for name, value in fields.items() if name not in _LATER or value != _LATER[name][1]}

    def reads(self, space: EmbeddingSpace) -> bool:
        """Whether the adapter was made for vectors of this space. Its name is a label: what made the vectors counts."""
        return (self.dim, self.metric, self.fingerprint) == (space.dim, space.metric, space.fingerprint)

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The names and shapes of the tensors in `model.safetensors`.

        mean, scale: the space's normalisation; inner: dim -> hidden; outer: hidden -> soft_tokens * token_dim;
        norm: over token_dim; landmarks: where there are any.
        """
        out = self.soft_tokens * self.token_dim
        known = {"landmarks": (self.landmarks, self.dim)} if self.landmarks else {}
        return {
            **known,
            "mean": (self.dim,),
            "scale": (self.dim,),
            "inner.weight": (self.hidden, self.dim),
            "inner.bias": (self.hidden,),
            "outer.weight": (out, self.hidden),
            "outer.bias": (out,),
            "norm.weight": (self.token_dim,),
            "norm.bias": (self.token_dim,),
        }


def read_adapter_config(folder: str | Path) -> AdapterConfig:
    """The config in an adapter's folder; `DataFileError` where there is none, else errors as `from_dict`."""
    path = Path(folder) / "config.json"
    return AdapterConfig.from_dict(read_json(path), path)


def shape_problems(config: AdapterConfig, kinds: Mapping[str, Kind]) -> list[str]:
    """The names of tensors that a config does not call for, that it calls for in vain, or in another shape or kind.

    kinds: name -> (kind, shape), as `tensor_kinds` reads them from a file's header.
    """
    return misfits(kinds, config.shapes())
