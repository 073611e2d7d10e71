"""What decides a run: data, splits, model size, training, and how many held-out entities are scored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from elm._errors import CallError, DataFileError, UnknownNameError
from elm.data import load as load_dataset
from elm.embeddings import DEFAULT_ENCODER
from elm.model import DTYPES
from elm.runs._folder import RunFolder
from elm.tasks import all_tasks, domain_of
from elm.training import LoopConfig, TwoStage


@dataclass(frozen=True)
class RunConfig:
    """Settings of a run. `dataset` is a name or a folder; `base` is as `load_llm` takes it, such as "shipped" or
    "gemma-3-270m"; `encoder` is the name or the folder of a sentence encoder. The items are called films here, whatever
    the domain.
    """

    dataset: str = "demo"
    domain: str = "films"
    seed: int = 0
    base: str = "shipped"
    base_dtype: str = "float32"  # numbers of the base's weights; in half of them it stays frozen, beside LoRA
    encoder: str = DEFAULT_ENCODER
    film_shares: tuple[float, float] = (0.05, 0.1)  # validation, test
    user_shares: tuple[float, float] = (0.1, 0.1)
    vector_sources: tuple[str, ...] = ("plot", "note")  # the texts behind a film's vector
    target_source: str | None = None  # the text a teacher may quote; never among vector_sources
    themes: int = 6  # words that tell what a real film is about; 0: teachers quote its plot instead
    film_tasks: tuple[str, ...] = ("summary", "positive_review", "negative_review", "five_positive")
    user_tasks: tuple[str, ...] = ("user_profile", "user_summary")
    factors: int = 64
    soft_tokens: int = 8
    hidden: int = 768
    user_views: int = 2  # vectors a training user gives: all ratings, then random 80 % of them
    extra_films: int = 0  # generated films beyond the catalogue to learn from (demo world only)
    pair_share: float | None = None  # of the film batches, those about two films; None: as tasks come
    training: TwoStage = field(default_factory=TwoStage)
    validate_every: int = 0  # steps between validations that generate, the best of which is kept; 0: none
    patience: int = 0  # validations without a new best after which a stage stops; 0: it never does
    text_lora_rank: int = 0  # of the updates that tune the recommender's text encoder; 0 keeps it frozen
    scored_films: int = 200
    scored_users: int = 200

    @classmethod
    def for_dataset(
        cls, data: str, vectors_from: Sequence[str] = (), target: str | None = None, **settings: Any
    ) -> RunConfig:
        """Settings for a data set. Real films need a text that teachers quote and others behind the vectors: by default
        the source "tmdb" is quoted (the last one where there is none), and all others make the vectors; of a single
        source every other sentence. Of a generated world all texts make the vectors. The tasks are those of the data
        set's domain (`domain_of`), unless `settings` name some.
        """
        dataset = load_dataset(data)
        domain = settings.setdefault("domain", domain_of(dataset))
        if domain != cls.domain:
            known = all_tasks(domain=domain)
            settings.setdefault("film_tasks", tuple(task.id for task in known if task.reads != "user"))
            settings.setdefault("user_tasks", tuple(task.id for task in known if task.reads == "user"))
        if dataset.facts is not None:
            vectors_from = tuple(vectors_from) or tuple(sorted(dataset.sources, reverse=True))
        else:
            if not dataset.sources:
                raise CallError(
                    f"films need texts to be described, and {data} has none; join some with `elm data --texts --out`"
                )
            target = target or ("tmdb" if "tmdb" in dataset.sources else dataset.sources[-1])
            vectors_from = tuple(vectors_from) or tuple(s for s in dataset.sources if s != target) or (target,)
        return cls(
            dataset=data, vector_sources=tuple(vectors_from) or cls.vector_sources, target_source=target, **settings
        )

    def __post_init__(self) -> None:
        if self.base_dtype not in DTYPES:
            raise UnknownNameError("dtype", self.base_dtype, DTYPES)
        if self.base_dtype != "float32" and not self.training.lora_rank:
            raise CallError(
                f"weights that are trained are in float32, and the base is to be in {self.base_dtype}: train it with "
                "LoRA (lora_rank, --lora)"
            )

    def with_tasks(self, names: Sequence[str]) -> RunConfig:
        """The same with these film tasks: ids, "all" of the domain, or none named, which changes nothing.

        Raises `UnknownNameError` for a task that the domain does not have, `CallError` for one that reads users.
        """
        known = [task.id for task in all_tasks("item", "pair", "neighbours", domain=self.domain)]
        if not names:
            return self
        chosen = known if list(names) == ["all"] else list(dict.fromkeys(names))
        for name in chosen:
            if name not in known:
                if name in {task.id for task in all_tasks("user", domain=self.domain)}:
                    raise CallError(
                        f"film tasks are about films, and {name!r} is about users, who have tasks of their own"
                    )
                raise UnknownNameError("film task", name, known)
        return replace(self, film_tasks=tuple(chosen))

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as `run.json` keeps them."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any], source: object = "run.json") -> RunConfig:
        """Read what `to_dict` wrote; a setting that an older version did not know has its default.

        Raises `DataFileError` where a setting is unknown or of another kind.
        """
        known = dict(values)
        try:
            for name in ("film_shares", "user_shares", "vector_sources", "film_tasks", "user_tasks"):
                if name in known:
                    known[name] = tuple(known[name])
            if "training" in known:
                stages = {stage: LoopConfig(**known["training"][stage]) for stage in ("one", "two")}
                known["training"] = TwoStage(**{**known["training"], **stages})
            return cls(**known)
        except (KeyError, TypeError) as error:
            raise DataFileError(f"{source} holds the settings of a run, and these are not: {error}") from error

    def begin(self, out: str | Path, fresh: bool = False) -> RunFolder:
        """The run folder `out` with these settings: a new one, or the one that goes on; errors of `RunFolder.start`."""
        return RunFolder.start(out, self.to_dict(), fresh, lambda came: RunConfig.from_dict(came, out).to_dict())
