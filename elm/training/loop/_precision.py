"""Which number format a device computes fastest in."""

from __future__ import annotations

import torch


def bf16_is_fast(device: torch.device | str = "cpu") -> bool:
    """Whether the device multiplies bfloat16 natively; elsewhere it would be slower than float32.

    Only the products are done in bfloat16 (autocast): weights, sums and the loss stay in float32.
    """
    if torch.device(device).type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())
