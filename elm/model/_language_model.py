"""The Embedding Language Model (ELM, Section 2): a causal LM whose prompts may hold vectors of other spaces."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import nn

from elm._errors import CallError, OutsideDataWarning, UnknownNameError
from elm.adapters import MLPAdapter
from elm.model._generate import generate
from elm.model._generate import stream as stream_text
from elm.model._question import free_question
from elm.model._reading import Vectors, reading
from elm.model.folder._pretrained import HubModel
from elm.tasks import Task, all_tasks


class EmbeddingLanguageModel(HubModel, nn.Module):
    """A base LLM, its tokenizer, and one adapter a space.

    `describe` reads vectors; `forward` gives the loss that training minimises. Made by `elm.load`, `elm.describe`'s
    shipped model, or from parts: `EmbeddingLanguageModel(llm, tokenizer, {"minilm": adapter})`. about: what its folder
    says of it, such as the base. tasks: those that it learned, where their prompts differ from the registry's or are
    not in it; `tasks` holds them by id.
    """

    def __init__(self, llm: Any, tokenizer: Any, adapters: Mapping[str, MLPAdapter],
                 about: Mapping[str, Any] | None = None, tasks: Iterable[Task] = ()) -> None:  # fmt: skip
        super().__init__()
        width = llm.get_input_embeddings().weight.shape[1]
        for name, adapter in adapters.items():
            if adapter.config.token_dim != width:
                raise CallError(
                    f"an adapter writes tokens as wide as the language model's; adapter {name!r} writes "
                    f"{adapter.config.token_dim}, the model reads {width}: use the base it was trained on"
                )
        self.llm = llm
        self.tokenizer = tokenizer
        try:
            self.adapters = nn.ModuleDict(dict(adapters))
        except KeyError as error:  # torch keeps a few names, such as "items" and all with a dot, to itself
            raise CallError(f"an adapter cannot have this name ({error.args[0]}); give its space another") from error
        self.about = dict(about or {})
        self.tasks = {task.id: task for task in tasks}

    @property
    def device(self) -> torch.device:
        """Where the language model is."""
        return self.llm.get_input_embeddings().weight.device

    def adapter(self, name: str) -> MLPAdapter:
        """The adapter of a space; `UnknownNameError` suggests the nearest name."""
        if name not in self.adapters:
            raise UnknownNameError("space", name, self.adapters)
        return self.adapters[name]  # type: ignore[return-value]

    def task(self, task: str | Task) -> Task:
        """A task by its id, asked as this model learned it; else as the registry has it.

        Raises `UnknownNameError` with the nearest id.
        """
        if isinstance(task, Task):
            return task
        known = {t.id: t for t in all_tasks()} | self.tasks
        if task not in known:
            raise UnknownNameError("task", task, known)
        return known[task]

    def spliced(self, ids: torch.Tensor, slots: torch.Tensor, soft: torch.Tensor) -> torch.Tensor:
        """Token embeddings (B, T, Z) of `ids` (B, T), the rows at `slots` (B, n) overwritten by `soft` (B, n, Z)."""
        if slots.shape != soft.shape[:2]:
            raise CallError(f"soft tokens {tuple(soft.shape[:2])} must fill the slots {tuple(slots.shape)} exactly")
        embeds = self.llm.get_input_embeddings()(ids)
        index = slots.unsqueeze(-1).expand(-1, -1, embeds.shape[-1])
        return embeds.scatter(1, index, soft.to(embeds.dtype))

    def forward(self, space: str, vectors: torch.Tensor, ids: torch.Tensor, slots: torch.Tensor,
                labels: torch.Tensor) -> torch.Tensor:  # fmt: skip
        """Mean cross-entropy of the targets in nats a token, given vectors (B, dim) in the slots (B, n) of prompts.

        ids, labels: (B, T), right-padded, which a causal model never sees; labels are -100 on prompt and padding.
        """
        embeds = self.spliced(ids, slots, self.adapter(space)(vectors))
        return self.llm(inputs_embeds=embeds, labels=labels).loss

    def describe(
        self,
        vectors: Vectors | Sequence[Vectors],
        task: str | Task,
        *,
        space: str | Sequence[str | None] | None = None,
        seed: int = 0,
        temperature: float | None = None,
        batch_size: int = 64,
        progress: bool = False,
        allow_space_mismatch: bool = False,
    ) -> Any:
        """The text of a task about one vector (dim,) -> str, or about several (n, dim) -> list of n texts.

        A task over two vectors takes a pair of them, (first, second), or of arrays with n each, of one space or two.

        The adapter is the one whose space the vectors fit and that was trained on the task; where two fit, name
        the `space`. temperature 0 takes the likeliest word each time; above 0 it samples, by `seed` and vector alone,
        so that a text is the same in any batch; None is the task's own. allow_space_mismatch: read a table of another
        space all the same, with a warning; the text says what such numbers would mean in the adapter's own space.

        Raises `VectorError` for a wrong size, NaN, infinity or a table of another space, `UnknownNameError` for an
        unknown task or space, `CallError` for a task that was not trained, where several spaces fit, or for options
        that cannot be; warns `OutsideDataWarning` for vectors far from the space's data, or of another space.
        """
        read = reading(self, vectors, task, space, allow_space_mismatch)
        drawn = read.task.temperature if temperature is None else temperature
        if not drawn >= 0 or seed < 0 or batch_size < 1:
            came = f"got {drawn}, {seed} and {batch_size}"
            raise CallError(f"temperature and seed must be 0 or more and batch_size at least 1, {came}")
        texts = generate(self, read, seed=seed, temperature=drawn, batch_size=batch_size, progress=progress)
        return texts[0] if read.single else texts

    def ask(
        self,
        vectors: Vectors | Sequence[Vectors],
        question: str,
        *,
        space: str | Sequence[str | None] | None = None,
        seed: int = 0,
        temperature: float = 0.0,
        max_new_tokens: int = 128,
        stream: bool = False,
    ) -> Any:
        """The answer to a free question about one vector (dim,), several (n, dim), or a pair (first, second).

        The question may say where the vectors go, as {first} and {second}; else it is asked behind the vector. stream:
        the answer to one vector or pair as an iterator of pieces, while it is decoded. What the answer is worth depends
        on the language model: one that learned nothing but tasks answers by the task that the question is nearest to.

        Errors and warnings are those of `describe`; also `CallError` for an empty question, or for two vectors in a
        question that does not say where they go. Placeholders of prompts that stand in the question are taken out.

        >>> import elm
        >>> model, films = elm.model.shipped_model(), elm.model.shipped_vectors("films")
        >>> isinstance(model.ask(films["f1"], "Summarise the film {first} in a few sentences."), str)
        True
        """
        if max_new_tokens < 1 or not temperature >= 0 or seed < 0:
            came = f"got {temperature}, {seed} and {max_new_tokens}"
            raise CallError(f"temperature and seed must be 0 or more and max_new_tokens at least 1, {came}")
        task = free_question(question, _together(vectors), max_new_tokens)
        read = reading(self, vectors, task, space, learned=False)
        if not stream:
            texts = generate(self, read, seed=seed, temperature=temperature, batch_size=64, progress=False)
            return texts[0] if read.single else texts
        if not read.single:
            raise CallError(f"one answer is streamed at a time, got {len(read)} vectors: ask without stream")
        return stream_text(self, read, seed=seed, temperature=temperature)

    def space_mismatch(self, vectors: Vectors | Sequence[Vectors], task: str | Task, *, space: str | None = None
                       ) -> dict[str, str] | None:  # fmt: skip
        """{"vectors": space and fingerprint, "read_as": the same of the adapter's} where a table is known to be of
        another space than the adapter that `describe` reads it with, if it is allowed to; else None. Errors as there.
        """
        with warnings.catch_warnings(action="ignore", category=OutsideDataWarning):
            return reading(self, vectors, task, space, allow_space_mismatch=True).mismatch


def _together(vectors: Any) -> int:
    """How many vectors a question is about at once: a tuple of vectors is about each of them."""
    return len(vectors) if isinstance(vectors, tuple) and not any(map(np.isscalar, vectors)) else 1
