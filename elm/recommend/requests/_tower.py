"""One copy of a sentence encoder, tuned or frozen, with a head: the f(user, request) or g(item) of CTRL-Rec."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Sequence
from typing import Literal, get_args

import numpy as np
import torch
from scipy import sparse
from torch import nn
from torch.nn import functional

from elm._errors import CallError
from elm.embeddings import SentenceEncoder
from elm.recommend._held_out import seeded
from elm.recommend.requests._word_bag import WordBag
from elm.recommend.tears._lora_text_encoder import inject_lora, lora_targets

Tuned = Literal["frozen", "words", "lora", "all"]
"""What of an encoder is trained beside its head: nothing, vectors of its word pieces that are added (`WordBag`),
low-rank updates of its attention, or all weights."""

_AT_ONCE = 64


class Tower(nn.Module):
    """Texts to vectors (n, dim): the encoder's unit vector x, then x W + MLP(x); untrained it gives x back, scaled.

    Its state dict holds what is trained alone.
    """

    def __init__(
        self,
        encoder: SentenceEncoder,
        tuned: Tuned,
        *,
        rank: int = 16,
        hidden: int = 512,
        scale: float = 1.0,
        seed: int = 0,
    ) -> None:
        """scale: what the identity that W starts from is multiplied by. Raises `CallError` for another `tuned`."""
        super().__init__()
        if tuned not in get_args(Tuned):
            raise CallError(f"an encoder is tuned by {', '.join(get_args(Tuned))}, got {tuned!r}")
        if tuned != "frozen" and not hasattr(encoder, "model"):
            raise CallError(f"tuning needs an elm.embeddings.SentenceEncoder, got {type(encoder).__name__}")
        self.encoder, self.tuned, self.dim = encoder, tuned, int(encoder.dim)
        self.rank, self.hidden = rank, hidden
        self.body: nn.Module | None = copy.deepcopy(encoder.model) if tuned in ("lora", "all") else None
        with seeded(seed):
            self.linear = nn.Linear(self.dim, self.dim)
            self.wide, self.narrow = nn.Linear(self.dim, hidden), nn.Linear(hidden, self.dim)
            self.bag = WordBag(encoder, self.dim, seed) if tuned == "words" else None
            if self.body is not None and tuned == "lora":
                inject_lora(self.body, rank, 2.0 * rank, 0.0, lora_targets(self.body, ()))
        with torch.no_grad():
            self.linear.weight.copy_(scale * torch.eye(self.dim))
            self.linear.bias.zero_()
            self.narrow.weight.zero_()
            self.narrow.bias.zero_()
        if self.body is not None and tuned == "all":
            self.body.requires_grad_(True)
        self.train()

    def train(self, mode: bool = True) -> Tower:
        """The encoder's own dropout stays off."""
        super().train(mode)
        if self.body is not None:
            self.body.eval()
        return self

    def head(self, vectors: torch.Tensor, words: sparse.csr_matrix | None = None) -> torch.Tensor:
        """Vectors (n, dim) of the encoder -> (n, dim). words: what `words` gives, where the tower has them."""
        found: torch.Tensor = self.linear(vectors) + self.narrow(functional.gelu(self.wide(vectors)))
        return found if self.bag is None or words is None else found + self.bag(words)

    def words(self, texts: Sequence[str]) -> sparse.csr_matrix | None:
        """The words of the texts as `head` takes them; None for a tower that reads vectors alone."""
        return None if self.bag is None else self.bag.rows(texts)

    def forward(self, texts: Sequence[str]) -> torch.Tensor:
        """Texts (n) -> (n, dim), with gradients where the encoder is tuned."""
        return self.head(self.encoded(texts), self.words(texts))

    def encoded(self, texts: Sequence[str]) -> torch.Tensor:
        """The encoder's unit vectors (n, dim); a long text is the token-weighted mean of its parts."""
        device = self.linear.weight.device
        if self.body is None:
            return torch.from_numpy(np.asarray(self.encoder.encode(list(texts)), dtype=np.float32)).to(device)
        owner, pieces = self.encoder.token_pieces(list(texts))
        order = sorted(range(len(pieces)), key=lambda place: -len(pieces[place]))
        made = [self._passed([pieces[i] for i in order[at : at + _AT_ONCE]]) for at in range(0, len(order), _AT_ONCE)]
        weight = torch.tensor([float(len(pieces[i])) for i in order], device=device)
        whose = torch.tensor([int(owner[i]) for i in order], device=device)
        total = torch.zeros(len(texts), self.dim, device=device)
        return functional.normalize(total.index_add(0, whose, torch.cat(made) * weight[:, None]), dim=-1)

    def _passed(self, pieces: list[list[int]]) -> torch.Tensor:
        assert self.body is not None
        device = self.linear.weight.device
        features = {name: value.to(device) for name, value in self.encoder.padded(pieces).items()}
        found: torch.Tensor = self.body(features)["sentence_embedding"]
        return functional.normalize(found.float(), dim=-1)

    def trained(self) -> dict[str, torch.Tensor]:
        """The weights that are trained, by name."""
        found = {name: value.detach() for name, value in self.named_parameters() if value.requires_grad}
        return found if self.bag is None else {**found, "bag.weight": self.bag.weight}

    @property
    def fingerprint(self) -> str:
        """Hash of the encoder and of the trained weights."""
        digest = hashlib.sha256(str(getattr(self.encoder, "fingerprint", "")).encode())
        for name, value in sorted(self.trained().items()):
            digest.update(name.encode() + value.cpu().numpy().tobytes())
        return digest.hexdigest()[:16]

    @torch.no_grad()
    def take(self, weights: dict[str, torch.Tensor]) -> None:
        """Set the trained weights; `CallError` where they are not exactly those."""
        own = self.trained()
        if set(weights) != set(own) or any(own[name].shape != value.shape for name, value in weights.items()):
            raise CallError("the weights of a tower are of another shape than its settings say")
        for name, value in weights.items():
            own[name].copy_(value)
