"""The adapter E_A: a two-layer MLP from an embedding space W to n soft tokens in the token space Z (ELM, Section 2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from elm.adapters._config import AdapterConfig
from elm.adapters._landmarks import Landmarks, check_inside, landmarks
from elm.embeddings import EmbeddingSpace


class MLPAdapter(nn.Module):
    """Maps vectors (B, dim) to soft tokens (B, soft_tokens, token_dim).

    A vector is normalised with the space's mean and scale, which are stored beside the weights, so that training and
    use cannot disagree. The output is layer-normalised and scaled to the spread of the token embeddings, so that the
    language model meets numbers of the size it knows.

    Weights are drawn from torch's global generator: seed it before.

    >>> _ = torch.manual_seed(0)
    >>> space = EmbeddingSpace.fit("toy", [[0.0, 1.0, 2.0], [2.0, 1.0, 0.0]], "cosine", {}, "f")
    >>> adapter = MLPAdapter.for_space(space, token_dim=16, soft_tokens=4, hidden=8)
    >>> adapter(torch.zeros(5, 3)).shape
    torch.Size([5, 4, 16])
    """

    mean: torch.Tensor
    scale: torch.Tensor
    landmarks: torch.Tensor | None

    def __init__(self, config: AdapterConfig, token_spread: float = 1.0) -> None:
        super().__init__()
        self.config = config
        self.register_buffer("mean", torch.zeros(config.dim))
        self.register_buffer("scale", torch.ones(config.dim))
        self.register_buffer("landmarks", torch.zeros(config.landmarks, config.dim) if config.landmarks else None)
        self.inner = nn.Linear(config.dim, config.hidden)
        self.outer = nn.Linear(config.hidden, config.soft_tokens * config.token_dim)
        self.norm = nn.LayerNorm(config.token_dim)
        nn.init.constant_(self.norm.weight, token_spread)

    @classmethod
    def for_space(
        cls,
        space: EmbeddingSpace,
        token_dim: int,
        tasks: Sequence[str] = (),
        token_spread: float = 1.0,
        soft_tokens: int = 8,
        hidden: int = 512,
    ) -> MLPAdapter:
        """A fresh adapter for a space, with the space's normalisation.

        token_dim: width of the language model's token embeddings; token_spread: their standard deviation.
        """
        config = AdapterConfig(
            space.name,
            space.fingerprint,
            space.metric,
            space.dim,
            token_dim,
            soft_tokens,
            hidden,
            float(space.reach),
            tuple(tasks),
            encoder=str(space.made.get("encoder", "")),
        )
        adapter = cls(config, token_spread)
        adapter.mean.copy_(torch.as_tensor(space.mean, dtype=torch.float32))
        adapter.scale.copy_(torch.as_tensor(space.scale, dtype=torch.float32))
        return adapter

    def space(self) -> EmbeddingSpace:
        """The space that this adapter reads, rebuilt from what it stores."""
        c, (mean, scale) = self.config, (part.cpu().numpy() for part in (self.mean, self.scale))
        made = {"encoder": c.encoder} if c.encoder else {}
        return EmbeddingSpace(c.space, c.dim, c.metric, mean, scale, c.reach, made, c.fingerprint)

    def check(self, vectors: npt.ArrayLike) -> np.ndarray:
        """Vectors (dim,) or (n, dim) as (n, dim) float32.

        Raises `VectorError` for a wrong size, NaN or infinity. Warns `OutsideDataWarning` for vectors far outside the
        space's data, and for those that lie near none of the vectors that were learned from (`remember`).
        """
        known = None if self.landmarks is None else Landmarks(self.landmarks.cpu().numpy(), self.config.near)
        checked = check_inside(self.space(), vectors, known)
        # torch takes neither backward views nor, without a complaint, read-only arrays
        return np.require(checked, requirements=["C", "W"])

    def remember(self, vectors: np.ndarray, seed: int = 0) -> MLPAdapter:
        """Keep where the training vectors (n, dim) lie, so that `check` notices what is unlike all of them.

        Vectors of another kind by the same encoder, such as those of news where films were learned, pass every check of
        size and spread. Fewer than 200 vectors leave the adapter as it is.
        """
        found = landmarks(self.space().check(vectors, warn_far=False), seed)
        if found is not None:
            self.config = replace(self.config, landmarks=len(found.directions), near=found.near)
            self.landmarks = torch.as_tensor(found.directions, device=self.mean.device)
        return self

    def start_from(self, vectors: np.ndarray) -> MLPAdapter:
        """Start the first layer from the whitened directions of training vectors (n, dim).

        Sentence vectors spread far more along some directions than along others, and what tells one film's conflict
        from another's lies in the small ones. Whitening puts all on one footing, which saves most of the steps that
        gradient descent would spend on it. Directions without spread are left out. Raises `VectorError` as `check`.
        """
        vectors = self.space().check(vectors, warn_far=False)
        x = (torch.as_tensor(vectors, device=self.mean.device) - self.mean) / self.scale  # (n, dim)
        _, values, directions = torch.linalg.svd(x - x.mean(0), full_matrices=False)
        spread = values / max(len(x) - 1, 1) ** 0.5
        keep = min(self.config.hidden // 2, int((spread > 1e-2 * spread[0]).sum()))
        rows = directions[:keep] / spread[:keep, None]  # unit variance along each kept direction
        with torch.no_grad():  # a direction and its opposite: together they pass GELU without loss
            self.inner.weight.mul_(0.1)
            self.inner.bias.zero_()
            self.inner.weight[:keep] = rows
            self.inner.weight[keep : 2 * keep] = -rows
        return self

    def forward(self, vectors: torch.Tensor) -> torch.Tensor:
        """Vectors (B, dim) as they come, not normalised -> soft tokens (B, soft_tokens, token_dim)."""
        hidden = nn.functional.gelu(self.inner((vectors - self.mean) / self.scale))  # (B, hidden)
        soft = self.outer(hidden).view(-1, self.config.soft_tokens, self.config.token_dim)  # (B, n, Z)
        result: torch.Tensor = self.norm(soft)
        return result
