"""The shapes of a base without its weights, to count what it would take."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from elm._errors import CheckpointError
from elm.model._placement import DTYPES
from elm.model.base._find import find_base
from elm.model.base._lora import with_lora
from elm.model.hub._access import Access
from elm.model.hub._transfer import fetch_file


def outlined_llm(name: str | Path, dtype: str = "float32", lora_rank: int = 0, access: Access | None = None) -> Any:
    """A base as `load_llm` finds it, on torch's meta device: its description is read, and none of its weights.

    lora_rank: above 0, updates beside it, of which alone there is a gradient. Raises what `load_llm` raises where there
    is no such base, `CheckpointError` for a description of no language model that transformers knows.
    """
    from transformers import AutoConfig, AutoModelForCausalLM

    found = find_base(str(name), None, access)
    place = found.place
    folder = place if isinstance(place, Path) else fetch_file(place, "config.json", found.revision, access).parent
    try:
        config = AutoConfig.from_pretrained(folder, trust_remote_code=False, local_files_only=True)
        with torch.device("meta"):
            llm = AutoModelForCausalLM.from_config(config, dtype=DTYPES[dtype], trust_remote_code=False)
            return with_lora(llm, lora_rank) if lora_rank else llm
    except (ValueError, KeyError, TypeError, OSError, AttributeError) as error:
        reason = " ".join(str(error).split())[:200]
        raise CheckpointError(f"{folder} describes no language model that can be counted ({reason})") from error
