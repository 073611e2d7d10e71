"""A start for adapters: soft tokens that name the words of the texts, learned without running the language model.

A language model reads its own token embeddings before it has learned anything. An adapter whose soft tokens point at
the embeddings of a text's words therefore begins where stage one would only arrive after many steps, each of which
costs a pass through the language model. This stage is ours, and no part of the ELM paper.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.nn.functional import normalize

from elm._errors import CallError
from elm.model import EmbeddingLanguageModel
from elm.training._stage import StepLoss
from elm.training.data._collate import IGNORED, Batch
from elm.training.data._dataset import WrittenLessons
from elm.training.data._generated import Lessons
from elm.training.data._sampler import LessonBatches
from elm.training.loop._distributed import Team

_TEMPERATURE = 0.05  # of cosines, which are about 0.4 with the words that a soft token names
_MOST = 8_192  # words that are named, the most frequent ones
_RARE = 3  # texts that a word comes up in at least
_COMMON, _FEW = (0.05, 0.5), 64  # share of texts at most, the first that leaves so many words; else any but in all
_COUNTED = 60  # batches whose words are counted


@dataclass(frozen=True)
class ContentWords:
    """Token ids (k,) in order, and what each tells of a text (k,): its inverse document frequency, in nats."""

    ids: torch.Tensor
    weights: torch.Tensor

    @classmethod
    def of(cls, batches: LessonBatches, counted: int = _COUNTED) -> ContentWords:
        """Those that come up neither rarely nor in many texts of the first batches; there may be none."""
        texts = [np.unique(row) for number in range(counted) for row in batches.at(number)[1].labels.numpy()]
        ids, counts = np.unique(np.concatenate(texts), return_counts=True)
        known = (ids != IGNORED) & (counts >= _RARE) & (counts < len(texts))
        ids, counts = ids[known], counts[known]
        for share in _COMMON:
            if (rare := counts <= share * len(texts)).sum() >= _FEW:
                ids, counts = ids[rare], counts[rare]
                break
        chosen = np.sort(np.argsort(-counts, kind="stable")[:_MOST])
        weights = np.log(len(texts) / counts[chosen])
        return cls(torch.from_numpy(ids[chosen]), torch.from_numpy(weights).float())

    def named_in(self, labels: torch.Tensor) -> torch.Tensor:
        """Labels (B, T) of texts -> which words (B, k) each text has."""
        place = torch.searchsorted(self.ids, labels).clamp_max(len(self.ids) - 1)  # (B, T)
        found = self.ids[place] == labels
        rows = torch.arange(len(labels)).unsqueeze(1).expand_as(labels)
        named = torch.zeros(len(labels), len(self.ids), dtype=torch.bool)
        named[rows[found], place[found]] = True
        return named


class WordObjective(nn.Module):
    """How far the soft tokens are from naming the words of a text: mean of -log p(word), weighted by what it tells.

    Each soft token is a distribution over the words, the softmax of its cosines with their embeddings, and p is the
    mean of these: a word is explained where one soft token of several points at it.
    """

    embeddings: torch.Tensor
    weights: torch.Tensor

    def __init__(self, model: EmbeddingLanguageModel, words: ContentWords) -> None:
        super().__init__()
        self.adapters = model.adapters
        table = model.llm.get_input_embeddings().weight.detach()
        rows = normalize(table[words.ids.to(table.device)].float(), dim=1)  # (k, Z)
        self.register_buffer("embeddings", rows, persistent=False)
        self.register_buffer("weights", words.weights.to(table.device), persistent=False)

    def forward(self, adapter: str, vectors: torch.Tensor, named: torch.Tensor) -> torch.Tensor:
        """Vectors (B, m, dim) and the words (B, k) of the texts about them -> loss, nats per word."""
        soft = self.adapters[adapter](vectors.flatten(0, 1))  # (B * m, n, Z)
        soft = normalize(soft.float(), dim=2).unflatten(0, vectors.shape[:2]).flatten(1, 2)  # (B, m * n, Z)
        each = (soft @ self.embeddings.T / _TEMPERATURE).log_softmax(2)  # (B, m * n, k)
        rows, words = named.nonzero(as_tuple=True)
        given = each[rows, :, words].logsumexp(1) - np.log(soft.shape[1])  # log of the mean over soft tokens
        weights = self.weights[words]
        loss: torch.Tensor = -(weights * given).sum() / weights.sum().clamp_min(1e-6)
        return loss


@dataclass(frozen=True)
class NamedWords:
    """The loss of a stage that comes before the ELM paper's two: the soft tokens name the words of the lessons' texts.

    batch_tokens, seed: as in `Likelihood`. Raises `CallError` for texts that share no word.
    """

    lessons: Sequence[Lessons | WrittenLessons]
    batch_tokens: int
    seed: int

    def __call__(self, model: EmbeddingLanguageModel) -> tuple[Team, StepLoss]:
        """The processes that share a batch, and the loss of each batch by its number."""
        batches = LessonBatches(model, self.lessons, self.batch_tokens, self.seed)
        words = ContentWords.of(batches)
        if not len(words.ids):
            raise CallError(
                f"a start in words needs words that {_RARE} texts or more have, and these texts share none: train "
                "without it"
            )
        team = Team(WordObjective(model, words))
        tables: dict[str, torch.Tensor] = {}

        def at(number: int) -> tuple[torch.Tensor, int, int]:
            lesson, batch = batches.at(number)
            vectors = tables.setdefault(lesson.adapter, torch.as_tensor(lesson.table.vectors))
            return _shared(team, lesson.adapter, vectors, batch, words)

        return team, at


def _shared(
    team: Team, adapter: str, table: torch.Tensor, batch: Batch, words: ContentWords
) -> tuple[torch.Tensor, int, int]:
    """(loss, tokens, targets) of this process's share of a batch."""
    batch, counts = team.share(batch)
    named = words.named_in(batch.labels)
    device = next(team.module.parameters()).device
    loss = team.module(adapter, table[batch.rows].to(device), named.to(device))
    return (loss, batch.tokens, int(named.sum())) if counts else (loss, 0, 0)
