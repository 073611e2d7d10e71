"""The output layer of a language model apart from its body, so that both can work on a part of the vocabulary."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import torch
from torch import nn
from torch.nn import functional

from elm.model.base._cross_entropy import cross_entropy
from elm.model.base._words import LARGE, Words

_IGNORED = -100  # the label that counts for nothing
_KNOWN: WeakKeyDictionary[Any, Head | None] = WeakKeyDictionary()


@dataclass(frozen=True)
class Head:
    """A language model is its body, whose last states `layer` turns into scores, times `scale` and capped at `cap`."""

    body: nn.Module
    layer: nn.Linear
    scale: float
    cap: float | None

    def loss(self, embeds: torch.Tensor, labels: torch.Tensor, words: Words | None, body: Any = None) -> torch.Tensor:
        """Mean cross-entropy of labels (B, T) given embeddings (B, T, Z), of all words or these; body: a compiled one.

        Only positions with a label have scores at all, and these are never all in memory.
        """
        states = (body or self.body)(inputs_embeds=embeds, use_cache=False)[0]
        following = labels[:, 1:]
        counted = following != _IGNORED
        hidden, targets = states[:, :-1][counted], following[counted]
        weight, bias = self.rows(words)
        return cross_entropy(
            hidden, weight, bias, targets if words is None else words.places(targets), self.scale, self.cap
        )

    def scores(self, states: torch.Tensor, words: Words | None) -> torch.Tensor:
        """Last states (..., Z) -> float32 scores of these words, or all, (..., k)."""
        scores = functional.linear(states, *self.rows(words)).float() * self.scale
        return scores if self.cap is None else (scores / self.cap).tanh() * self.cap

    def rows(self, words: Words | None) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Weight (k, Z) and bias (k,) of the layer for these words, or all."""
        weight, bias = self.layer.weight, self.layer.bias
        if words is None:
            return weight, bias
        ids = words.ids.to(weight.device)
        return weight.index_select(0, ids), None if bias is None else bias.index_select(0, ids)


def head_of(llm: Any) -> Head | None:
    """The parts of a language model, low-rank updates and all; None for one that cannot be taken apart.

    Tried once on a few tokens: what the parts give together must be what the model gives.
    """
    inner = _inner(llm)
    known = _KNOWN.get(inner)
    if inner not in _KNOWN or (known is not None and known.layer is not inner.get_output_embeddings()):
        known = _KNOWN[inner] = _taken_apart(inner)
    return known


def separate(llm: Any, words: Words | None) -> Head | None:
    """The parts of a language model where it should work apart: with few of its words, or a large vocabulary."""
    rows = llm.get_input_embeddings().weight.shape[0]
    return head_of(llm) if words is not None or rows >= LARGE else None


def token_loss(
    llm: Any, embeds: torch.Tensor, labels: torch.Tensor, words: Words | None = None, compiled: Any = None
) -> torch.Tensor:
    """Mean cross-entropy in nats of labels (B, T) given embeddings (B, T, Z), -100 not counted; of these words alone.

    compiled: a twin of what `runs` gives.
    """
    head = separate(llm, words)
    if head is not None:
        return head.loss(embeds, labels, words, compiled)
    loss: torch.Tensor = (compiled or llm)(inputs_embeds=embeds, labels=labels).loss
    return loss


def runs(llm: Any, words: Words | None = None) -> Any:
    """What of a language model is called in training: its body where it works apart, else the whole."""
    head = separate(llm, words)
    return llm if head is None else head.body


@contextlib.contextmanager
def narrowed(llm: Any, words: Words | None) -> Iterator[bool]:
    """Inside the block the language model reads and writes places of `words` instead of token ids; whether it does.

    It does not where there are no words, or its output layer cannot be distinguished from the rest.
    """
    head = None if words is None else head_of(llm)
    if words is None or head is None:
        yield False
        return
    inner = _inner(llm)
    table, layer = inner.get_input_embeddings(), inner.get_output_embeddings()
    inner.set_input_embeddings(_Table(table, words))
    inner.set_output_embeddings(_Layer(*head.rows(words)))
    try:
        yield True
    finally:
        inner.set_input_embeddings(table)
        inner.set_output_embeddings(layer)


class _Table(nn.Module):
    """Embeddings by place."""

    def __init__(self, table: nn.Module, words: Words) -> None:
        super().__init__()
        self.table, self.words = table, words

    @property
    def weight(self) -> Any:
        return self.table.weight

    def forward(self, places: torch.Tensor) -> Any:
        return self.table(self.words.widen(places))


class _Layer(nn.Module):
    """Scores by place."""

    def __init__(self, weight: torch.Tensor, bias: torch.Tensor | None) -> None:
        super().__init__()
        self.register_buffer("weight", weight, persistent=False)
        self.register_buffer("bias", bias, persistent=False)

    def forward(self, states: torch.Tensor) -> torch.Tensor:
        weight, bias = self.get_buffer("weight"), self._buffers["bias"]
        return functional.linear(states, weight, bias)


def _inner(llm: Any) -> Any:
    return llm.get_base_model() if hasattr(llm, "get_base_model") else llm


def _taken_apart(llm: Any) -> Head | None:
    layer, body = llm.get_output_embeddings(), getattr(llm, llm.base_model_prefix, None)
    if type(layer) is not nn.Linear or not isinstance(body, nn.Module):
        return None
    config = llm.config.get_text_config() if hasattr(llm.config, "get_text_config") else llm.config
    scale = float(getattr(config, "logit_scale", None) or 1.0) / float(getattr(config, "logits_scaling", None) or 1.0)
    head = Head(body, layer, scale, getattr(config, "final_logit_softcapping", None))
    return head if _agrees(head, llm) else None


@torch.no_grad()
def _agrees(head: Head, llm: Any) -> bool:
    modes = [(module, module.training) for module in llm.modules()]
    llm.eval()
    table = llm.get_input_embeddings()
    ids = torch.arange(4, device=table.weight.device)[None] * (len(table.weight) // 4)
    try:
        with torch.autocast(table.weight.device.type, enabled=False):
            embeds = table(ids)
            whole = llm(inputs_embeds=embeds).logits.float()
            scores = head.layer(head.body(inputs_embeds=embeds, use_cache=False)[0]).float() * head.scale
    except (TypeError, AttributeError):  # a body that is called otherwise
        return False
    finally:
        for module, mode in modes:
            module.training = mode
    scores = scores if head.cap is None else (scores / head.cap).tanh() * head.cap
    near = max(1e-3, 2 * torch.finfo(table.weight.dtype).eps)  # what half precision rounds away
    return bool((whole - scores).abs().max() <= near * whole.abs().max())
