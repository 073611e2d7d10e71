"""Which adapter reads a vector, and what the language model is given: decided once, for describing and for exports."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import torch

from elm._errors import CallError, OutsideDataWarning, VectorError
from elm.adapters import MLPAdapter
from elm.embeddings import EmbeddingSpace, VectorTable, nearest_space
from elm.model._prompt import PromptIds, prompt_ids
from elm.tasks import Task

if TYPE_CHECKING:
    from elm.model._language_model import EmbeddingLanguageModel


@dataclass(frozen=True)
class Reading:
    """Vectors (n, dim) that were checked, the adapter that reads them, and the prompt around its soft tokens.

    single: whether one vector (dim,) came. mismatch: the space of the vectors, where it is known to be another one,
    and that as which they are read.
    """

    name: str
    adapter: MLPAdapter
    vectors: np.ndarray
    task: Task
    prompt: PromptIds
    single: bool
    mismatch: dict[str, str] | None


def reading(model: EmbeddingLanguageModel, vectors: npt.ArrayLike | VectorTable, task: str | Task,
            space: str | None = None, allow_space_mismatch: bool = False) -> Reading:  # fmt: skip
    """Find the adapter for vectors and a task, and check both; errors and warnings of `describe`."""
    task = model.task(task)
    of = vectors.space if isinstance(vectors, VectorTable) else None
    array = vectors.vectors if isinstance(vectors, VectorTable) else _as_array(vectors)
    known = {name: model.adapter(name) for name in (model.adapters if space is None else [space])}
    dim = array.shape[-1]
    fitting = [n for n, a in known.items() if (a.config.dim == dim if of is None else a.config.reads(of))]
    known_other = not fitting and of is not None and allow_space_mismatch
    if known_other:
        fitting = [name for name, adapter in known.items() if adapter.config.dim == dim]
    if not fitting:
        raise _nothing_reads(dim, of, {name: adapter.space() for name, adapter in known.items()})
    name = _only(fitting, known, task)
    adapter = known[name]
    mismatch = None
    if known_other and of is not None:
        mismatch = {"vectors": _named(of), "read_as": _named(adapter.space())}
        told = "vectors of space {vectors} are read as if they were of {read_as}: text about them is a guess"
        warnings.warn(told.format(**mismatch), OutsideDataWarning, stacklevel=3)
    prompt = prompt_ids(model.tokenizer, task.prompt, adapter.config.soft_tokens)
    return Reading(name, adapter, adapter.check(array), task, prompt, array.ndim == 1, mismatch)


def _only(fitting: list[str], known: Mapping[str, MLPAdapter], task: Task) -> str:
    """The one that has learned the task."""
    learned = {name: known[name].config.tasks for name in fitting}
    able = [name for name, tasks in learned.items() if task.id in tasks or not tasks]
    if not able:
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
    try:
        array = vectors.detach().cpu().float().numpy() if isinstance(vectors, torch.Tensor) else np.asarray(vectors)
    except (TypeError, ValueError) as error:
        raise VectorError(f"vectors must be numbers of one length each, got {type(vectors).__name__}") from error
    if array.ndim not in (1, 2):
        raise VectorError(f"vectors have shape (dim,) or (n, dim), got {array.shape}")
    return array
