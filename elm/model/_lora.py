"""Low-rank adaptation of the language model in stage two (Hu et al., 2021), by PEFT."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from elm._errors import CallError, CheckpointError


def with_lora(llm: Any, rank: int, dropout: float = 0.0) -> Any:
    """The language model with trainable low-rank updates beside all its linear layers but the output; the rest frozen.

    The updates start at zero, so the model writes as before until it is trained. `alpha` is twice the rank.
    Raises `CallError` for a rank below 1 or a model that has updates already.
    """
    from peft import LoraConfig, get_peft_model

    if rank < 1:
        raise CallError(
            f"the rank of LoRA must be at least 1, got {rank}; 0 in `TwoStage.lora_rank` trains all weights"
        )
    if is_lora(llm):
        raise CallError("the language model has LoRA updates already; merge them before adding others")
    config = LoraConfig(
        r=rank, lora_alpha=2 * rank, lora_dropout=dropout, target_modules="all-linear", task_type="CAUSAL_LM"
    )
    return get_peft_model(llm, config)


def is_lora(llm: Any) -> bool:
    """Whether the language model is a PEFT model, without loading PEFT to find out."""
    return hasattr(llm, "peft_config")


def merged(llm: Any) -> Any:
    """The language model with its low-rank updates folded into the weights: a plain transformers model."""
    return llm.merge_and_unload() if is_lora(llm) else llm


def save_lora(llm: Any, tokenizer: Any, folder: Path, base: str) -> None:
    """A plain PEFT folder that stock PEFT loads, with the tokenizer beside it; `base` is the base model's id."""
    for config in llm.peft_config.values():
        config.base_model_name_or_path = base
    llm.save_pretrained(folder, safe_serialization=True, save_embedding_layers=False)
    tokenizer.save_pretrained(folder)


def load_lora(base: Any, folder: Path) -> Any:
    """The base with the updates in `folder`; `CheckpointError` where they are missing, damaged or do not fit."""
    from peft import PeftModel
    from safetensors import SafetensorError, safe_open

    path = folder / "adapter_model.safetensors"
    try:
        with safe_open(path, framework="pt") as file:
            saved = {key: tuple(file.get_slice(key).get_shape()) for key in file.keys()}  # noqa: SIM118
        llm = PeftModel.from_pretrained(base, folder, is_trainable=True)
    except (OSError, SafetensorError, RuntimeError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise CheckpointError(f"the LoRA folder {folder} does not load on this base: {reason}") from error
    wanted = {k.replace(".default.", "."): tuple(v.shape) for k, v in llm.state_dict().items() if "lora_" in k}
    if wanted != saved:
        raise CheckpointError(
            f"the LoRA tensors in {folder} do not fit this base ({len(saved)} saved, {len(wanted)} wanted)"
        )
    return llm.eval()
