"""Profile texts to Gaussians in the recommender's latent space, on top of a frozen sentence encoder (the CPU path)."""

from __future__ import annotations

import abc
import dataclasses
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np
import torch
from torch import nn

from elm._errors import CallError
from elm.recommend.backbones._gaussian import Gaussian
from elm.recommend.profiles._sentences import pieces

_CACHE = 20_000  # pieces, about 30 MB at 384 floats each


class SentenceVectors(Protocol):
    """Anything that turns texts into rows of numbers, such as `elm.embeddings.SentenceEncoder`."""

    def encode(self, texts: list[str]) -> np.ndarray: ...


class TextEncoder(nn.Module, abc.ABC):
    """The text side of `Tears`, abstract so that a T5 or a LoRA-tuned encoder fits as well as a frozen one.

    `prepare` does the work that training never changes (vectors of a frozen encoder, token ids of a tuned one) once for
    all profiles; `take` picks users out of that; the call maps them to Gaussians (B, latent).
    """

    latent: int

    @abc.abstractmethod
    def prepare(self, profiles: Any) -> Any: ...

    @abc.abstractmethod
    def take(self, prepared: Any, users: np.ndarray) -> Any: ...

    @abc.abstractmethod
    def forward(self, prepared: Any) -> Gaussian: ...

    def fit_scale(self, prepared: Any) -> None:
        """Learn a normalisation from the training profiles, before training; none by default."""

    def tuned(self) -> list[nn.Parameter]:
        """Trainable parameters inside a pretrained encoder: they want a smaller step than new ones. None by default."""
        return []


def distinct_pieces(
    profiles: Sequence[str], cut_in: Callable[[str], list[str]] = pieces
) -> tuple[list[str], list[np.ndarray]]:
    """All distinct pieces, and for each profile the numbers of its own. A profile without a word raises `CallError`."""
    if isinstance(profiles, str):
        raise CallError("profiles must be a list of texts, got one text; wrap it in a list")
    for number, profile in enumerate(profiles):
        if not isinstance(profile, str):
            raise CallError(f"a profile must be a text, but profile {number} is {profile!r}; fill or drop it")
    cut = [cut_in(profile) for profile in profiles]
    for number, found in enumerate(cut):
        if not found:
            raise CallError(f"a profile must hold at least one word, but profile {number} is empty")
    place = {text: row for row, text in enumerate(dict.fromkeys(text for found in cut for text in found))}
    return list(place), [np.asarray([place[text] for text in found], dtype=np.int64) for found in cut]


def used_rows(rows: Sequence[np.ndarray], users: np.ndarray) -> tuple[np.ndarray, list[np.ndarray]]:
    """The pieces that some users are made of, and each of these users as places among them."""
    chosen = [rows[user] for user in users]
    used, inverse = np.unique(np.concatenate(chosen), return_inverse=True)
    return used, np.split(inverse.ravel(), np.cumsum([len(row) for row in chosen])[:-1])


def encoded(encoder: SentenceVectors, texts: list[str], known: dict[str, np.ndarray], dim: int) -> np.ndarray:
    """Vectors (n, dim) float32 of texts; `known` keeps those of recent ones, the latest last.

    Raises `CallError` for an encoder of another size.
    """
    fresh: dict[str, np.ndarray] = {}
    if new := [text for text in texts if text not in known]:
        made = np.asarray(encoder.encode(new), dtype=np.float32)
        if made.shape != (len(new), dim):
            raise CallError(
                f"the sentence encoder must give {dim} numbers a text, got shape {made.shape} for {len(new)} texts; "
                "use the encoder that the head was trained with"
            )
        fresh = dict(zip(new, made, strict=True))
    table = np.stack([fresh[text] if text in fresh else known[text] for text in texts])  # (U, d)
    known.update(fresh)
    while len(known) > _CACHE:
        del known[next(iter(known))]
    return table


def encoded_size(encoder: SentenceVectors) -> int:
    """How many numbers a text becomes."""
    return int(getattr(encoder, "dim", 0)) or int(np.asarray(encoder.encode(["a text"])).shape[1])


def pooled_rows(values: torch.Tensor, rows: Sequence[np.ndarray]) -> torch.Tensor:
    """The sums (n, d) of the rows of `values` (U, d) that each of n texts is made of."""
    joined = torch.from_numpy(np.concatenate(rows)).to(values.device)
    owners = torch.from_numpy(np.repeat(np.arange(len(rows)), [len(row) for row in rows])).to(values.device)
    return torch.zeros(len(rows), values.shape[-1], device=values.device).index_add_(0, owners, values[joined])


@dataclasses.dataclass(frozen=True)
class ProfilePieces:
    """Profiles as pieces: vectors (U, d) of the distinct ones, and for each profile the rows it is made of."""

    vectors: torch.Tensor
    rows: list[np.ndarray]


@dataclasses.dataclass(frozen=True)
class TextHeadConfig:
    """Shape of the head: `dim` numbers a piece in, `latent` means and deviations out."""

    dim: int
    latent: int
    hidden: int = 256
    dropout: float = 0.2


class StandardisedHead(nn.Module):
    """A head over piece vectors (U, dim), which are centred on the mean piece and scaled to unit deviation first: a
    sentence encoder's vectors share a large common part.
    """

    centre: torch.Tensor  # (dim,)
    scale: torch.Tensor  # ()

    def __init__(self, config: TextHeadConfig) -> None:
        super().__init__()
        self.config = config
        self.register_buffer("centre", torch.zeros(config.dim))
        self.register_buffer("scale", torch.ones(()))

    def fit_scale(self, vectors: torch.Tensor) -> None:
        """Learn centre and scale from the pieces (U, dim) of training texts."""
        self.centre.copy_(vectors.mean(0))
        self.scale.copy_((vectors - vectors.mean(0)).pow(2).mean().sqrt().clamp_min(1e-6))

    def standardised(self, vectors: torch.Tensor) -> torch.Tensor:
        """The same vectors, centred and scaled."""
        return (vectors - self.centre) / self.scale


def piece_network(config: TextHeadConfig) -> nn.Sequential:
    """The MLP that each piece goes through by itself: (U, dim) -> (U, hidden)."""
    return nn.Sequential(
        nn.Linear(config.dim, config.hidden),
        nn.GELU(),
        nn.Dropout(config.dropout),
        nn.Linear(config.hidden, config.hidden),
        nn.GELU(),
    )


class TextHead(StandardisedHead):
    """Piece vectors to a Gaussian: a shared MLP a piece, the mean over pieces, then (mu, sigma) (TEARS, equation 2).

    The shared MLP sees one piece at a time, so it can turn "dislikes horror" into the opposite of "likes horror" before
    the mean is taken. The mean of the raw vectors joins it, for what only the text as a whole says.
    """

    def __init__(self, config: TextHeadConfig) -> None:
        super().__init__(config)
        self.piece = piece_network(config)
        self.out = nn.Sequential(nn.Dropout(config.dropout), nn.Linear(config.hidden + config.dim, 2 * config.latent))

    def forward(self, vectors: torch.Tensor, rows: torch.Tensor, owners: torch.Tensor, n: int) -> Gaussian:
        """`vectors` (U, d) distinct pieces; `rows` and `owners` (P,) say which piece is part of which of n profiles."""
        x = self.standardised(vectors)
        both = torch.cat([self.piece(x), x], dim=-1)[rows]  # (P, hidden + d)
        counts = torch.bincount(owners, minlength=n).clamp_min(1).unsqueeze(-1)
        pooled = torch.zeros(n, both.shape[-1], device=both.device).index_add_(0, owners, both) / counts
        mu, log_sigma = self.out(pooled).split(self.config.latent, dim=-1)
        return Gaussian(mu, torch.exp(log_sigma.clamp(-6, 2)))

    def read(self, vectors: torch.Tensor, rows: Sequence[np.ndarray]) -> Gaussian:
        """The same for profiles given as one array of rows each."""
        joined = torch.from_numpy(np.concatenate(rows)).to(vectors.device)
        owners = torch.from_numpy(np.repeat(np.arange(len(rows)), [len(row) for row in rows])).to(vectors.device)
        found: Gaussian = self(vectors, joined, owners, len(rows))
        return found


class PieceTextEncoder(TextEncoder):
    """A frozen sentence encoder and a trained `TextHead`.

    The sentence encoder is no part of the state dict: it is found again by its name. Vectors of recent pieces are kept,
    so an edit of one sentence costs one sentence.
    """

    def __init__(self, encoder: SentenceVectors, config: TextHeadConfig) -> None:
        super().__init__()
        self.latent = config.latent
        self.head = TextHead(config)
        self.encoder = encoder
        self._known: dict[str, np.ndarray] = {}

    def prepare(self, profiles: Sequence[str]) -> ProfilePieces:
        """Vectors of all distinct pieces of the profiles. A profile without a word raises `CallError`."""
        texts, rows = distinct_pieces(profiles)
        return ProfilePieces(torch.from_numpy(encoded(self.encoder, texts, self._known, self.head.config.dim)), rows)

    def take(self, prepared: ProfilePieces, users: np.ndarray) -> ProfilePieces:
        """The pieces of some users only, with no vector that they do not use."""
        used, rows = used_rows(prepared.rows, users)
        return ProfilePieces(prepared.vectors[torch.from_numpy(used)], rows)

    def forward(self, prepared: ProfilePieces) -> Gaussian:
        return self.head.read(prepared.vectors.to(self.head.centre.device), prepared.rows)

    def fit_scale(self, prepared: ProfilePieces) -> None:
        self.head.fit_scale(prepared.vectors.to(self.head.centre.device))
