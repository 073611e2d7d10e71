"""The Embedding Language Model (ELM, Section 2): a causal LM whose prompts may hold vectors of other spaces."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from typing import Any

import numpy.typing as npt
import torch
from torch import nn

from elm._errors import CallError, OutsideDataWarning, UnknownNameError
from elm.adapters import MLPAdapter
from elm.embeddings import VectorTable
from elm.model._generate import generate
from elm.model._hub import HubModel
from elm.model._reading import reading
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
        vectors: npt.ArrayLike | VectorTable,
        task: str | Task,
        *,
        space: str | None = None,
        seed: int = 0,
        temperature: float | None = None,
        batch_size: int = 64,
        progress: bool = False,
        allow_space_mismatch: bool = False,
    ) -> Any:
        """The text of a task about one vector (dim,) -> str, or about several (n, dim) -> list of n texts.

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

    def space_mismatch(self, vectors: npt.ArrayLike | VectorTable, task: str | Task, *, space: str | None = None
                       ) -> dict[str, str] | None:  # fmt: skip
        """{"vectors": space and fingerprint, "read_as": the same of the adapter's} where a table is known to be of
        another space than the adapter that `describe` reads it with, if it is allowed to; else None. Errors as there.
        """
        with warnings.catch_warnings(action="ignore", category=OutsideDataWarning):
            return reading(self, vectors, task, space, allow_space_mismatch=True).mismatch
