"""Soft tokens in the places of a prompt that were kept for them."""

from __future__ import annotations

from typing import Any

import torch

from elm._errors import CallError


def spliced(llm: Any, ids: torch.Tensor, slots: torch.Tensor, soft: torch.Tensor) -> torch.Tensor:
    """Token embeddings (B, T, Z) of `ids` (B, T), the rows at `slots` (B, n) overwritten by `soft` (B, n, Z)."""
    if slots.shape != soft.shape[:2]:
        raise CallError(f"soft tokens {tuple(soft.shape[:2])} must fill the slots {tuple(slots.shape)} exactly")
    embeds: torch.Tensor = llm.get_input_embeddings()(ids)  # (B, T, Z)
    index = slots.unsqueeze(-1).expand(-1, -1, embeds.shape[-1])  # (B, n, Z): the same place in each of the Z columns
    return embeds.scatter(1, index, soft.to(embeds.dtype))
