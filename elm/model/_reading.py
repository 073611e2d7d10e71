"""Which adapter reads a vector, and what the language model is given: decided once, for describing and for exports."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypedDict

import numpy as np
import numpy.typing as npt

from elm._errors import CallError, OutsideDataWarning, VectorError
from elm._typing import Vector
from elm.adapters import MLPAdapter
from elm.embeddings import EmbeddingSpace, VectorTable, nearest_space, real_array
from elm.model._parts import ModelParts
from elm.model._prompt import PromptIds, prompt_ids
from elm.model.base._context import answer_room
from elm.tasks import Task

Vectors = npt.ArrayLike | VectorTable

_Cube = np.ndarray[tuple[int, int, int], np.dtype[Any]]
Unshaped = _Cube | tuple[_Cube, _Cube]
"""An array whose shape a type checker does not know is taken for this one, so that nothing is claimed of its texts."""

_One = np.ndarray[tuple[int], np.dtype[Any]] | Sequence[float]
One = _One | tuple[_One, _One]
"""A vector (dim,), or a pair of them: one text is written about it."""

_Many = np.ndarray[tuple[int, int], np.dtype[Any]] | VectorTable | list[list[float]] | list[Vector]
Many = _Many | tuple[_Many, _Many]
"""Vectors (n, dim), or a pair of such: n texts."""


class ReadOptions(TypedDict, total=False):
    """Options of `describe`, for its overloads."""

    space: str | Sequence[str | None] | None
    seed: int
    temperature: float | None
    batch_size: int
    progress: bool
    allow_space_mismatch: bool
    n: int
    choose: str
    encoder: Any


class AskOptions(TypedDict, total=False):
    """Options of `ask`, for its overloads."""

    space: str | Sequence[str | None] | None
    seed: int
    temperature: float
    max_new_tokens: int
    free: bool | None


@dataclass(frozen=True)
class Part:
    """Vectors (n, dim) that were checked, for one place of the prompt, and the adapter that reads them.

    space: that of the vectors' table, else the adapter's. mismatch: the space of the vectors, where it is known to be
    another one, and that as which they are read.
    """

    adapter: MLPAdapter
    vectors: np.ndarray
    space: EmbeddingSpace
    single: bool
    mismatch: dict[str, str] | None


@dataclass(frozen=True)
class Rows:
    """What a batch of texts is about: vectors (B, dim) a place, and which of its vector's draws each text is, (B,)."""

    vectors: list[np.ndarray]
    draws: np.ndarray

    def __len__(self) -> int:
        return len(self.draws)


@dataclass(frozen=True)
class Reading:
    """The vectors for each place of a task's prompt, n for each, and the prompt around their soft tokens.

    single: whether one vector (dim,) came for each place. draws: how many texts each vector gets, in a row.
    """

    parts: tuple[Part, ...]
    task: Task
    prompt: PromptIds
    single: bool
    draws: int = 1

    def __len__(self) -> int:
        """How many texts are to be written."""
        return len(self.parts[0].vectors) * self.draws

    @property
    def mismatch(self) -> dict[str, str] | None:
        """That of the first part that has one."""
        return next((part.mismatch for part in self.parts if part.mismatch), None)

    def some(self, start: int, stop: int) -> Rows:
        """What texts `start` to `stop` are about."""
        texts = np.arange(start, min(stop, len(self)))
        return Rows([part.vectors[texts // self.draws] for part in self.parts], texts % self.draws)


def reading(
    model: ModelParts,
    vectors: Vectors | Sequence[Vectors],
    task: str | Task,
    space: str | Sequence[str | None] | None = None,
    allow_space_mismatch: bool = False,
    learned: bool = True,
) -> Reading:
    """Find the adapters for vectors and a task, and check them; errors and warnings of `describe`.

    learned: whether an adapter has to have learned the task.
    """
    task = model.task(task)
    several = len(task.marks)
    each = _several(vectors, task, several) if several > 1 else [vectors]
    spaces = [space] * several if space is None or isinstance(space, str) else list(space)
    if len(spaces) != several:
        raise CallError(f"task {task.id!r} reads {several} vectors, and {len(spaces)} spaces were named for them")
    parts = tuple(
        _part(model, one, task if learned else None, name, allow_space_mismatch)
        for one, name in zip(each, spaces, strict=True)
    )
    shapes = [part.vectors.shape[:1] if not part.single else () for part in parts]
    if len(set(shapes)) > 1:
        raise VectorError(f"the first and the second vectors of a task pair up, got {shapes[0]} and {shapes[1]}")
    return prompted(model, parts, task)


def prompted(model: ModelParts, parts: tuple[Part, ...], task: Task) -> Reading:
    """Checked vectors, one part for each place of the task's prompt, within this prompt."""
    prompt = prompt_ids(model.tokenizer, task.prompt, [part.adapter.config.soft_tokens for part in parts])
    room = answer_room(model.llm, len(prompt.ids), task.max_new_tokens)
    return Reading(parts, replace(task, max_new_tokens=room), prompt, parts[0].single)


def _several(vectors: Any, task: Task, count: int) -> list[Any]:
    if not isinstance(vectors, tuple | list) or len(vectors) != count:
        came = f"{len(vectors)} of them" if isinstance(vectors, tuple | list) else type(vectors).__name__
        raise VectorError(
            f"task {task.id!r} reads {count} vectors together, or {count} arrays: pass (first, second), got {came}"
        )
    return list(vectors)


def _part(model: ModelParts, vectors: Any, task: Task | None, space: str | None, allow: bool) -> Part:
    of = vectors.space if isinstance(vectors, VectorTable) else None
    array = vectors.vectors if isinstance(vectors, VectorTable) else _as_array(vectors)
    known = {name: model.adapter(name) for name in (model.adapters if space is None else [space])}
    dim = array.shape[-1]
    fitting = [n for n, a in known.items() if (a.config.dim == dim if of is None else a.config.reads(of))]
    known_other = not fitting and of is not None and allow
    if known_other:
        fitting = [name for name, adapter in known.items() if adapter.config.dim == dim]
    if not fitting:
        raise _nothing_reads(dim, of, {name: adapter.space() for name, adapter in known.items()})
    adapter = known[_only(fitting, known, task)]
    mismatch = None
    if known_other and of is not None:
        mismatch = {"vectors": _named(of), "read_as": _named(adapter.space())}
        told = "vectors of space {vectors} are read as if they were of {read_as}: text about them is a guess"
        warnings.warn(told.format(**mismatch), OutsideDataWarning, stacklevel=4)
    return Part(adapter, adapter.check(array), of or adapter.space(), array.ndim == 1, mismatch)


def _only(fitting: list[str], known: Mapping[str, MLPAdapter], task: Task | None) -> str:
    """The one that has learned the task, or the only one where none is asked for."""
    learned = {name: known[name].config.tasks for name in fitting}
    able = [name for name, tasks in learned.items() if task is None or task.id in tasks or not tasks]
    if task is not None and not able:
        every = ", ".join(sorted({t for tasks in learned.values() for t in tasks}))
        raise CallError(f"task {task.id!r} was not trained for {', '.join(fitting)}; learned: {every}")
    if len(able) > 1:
        dim, choices = known[able[0]].config.dim, " or ".join(map(repr, able))
        raise CallError(f"vectors of {dim} numbers fit several spaces: name one, space={choices}")
    return able[0]


def _nothing_reads(dim: int, of: EmbeddingSpace | None, known: Mapping[str, EmbeddingSpace]) -> VectorError:
    listed = ", ".join(f"{name} ({space.dim})" for name, space in known.items())
    if of is None:
        return VectorError(f"no adapter reads vectors of {dim} numbers; known: {listed}")
    near = nearest_space(of, list(known.values()))
    if near is None:
        there = f"this model reads other ones alone, {listed}"
    else:
        facts = {"size": "dim", "metric": "metric", "name": "name", "fingerprint": "fingerprint"}
        same = [word for word, field in facts.items() if getattr(of, field) == getattr(near, field)]
        other = [word for word in facts if word not in same]
        there = f"nearest: {_named(near)}, same {' and '.join(same)}, other {' and '.join(other)}"
    way = "; allow_space_mismatch reads them all the same" if of.dim in {s.dim for s in known.values()} else ""
    return VectorError(
        f"vectors must be of a space that the model was trained on; the table's is {_named(of)}; {there}: make the "
        f"vectors again or load their model{way}"
    )


def _named(space: EmbeddingSpace) -> str:
    return f"{space.name} {space.fingerprint[:16]}"


def _as_array(vectors: Any) -> np.ndarray:
    """One vector (dim,) or several (n, dim), from anything that numpy or torch can hold."""
    array = real_array(vectors)
    if array.ndim not in (1, 2):
        raise VectorError(f"vectors have shape (dim,) or (n, dim), got {array.shape}")
    return array
