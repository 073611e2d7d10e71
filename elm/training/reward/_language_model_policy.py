"""Two policies by a causal language model: an ELM that reads a vector, and any base that reads words."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import nn

from elm._errors import CallError
from elm.embeddings import VectorTable
from elm.model import (
    EmbeddingLanguageModel,
    ModelParts,
    Prompts,
    Sample,
    head_of,
    require_end,
    sample_prompts,
    text_prompts,
    vector_prompts,
)
from elm.tasks import Task
from elm.training.reward._policy import FirstWeights, Groups, Scores
from elm.training.reward._tuned import Tuned, freed

_AT_ONCE = 128  # texts that are written at a time


class LanguageModelPolicy(ABC):
    """A policy over prompts as embeddings; dropout is off. Texts are drawn at `temperature`, and scored at the same.

    Raises `CallError` for a tokenizer without an end token, a temperature of 0 or below, and no new token.
    """

    module: nn.Module

    def __init__(self, parts: ModelParts, groups: Groups, max_new_tokens: int, temperature: float) -> None:
        if max_new_tokens < 1 or not temperature > 0:
            raise CallError(
                f"a policy draws at least one token at a temperature above 0, got {max_new_tokens} and {temperature}"
            )
        require_end(parts.tokenizer)
        self._parts, self._groups = parts, groups
        self.max_new_tokens, self.temperature = max_new_tokens, temperature
        self.first = FirstWeights(groups)
        table = parts.llm.get_input_embeddings().weight
        self.widths = (table.shape[1], len(parts.words) if parts.words is not None else table.shape[0])

    @abstractmethod
    def __len__(self) -> int:
        """How many prompts there are."""

    @abstractmethod
    def prompts(self, rows: Sequence[int]) -> Prompts:
        """The prompts of these numbers, as embeddings."""

    def groups(self) -> Groups:
        return self._groups

    def write(self, rows: Sequence[int], n: int, seed: int) -> list[Sample]:
        """In batches of up to 128 texts, each by one pass with a cache."""
        every, draws = np.repeat(np.asarray(rows), n), np.tile(np.arange(n), len(rows))
        written: list[Sample] = []
        for start in range(0, len(every), _AT_ONCE):
            some = slice(start, start + _AT_ONCE)
            with torch.no_grad():
                prompts = replace(self.prompts(every[some].tolist()), draws=draws[some])
            written += sample_prompts(
                self._parts, prompts, self.max_new_tokens, seed=seed, temperature=self.temperature
            )
        return written

    def greedy(self, rows: Sequence[int]) -> list[str]:
        """The likeliest text about each prompt, as it is when the model is used."""
        texts: list[str] = []
        for start in range(0, len(rows), _AT_ONCE):
            with torch.no_grad():
                prompts = self.prompts(rows[start : start + _AT_ONCE])
            texts += [s.text for s in sample_prompts(self._parts, prompts, self.max_new_tokens, temperature=0.0)]
        return texts

    def ended(self, written: Sample) -> bool:
        return bool(len(written.ids)) and int(written.ids[-1]) == self._parts.tokenizer.eos_token_id

    def score(self, rows: Sequence[int], ids: torch.Tensor, mask: torch.Tensor, whole: bool = False) -> Scores:
        """One pass over prompts and texts together; only the places of the texts get scores."""
        llm, words = self._parts.llm, self._parts.words
        prompts = self.prompts(rows)
        embeds = torch.cat([prompts.embeds, llm.get_input_embeddings()(ids).to(prompts.embeds.dtype)], dim=1)
        attention = torch.cat([prompts.mask, mask.long()], dim=1)
        states, scores = _scored(llm, embeds, attention, prompts.embeds.shape[1] - 1, words)
        every = (scores / self.temperature).log_softmax(-1)  # (B, T, words)
        places = ids if words is None else words.places(torch.where(mask, ids, int(words.ids[0])))
        log_probs = every.gather(-1, places[..., None])[..., 0]
        return Scores(log_probs, every, states, places) if whole else Scores(log_probs)


def _scored(
    llm: Any, embeds: torch.Tensor, attention: torch.Tensor, start: int, words: Any
) -> tuple[torch.Tensor, torch.Tensor]:
    """(states, scores) of all places from `start` on but the last: (B, T, Z) and (B, T, words), float32."""
    places = (attention.cumsum(1) - 1).clamp_min(0)
    given = {"inputs_embeds": embeds, "attention_mask": attention, "position_ids": places, "use_cache": False}
    head = head_of(llm)
    if head is not None:
        states = head.body(**given)[0][:, start:-1]
        return states, head.scores(states, words)
    out = llm(**given, output_hidden_states=True)
    scores = out.logits[:, start:-1].float()
    states = out.hidden_states[-1][:, start:-1]
    return states, scores if words is None else scores[..., words.ids.to(scores.device)]


class VectorPolicy(LanguageModelPolicy):
    """An ELM that reads a vector: the prompts are a task's, one around each vector of a table.

    tuned: what of the language model learns; adapters stay as they are. max_new_tokens: by default the task's.
    """

    def __init__(
        self,
        model: EmbeddingLanguageModel,
        vectors: VectorTable,
        task: str | Task,
        tuned: Tuned | None = None,
        *,
        max_new_tokens: int | None = None,
        temperature: float = 1.0,
    ) -> None:
        for parameter in model.adapters.parameters():
            parameter.requires_grad_(False)
        model.llm, groups = freed(model.llm, tuned or Tuned())
        model.eval()
        self.module, self._model, self._vectors, self._task = model, model, vectors, model.task(task)
        super().__init__(model.parts, groups, max_new_tokens or self._task.max_new_tokens, temperature)
        self.prompts([0])  # a table that the model does not read is told of before training begins

    def __len__(self) -> int:
        return len(self._vectors)

    def prompts(self, rows: Sequence[int]) -> Prompts:
        ids = [self._vectors.ids[row] for row in rows]
        unique = list(dict.fromkeys(ids))
        found = vector_prompts(self._parts, self._vectors.subset(unique), self._task)
        where = {id: place for place, id in enumerate(unique)}
        return _rows(found, [where[id] for id in ids])


class TextPolicy(LanguageModelPolicy):
    """Any causal language model that reads words, such as a history of items: one prompt a text.

    llm: as `load_llm` gives it; with LoRA it is changed in place. Prompts that leave no room to write are refused.
    """

    def __init__(
        self,
        llm: Any,
        tokenizer: Any,
        texts: Sequence[str],
        tuned: Tuned | None = None,
        *,
        max_new_tokens: int = 128,
        temperature: float = 1.0,
    ) -> None:
        llm, groups = freed(llm, tuned or Tuned())
        self.module, self._texts = llm.eval(), list(texts)
        if not self._texts:
            raise CallError("a policy writes about at least one prompt, got none")
        super().__init__(ModelParts(llm, tokenizer, {}), groups, max_new_tokens, temperature)

    def __len__(self) -> int:
        return len(self._texts)

    def prompts(self, rows: Sequence[int]) -> Prompts:
        return text_prompts(self._parts.llm, self._parts.tokenizer, [self._texts[row] for row in rows])


def _rows(prompts: Prompts, places: Sequence[int]) -> Prompts:
    where = torch.tensor(places, device=prompts.mask.device)
    some = (prompts.embeds[where], prompts.mask[where], prompts.keys[places], prompts.draws[places])
    return Prompts(*some, prompts.common)
