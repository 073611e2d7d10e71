"""Profile texts to Gaussians, the sentence encoder's transformer tuned end to end by low-rank updates."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from elm._errors import CallError
from elm.embeddings import SentenceEncoder
from elm.recommend._held_out import seeded
from elm.recommend.backbones._gaussian import Gaussian
from elm.recommend.tears._text_encoder import TextEncoder, TextHead, TextHeadConfig, distinct_pieces, used_rows

_ATTENTION = set("query key value q k v q_lin k_lin v_lin q_proj k_proj v_proj Wqkv qkv_proj query_key_value".split())
"""What the families of encoders (BERT, T5 and MPNet, DistilBERT, ...) call the linears behind attention."""

_AT_ONCE = 64  # token pieces in one padded batch


@dataclasses.dataclass(frozen=True)
class TokenPieces:
    """Profiles as token ids: for each distinct piece its token pieces (one, or more where it is longer than the
    encoder reads), and for each profile the numbers of its pieces.
    """

    tokens: list[list[list[int]]]
    rows: list[np.ndarray]


class LoraTextEncoder(TextEncoder):
    """A sentence encoder whose attention is tuned by low-rank updates (PEFT), and a `TextHead` (TEARS, equation 2).

    The updates start at zero, so an untrained one reads texts exactly as the sentence encoder does. It works on a copy:
    `encoder` stays as it is. Only head and updates are in the state dict. Training passes each distinct piece of a
    batch through the transformer, forward and back: on a CPU some twenty times the time of a frozen one.

    Args:
        encoder: the sentence encoder to start from.
        config: shape of the head; `dim` must be the encoder's.
        rank: rank of the updates, at least 1. TEARS has rank 64, alpha 16, dropout 0.4 on a T5.
        alpha: updates are scaled by alpha / rank; twice the rank by default.
        dropout: of what goes into the updates, in training.
        targets: names of the linear layers to update; by default those of query, key and value.
        seed: decides how head and updates begin.

    Raises `CallError` for an encoder without weights, another `dim`, a rank below 1, or targets that it does not have.
    """

    def __init__(
        self,
        encoder: SentenceEncoder,
        config: TextHeadConfig,
        *,
        rank: int = 8,
        alpha: float | None = None,
        dropout: float = 0.0,
        targets: Sequence[str] = (),
        seed: int = 0,
    ) -> None:
        super().__init__()
        if not isinstance(encoder, SentenceEncoder):
            raise CallError(f"LoRA tunes an elm.embeddings.SentenceEncoder, got {type(encoder).__name__}")
        if encoder.dim != config.dim:
            raise CallError(f"head and sentence encoder must share one size, got {config.dim} and {encoder.dim}")
        self.latent, self.encoder = config.latent, encoder
        self.rank, self.alpha, self.dropout = rank, 2.0 * rank if alpha is None else float(alpha), dropout
        self.body = copy.deepcopy(encoder.model)
        self.targets = lora_targets(self.body, targets)
        with seeded(seed):
            self.head = TextHead(config)
            inject_lora(self.body, rank, self.alpha, dropout, self.targets)
        self.train()
        nn.Module.register_state_dict_post_hook(self, _drop_frozen)
        nn.Module.register_load_state_dict_pre_hook(self, _expect_no_frozen)

    def train(self, mode: bool = True) -> LoraTextEncoder:
        """The transformer's own dropout stays off: its noise drowns the small differences between pieces."""
        super().train(mode)
        self.body.eval()
        for name, module in self.body.named_modules():
            if name.endswith("lora_dropout"):
                module.train(mode)
        return self

    def lora(self) -> dict[str, Any]:
        """The updates' settings as plain values: the keyword arguments that make another of the same shape."""
        return {"rank": self.rank, "alpha": self.alpha, "dropout": self.dropout, "targets": list(self.targets)}

    def tuned(self) -> list[nn.Parameter]:
        return [parameter for parameter in self.body.parameters() if parameter.requires_grad]

    def prepare(self, profiles: Sequence[str]) -> TokenPieces:
        """Token ids of all distinct pieces of the profiles. A profile without a word raises `CallError`."""
        texts, rows = distinct_pieces(profiles)
        owner, found = self.encoder.token_pieces(texts)
        tokens: list[list[list[int]]] = [[] for _ in texts]
        for number, ids in zip(owner, found, strict=True):
            tokens[number].append(ids)
        return TokenPieces(tokens, rows)

    def take(self, prepared: TokenPieces, users: np.ndarray) -> TokenPieces:
        """The pieces of some users only."""
        used, rows = used_rows(prepared.rows, users)
        return TokenPieces([prepared.tokens[number] for number in used], rows)

    def forward(self, prepared: TokenPieces) -> Gaussian:
        return self.head.read(self.vectors(prepared), prepared.rows)

    @torch.no_grad()
    def fit_scale(self, prepared: TokenPieces) -> None:
        self.head.fit_scale(self.vectors(prepared))

    def vectors(self, prepared: TokenPieces) -> torch.Tensor:
        """Unit vectors (U, d) of the distinct pieces, with gradients; a long piece is the token-weighted mean of its
        parts, as in `SentenceEncoder.encode`.
        """
        device = self.head.centre.device
        parts = [(number, ids) for number, split in enumerate(prepared.tokens) for ids in split]
        parts.sort(key=lambda part: -len(part[1]))  # so that a batch pads little
        made = [self._encode([ids for _, ids in parts[i : i + _AT_ONCE]]) for i in range(0, len(parts), _AT_ONCE)]
        owner = torch.tensor([number for number, _ in parts], device=device)
        weight = torch.tensor([float(len(ids)) for _, ids in parts], device=device)
        total = torch.zeros(len(prepared.tokens), self.head.config.dim, device=device)
        return functional.normalize(total.index_add(0, owner, torch.cat(made) * weight[:, None]), dim=-1)

    def _encode(self, pieces: list[list[int]]) -> torch.Tensor:
        device = self.head.centre.device
        features = {name: value.to(device) for name, value in self.encoder.padded(pieces).items()}
        found: torch.Tensor = self.body(features)["sentence_embedding"]
        return functional.normalize(found.float(), dim=-1)


def lora_targets(body: nn.Module, asked: Sequence[str]) -> tuple[str, ...]:
    """Last parts of the names of the linear layers to update; `CallError` where the transformer has no such layer."""
    if isinstance(asked, str):
        raise CallError(f"targets must be a list of names, got one string {asked!r}; wrap it in a list")
    linears = {name.rpartition(".")[2] for name, module in body.named_modules() if isinstance(module, nn.Linear)}
    missing = sorted(set(asked) - linears)
    found = sorted(set(asked) or linears & _ATTENTION)
    if missing or not found:
        lacking = ", ".join(map(repr, missing)) or "by a usual name of query, key or value"
        raise CallError(f"this encoder has no linear layer {lacking}; name some of: {', '.join(sorted(linears))}")
    return tuple(found)


def inject_lora(body: nn.Module, rank: int, alpha: float, dropout: float, targets: Sequence[str]) -> None:
    """Put trainable updates beside the target layers of `body`, in place, and freeze all the rest."""
    from peft import LoraConfig, inject_adapter_in_model

    if isinstance(rank, bool) or not isinstance(rank, int) or rank < 1:
        raise CallError(f"the rank of LoRA must be a whole number from 1, got {rank!r}")
    if not 0 <= dropout < 1 or not alpha > 0:
        raise CallError(f"LoRA needs an alpha above 0 and a dropout from 0 to below 1, got {alpha} and {dropout}")
    # alpha is annotated as an int there, and a float works as well.
    inject_adapter_in_model(
        LoraConfig(r=rank, lora_alpha=alpha, lora_dropout=dropout, target_modules=list(targets)),  # type: ignore[arg-type]
        body,
    )


def _frozen(module: nn.Module) -> dict[str, torch.Tensor]:
    """The transformer's own weights by name: they come from its folder, so ours need not hold them."""
    assert isinstance(module, LoraTextEncoder)
    trained = {name for name, parameter in module.body.named_parameters() if parameter.requires_grad}
    return {f"body.{name}": tensor for name, tensor in module.body.state_dict().items() if name not in trained}


def _drop_frozen(module: nn.Module, state: dict[str, Any], prefix: str, _: Mapping[str, Any]) -> None:
    for name in _frozen(module):
        state.pop(prefix + name, None)


def _expect_no_frozen(
    module: nn.Module,
    state: dict[str, Any],
    prefix: str,
    _: Any,
    strict: bool,
    missing: list[str],
    unexpected: list[str],
    errors: list[str],
) -> None:
    """Let the transformer's own weights stand, and count any that the state holds as unexpected."""
    for name, tensor in _frozen(module).items():
        if prefix + name in state:
            unexpected.append(prefix + name)
        state[prefix + name] = tensor
