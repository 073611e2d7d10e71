"""Bases whose weights are quantised: read where their library is, and frozen, with updates by LoRA beside them."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from elm._errors import CallError, DataFileError
from elm._storage.files import read_json

_READ = ("bitsandbytes", "torchao")
"""Methods, which are called as their library; others have kernels that no gradient passes."""


def quantised_by(folder: Path) -> str | None:
    """The method by which a folder's weights are quantised, as its config.json says; None where it says nothing."""
    try:
        fields = read_json(folder / "config.json")
    except DataFileError:  # reported where the description is read
        return None
    about = fields.get("quantization_config") if isinstance(fields, dict) else None
    return str(about.get("quant_method"))[:40] if isinstance(about, dict) else None


def quantised_problems(method: str) -> Iterator[str]:
    """Why a base that is quantised by this method cannot be read here."""
    otherwise = "take the base as it was before it was quantised"
    if method not in _READ:
        yield f"is quantised by {method}, and {' and '.join(_READ)} alone are read: {otherwise}"
    elif importlib.util.find_spec(method) is None:
        yield f"is quantised by {method}, which is not installed: pip install {method}, or {otherwise}"


def is_quantised(llm: Any) -> bool:
    """Whether the weights of a language model, low-rank updates aside, are quantised."""
    inner = llm.get_base_model() if hasattr(llm, "get_base_model") else llm
    return getattr(inner, "hf_quantizer", None) is not None


def require_plain(llm: Any, what: str) -> None:
    """Raise `CallError` where something is asked that needs weights as numbers, and they are quantised."""
    if is_quantised(llm):
        raise CallError(
            f"{what}, and this base is quantised: train it with LoRA (lora_rank, --lora) and keep the updates apart, "
            "or take the base as it was before it was quantised"
        )
