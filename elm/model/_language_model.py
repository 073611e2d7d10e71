"""The Embedding Language Model (ELM, Section 2): a causal LM whose prompts may hold vectors of other spaces."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from elm._errors import CallError, VectorError
from elm.adapters import MLPAdapter
from elm.embeddings import VectorTable
from elm.model._generate import generate
from elm.model._prompt import prompt_ids
from elm.tasks import Task
from elm.tasks import get as get_task


class EmbeddingLanguageModel(nn.Module):
    """A base LLM, its tokenizer, and one adapter a space.

    `describe` reads vectors; `forward` gives the loss that training minimises. Made by `elm.load`, `elm.describe`'s
    shipped model, or from parts: `EmbeddingLanguageModel(llm, tokenizer, {"minilm": adapter})`.
    """

    def __init__(self, llm: Any, tokenizer: Any, adapters: Mapping[str, MLPAdapter],
                 about: Mapping[str, Any] | None = None) -> None:  # fmt: skip
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
        self.adapters = nn.ModuleDict(dict(adapters))
        self.about = dict(about or {})

    @property
    def device(self) -> torch.device:
        return self.llm.get_input_embeddings().weight.device

    def adapter(self, name: str) -> MLPAdapter:
        return self.adapters[name]  # type: ignore[return-value]

    def spliced(self, ids: torch.Tensor, slots: torch.Tensor, soft: torch.Tensor) -> torch.Tensor:
        """Token embeddings (B, T, Z) of `ids` (B, T) with the rows at `slots` (B, n) overwritten by `soft` (B, n, Z)."""
        if slots.shape != soft.shape[:2]:
            raise CallError(f"soft tokens {tuple(soft.shape[:2])} must fill the slots {tuple(slots.shape)} exactly")
        embeds = self.llm.get_input_embeddings()(ids)
        index = slots.unsqueeze(-1).expand(-1, -1, embeds.shape[-1])
        return embeds.scatter(1, index, soft.to(embeds.dtype))

    def forward(self, space: str, vectors: torch.Tensor, ids: torch.Tensor, slots: torch.Tensor,
                labels: torch.Tensor) -> torch.Tensor:  # fmt: skip
        """Mean cross-entropy of the targets, given vectors (B, dim) in the slots of the prompts. Right-padded input."""
        embeds = self.spliced(ids, slots, self.adapter(space)(vectors))
        return self.llm(inputs_embeds=embeds, labels=labels).loss

    def describe(
        self,
        vectors: npt.ArrayLike | VectorTable,
        task: str | Task,
        *,
        space: str | None = None,
        seed: int = 0,
        temperature: float = 0.0,
        batch_size: int = 64,
        progress: bool = False,
    ) -> Any:
        """The text of a task about one vector (dim,) -> str, or about several (n, dim) -> list of n texts.

        The adapter is the one whose space the vectors fit and that was trained on the task; where two fit, name
        the `space`. temperature 0 takes the likeliest word each time; above 0 it samples, by `seed`.
        Raises `VectorError` for a wrong size, NaN, infinity or a table of another space, `UnknownNameError` for an
        unknown task or space; warns `OutsideDataWarning` for vectors far from the space's data.
        """
        task = get_task(task)
        single = not isinstance(vectors, VectorTable) and np.ndim(np.asarray(vectors)) == 1
        name = self._space_for(vectors, task, space)
        adapter = self.adapter(name)
        array = adapter.check(vectors.vectors if isinstance(vectors, VectorTable) else vectors)
        prompt = prompt_ids(self.tokenizer, task.prompt, adapter.config.soft_tokens)
        texts = generate(self, adapter, array, prompt, task.max_new_tokens, seed=seed, temperature=temperature,
                         batch_size=batch_size, progress=progress)  # fmt: skip
        return texts[0] if single else texts

    def _space_for(self, vectors: npt.ArrayLike | VectorTable, task: Task, space: str | None) -> str:
        from elm._errors import UnknownNameError

        if space is not None and space not in self.adapters:
            raise UnknownNameError("space", space, self.adapters)
        if isinstance(vectors, VectorTable):
            return self._space_of_table(vectors, space)
        dim = np.asarray(vectors).shape[-1] if np.ndim(vectors) else 0
        sizes = {name: self.adapter(name).config.dim for name in self.adapters}
        fitting = [space] if space is not None else [name for name, size in sizes.items() if size == dim]
        if not fitting:
            known = ", ".join(f"{name} ({size})" for name, size in sizes.items())
            raise VectorError(f"no adapter reads vectors of {dim} numbers; this model reads {known}")
        able = [n for n in fitting if task.id in self.adapter(n).config.tasks or not self.adapter(n).config.tasks]
        if not able:
            learned = sorted({t for n in fitting for t in self.adapter(n).config.tasks})
            raise CallError(f"task {task.id!r} was not trained for {', '.join(fitting)}; learned: {', '.join(learned)}")
        if len(able) > 1:
            raise CallError(f"vectors of {dim} numbers fit several spaces: name one, space={' or '.join(map(repr, able))}")
        return able[0]

    def _space_of_table(self, table: VectorTable, space: str | None) -> str:
        for name in self.adapters if space is None else [space]:
            config = self.adapter(name).config
            if (config.dim, config.fingerprint) == (table.space.dim, table.space.fingerprint):
                return name
        known = ", ".join(f"{n} {self.adapter(n).config.fingerprint[:12]}" for n in self.adapters)
        raise VectorError(
            f"vectors must be of the space an adapter was trained on; the table's is {table.space.name} "
            f"{table.space.fingerprint[:12]}, this model reads {known}: make the vectors again or load their model"
        )
