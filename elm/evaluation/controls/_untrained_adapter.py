"""A control that must fail: the same language model behind adapters that have learned nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from elm.model import EmbeddingLanguageModel


def untrained(model: EmbeddingLanguageModel, seed: int = 0) -> EmbeddingLanguageModel:
    """The model with freshly drawn adapters: what its language model writes when the vector tells it nothing.

    The language model is shared, not copied; normalisation, sizes and tasks are kept.
    """
    import torch

    from elm.adapters import MLPAdapter
    from elm.model import EmbeddingLanguageModel, token_spread

    spread, fresh = token_spread(model.llm), {}
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(seed)
        for name in model.adapters:
            known = model.adapter(name)
            adapter = MLPAdapter(replace(known.config, landmarks=0, near=0.0), spread)  # it has seen no vectors
            adapter.mean.copy_(known.mean)
            adapter.scale.copy_(known.scale)
            fresh[name] = adapter.to(known.mean.device, known.inner.weight.dtype).eval()
    return EmbeddingLanguageModel(model.llm, model.tokenizer, fresh, model.about, model.tasks.values())
