"""What decides a reader: its data, base, tasks, and how long it is trained."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypedDict

from elm._errors import CallError, DataFileError, UnknownNameError
from elm.embeddings import DEFAULT_ENCODER
from elm.runs._folder import RunFolder
from elm.tasks import TEXT_TASKS

KIND = "reader"
SINGLE = ("text", "gist", "topics")
"""Tasks about one entity; "common" and "difference" are learned from means and pairs of them."""


class FitOptions(TypedDict, total=False):
    """Options of `elm.fit`, the fields of `ReaderConfig` that a caller chooses."""

    base: str
    task: str | tuple[str, ...] | list[str]
    encoder: str
    reader: str | None
    epochs: float
    words: int
    groups: int
    batch_tokens: int
    lora: int
    hidden: int
    scored: int
    seed: int


@dataclass(frozen=True)
class ReaderConfig:
    """Settings of a reader.

    data: hash of vectors and texts. space: name of the vectors' space. base: as `load_llm` takes it; "auto" is Gemma 3
    270M where it is at hand, else the shipped base, whose language is small. encoder: the sentence encoder that reads
    texts back, for scores. reader: a trained reader's folder to begin from. epochs: how often each text is learned in
    stage two; stage one takes a third of its steps. words: of a text that are learned, at most. groups: means of
    entities to learn "common" and "topics" from, as many as this share of the training entities in percent. lora: rank
    of the updates of the base in stage two; 0 trains all its weights. scored: test entities, at most.
    """

    data: str
    space: str
    base: str
    task: tuple[str, ...] = ("text", "topics")
    encoder: str = DEFAULT_ENCODER
    reader: str | None = None
    epochs: float = 1.0
    words: int = 60
    groups: int = 0
    batch_tokens: int = 700
    lora: int = 16
    hidden: int = 768
    soft_tokens: int = 8
    shares: tuple[float, float] = (0.05, 0.1)
    scored: int = 100
    seed: int = 0
    kind: str = KIND

    def __post_init__(self) -> None:
        known = [task.id for task in TEXT_TASKS]
        for name in self.task:
            if name not in known:
                raise UnknownNameError("task over texts", name, known)
        if not set(self.task) & set(SINGLE):
            raise CallError(
                f"a reader learns one of {', '.join(SINGLE)} at least, got {', '.join(self.task) or 'none'}"
            )
        if not (self.epochs > 0 and self.words >= 4 and self.groups >= 0 and self.scored >= 2):
            raise CallError(
                "a reader has epochs above 0, texts of 4 words or more, groups of 0 percent or more, and 2 scored "
                f"entities or more, got {self.epochs}, {self.words}, {self.groups} and {self.scored}"
            )
        if "common" in self.task and not self.groups:
            raise CallError(
                "what vectors have in common is learned from means: give groups, such as groups=50 (percent)"
            )

    @classmethod
    def of(cls, data: str, space: str, **options: Any) -> ReaderConfig:
        """Settings for data; `task` may be one name. Raises `CallError` for values that cannot be."""
        task = options.pop("task", cls.task)
        options["task"] = (task,) if isinstance(task, str) else tuple(dict.fromkeys(task))
        options["base"] = chosen_base(options.get("base", "auto"))
        if options["base"] == "shipped":  # small: all its weights, in larger batches and more of them
            options = {"lora": 0, "batch_tokens": 2400, "epochs": 12.0} | options
        try:
            return cls(data, space, **options)
        except TypeError as error:
            raise CallError(f"a reader has no such setting: {error}") from error

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as `run.json` keeps them."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any], source: object = "run.json") -> ReaderConfig:
        """Read what `to_dict` wrote; `DataFileError` where a setting is unknown or of another kind."""
        try:
            known: dict[str, Any] = {k: tuple(v) if k in ("task", "shares") else v for k, v in values.items()}
            return cls(**known)
        except TypeError as error:
            raise DataFileError(f"{source} holds the settings of a reader, and these are not: {error}") from error

    def begin(self, out: str | Path, fresh: bool = False) -> RunFolder:
        """The folder `out` with these settings: a new one, or the one that goes on; errors of `RunFolder.start`."""
        return RunFolder.start(out, self.to_dict(), fresh, lambda came: ReaderConfig.from_dict(came, out).to_dict())


def is_reader(settings: Mapping[str, Any]) -> bool:
    """Whether a run's settings are those of a reader."""
    return settings.get("kind") == KIND


def chosen_base(base: str) -> str:
    """The base's name; "auto" is Gemma 3 270M where its package or its converted copy is at hand."""
    from elm.model import PACKAGED, all_kept, parts_of

    if base != "auto":
        return base
    kept = all_kept()
    at_hand = (name for name, known in PACKAGED.items() if known.sha256 in kept or parts_of(known))
    return next(at_hand, "shipped")
