"""What a server answers, as the client gives it back."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

T = TypeVar("T")


@dataclass(frozen=True)
class Neighbour:
    """An entity near a vector. similarity: cosine, or dot product, as the space's metric asks."""

    id: str
    title: str
    similarity: float


@dataclass(frozen=True)
class Text:
    """A text about one vector or pair. score: its cosine to the vector, where asked. control: that of the text about
    the nearest neighbour, which a good text beats. drawn, scores: all texts of best of n. outside: whether the vector
    lies far from what the model learned on, so that the text is a guess."""

    text: str
    outside: bool
    score: float | None = None
    control: float | None = None
    drawn: list[str] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)
    neighbours: list[Neighbour] = field(default_factory=list)


@dataclass(frozen=True)
class Texts:
    """The texts of one task, in the order of the vectors."""

    task: str
    texts: list[Text]


@dataclass(frozen=True)
class Profile:
    """A user in words. certificate: how far the text may be trusted (`elm.evaluation.Certificate`), where asked."""

    task: str
    text: str
    rated: int
    certificate: dict[str, Any] | None = None


@dataclass(frozen=True)
class Place:
    """One place of a list, from 1."""

    place: int
    item: str
    title: str
    score: float


@dataclass(frozen=True)
class Ranked:
    """A list. parts: what each part of a request did: part -> titles brought in, and left out."""

    items: list[Place]
    remarks: list[str] = field(default_factory=list)
    brought: dict[str, list[str]] = field(default_factory=dict)
    left_out: dict[str, list[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Part:
    """A sentence that was changed. share: of the list's change (shares add up to 1). undone: the text without it."""

    before: str
    after: str
    share: float
    alone: float
    undone: str


@dataclass(frozen=True)
class Moved:
    """An item that both lists have, at another place."""

    item: str
    title: str
    before: int
    after: int


@dataclass(frozen=True)
class Edit:
    """What an edit of a profile did, by its sentences."""

    parts: list[Part]
    entered: list[Place]
    left: list[Place]
    moved: list[Moved]
    remarks: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Point:
    """A point on the way along concepts. share: of the whole step. concepts: the scores there, 1 a standard deviation
    above the average. outside: as in `Text`."""

    share: float
    concepts: dict[str, float]
    outside: bool
    items: list[Neighbour]
    text: str | None = None


@dataclass(frozen=True)
class Path:
    """The way from a vector along concepts."""

    task: str | None
    points: list[Point]


@dataclass(frozen=True)
class Space:
    """A space that the model reads. kinds: of entities whose vectors lie in it, and how many. concepts: their names."""

    name: str
    dim: int
    metric: str
    fingerprint: str
    tasks: list[str]
    kinds: dict[str, int]


@dataclass(frozen=True)
class TaskInfo:
    """A task that the model learned. reads: "item", "pair", "neighbours" or "user"."""

    id: str
    reads: str
    spaces: list[str]
    temperature: float


@dataclass(frozen=True)
class Health:
    """status: "ready" or "stopping". waiting: requests in each queue."""

    status: str
    version: str
    serves: str
    waiting: dict[str, int]


def read(kind: Any, value: Any) -> Any:
    """A dataclass of this module, or a list of such, from its JSON; what a newer server says beside it is left out.

    >>> read(list[Neighbour], [{"id": "f1", "title": "A", "similarity": 0.5, "new": 1}])
    [Neighbour(id='f1', title='A', similarity=0.5)]
    """
    if get_origin(kind) is list:
        (inner,) = get_args(kind)
        return [read(inner, one) for one in value]
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        hints = get_type_hints(kind)
        known = {one.name for one in dataclasses.fields(kind)} & set(value)
        return kind(**{name: read(hints[name], value[name]) for name in known})
    return value
