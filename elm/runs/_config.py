"""What decides a run: data, splits, model size, training, and how many held-out entities are scored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from elm._errors import CallError
from elm.data import load as load_dataset
from elm.training import LoopConfig, TwoStage


@dataclass(frozen=True)
class RunConfig:
    """Settings of a run. `dataset` is a name or a folder; `base` is "shipped", a folder or a Hub id."""

    dataset: str = "demo"
    seed: int = 0
    base: str = "shipped"
    film_shares: tuple[float, float] = (0.05, 0.1)  # validation, test
    user_shares: tuple[float, float] = (0.1, 0.1)
    vector_sources: tuple[str, ...] = ("plot", "note")  # the texts behind a film's vector
    target_source: str | None = None  # the text a teacher may quote; never among vector_sources
    factors: int = 64
    soft_tokens: int = 8
    hidden: int = 768
    user_views: int = 2  # vectors a training user gives: all ratings, then random 80 % of them
    extra_films: int = 0  # generated films beyond the catalogue to learn from (demo world only)
    training: TwoStage = field(default_factory=TwoStage)
    scored_films: int = 200
    scored_users: int = 200

    @classmethod
    def for_dataset(
        cls, data: str, vectors_from: Sequence[str] = (), target: str | None = None, **settings: Any
    ) -> RunConfig:
        """Settings for a data set. Real films need a text that teachers quote and others behind the vectors: by default
        the source "tmdb" is quoted (the last one where there is none), and all others make the vectors.
        """
        dataset = load_dataset(data)
        if dataset.facts is None:
            if not dataset.sources:
                raise CallError(
                    f"films need texts to be described, and {data} has none; join some with `elm data --texts --out`"
                )
            target = target or ("tmdb" if "tmdb" in dataset.sources else dataset.sources[-1])
            vectors_from = tuple(vectors_from) or tuple(s for s in dataset.sources if s != target)
        return cls(
            dataset=data, vector_sources=tuple(vectors_from) or cls.vector_sources, target_source=target, **settings
        )

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> RunConfig:
        training = values["training"]
        return cls(
            **{
                **values,
                **{k: tuple(values[k]) for k in ("film_shares", "user_shares", "vector_sources")},
                "training": TwoStage(
                    **{**training, "one": LoopConfig(**training["one"]), "two": LoopConfig(**training["two"])}
                ),
            }
        )
