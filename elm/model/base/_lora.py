"""Low-rank adaptation of the language model in stage two (Hu et al., 2021), by PEFT."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import torch

from elm._errors import CallError, CheckpointError
from elm._storage.files import read_json
from elm._storage.weights import FLOATS, Kind, misfits, tensor_kinds
from elm.adapters import read_tensors, require_finite

WEIGHTS, CONFIG = "adapter_model.safetensors", "adapter_config.json"


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
        r=rank,
        lora_alpha=2 * rank,
        lora_dropout=dropout,
        target_modules="all-linear",
        task_type="CAUSAL_LM",
        fan_in_fan_out=any(type(module).__name__ == "Conv1D" for module in llm.modules()),  # GPT-2's linear layers
    )
    return get_peft_model(llm, config)


def is_lora(llm: Any) -> bool:
    """Whether the language model is a PEFT model, without loading PEFT to find out."""
    return hasattr(llm, "merge_and_unload")  # some versions of PEFT leave their settings on a merged model


def merged(llm: Any) -> Any:
    """The language model with its low-rank updates folded into the weights: a plain transformers model."""
    return llm.merge_and_unload() if is_lora(llm) else llm


def save_lora(
    llm: Any, folder: Path, base: str, revision: str | None = None, dtype: torch.dtype = torch.float32
) -> None:
    """A plain PEFT folder that stock PEFT loads; `base` is the base model's id, whose tokenizer it goes with.

    dtype: of the updates on disk.
    """
    for config in llm.peft_config.values():
        config.base_model_name_or_path, config.revision = base, revision
    updates = {name: value.to(dtype) for name, value in llm.state_dict().items() if "lora_" in name}
    llm.save_pretrained(folder, state_dict=updates, safe_serialization=True, save_embedding_layers=False)
    (folder / "README.md").unlink(missing_ok=True)  # PEFT's form to fill in, which names the base by its path here


def load_lora(base: Any, folder: Path) -> Any:
    """The base with the updates in `folder`; `CheckpointError` where they are missing, damaged or do not fit.

    Only what `save_lora` writes is read: plain updates of linear layers. Other settings of PEFT, some of which name
    modules to import, are refused.
    """
    from peft import PeftModel

    config, saved = check_lora(folder)
    require_finite(read_tensors(folder / WEIGHTS)[0], folder / WEIGHTS)
    try:
        with torch.random.fork_rng(devices=[]):  # the updates are drawn before they are read
            llm = PeftModel.from_pretrained(base, str(folder), config=config, is_trainable=True)
    except Exception as error:  # a folder that is not PEFT's fails in any way
        reason = (str(error) or repr(error)).splitlines()[0]
        raise CheckpointError(f"the LoRA folder {folder} does not load on this base: {reason}") from error
    wanted = {k.replace(".default.", "."): tuple(v.shape) for k, v in llm.state_dict().items() if "lora_" in k}
    if odd := misfits(saved, wanted):
        raise CheckpointError(
            f"the LoRA tensors in {folder} do not fit this base ({len(saved)} saved, {len(wanted)} wanted): {odd[0]}"
        )
    return llm.eval()


def check_lora(folder: Path) -> tuple[Any, dict[str, Kind]]:
    """(PEFT's config, kinds and shapes of the updates); raises what `load_lora` would, of what can be known without the
    base. A tensor of any other name could overwrite a weight of the base, so it is refused before PEFT sees it.
    """
    config, path = _config(folder), folder / WEIGHTS
    kinds = tensor_kinds(path)
    for name, (kind, shape) in kinds.items():
        named = _UPDATE.fullmatch(name)
        if named is None or kind not in FLOATS or len(shape) != 2:
            raise CheckpointError(
                f"{path} must hold low-rank updates alone, matrices of floating-point numbers, and {name[:80]} is "
                f"{kind} {shape}; fetch or train the model again"
            )
        place, twin = named[1], f"{named[1]}lora_{'B' if named[2] == 'A' else 'A'}.weight"
        if shape[named[2] == "B"] != config.r or twin not in kinds:
            raise CheckpointError(f"the LoRA tensors in {folder} are not of rank {config.r} in pairs, such as {place}")
    if not kinds:
        raise CheckpointError(f"{path} holds no update; fetch or train the model again")
    return config, kinds


_UPDATE = re.compile(r"(base_model\.model\.(?:\w+\.)+)lora_([AB])\.weight")
_NUMBERS = {"r": (int,), "lora_alpha": (int, float), "lora_dropout": (int, float)}
_FREE = {"base_model_name_or_path", "revision", "inference_mode", "peft_version"}
_TURNED = "fan_in_fan_out"  # whether the base keeps its linear weights the other way round, as GPT-2 does


def _config(folder: Path) -> Any:
    """The settings in a PEFT folder, where they are those of plain updates."""
    from peft import LoraConfig

    path = folder / CONFIG
    came = read_json(path)
    if not isinstance(came, dict):
        raise CheckpointError(f"{path} is not that of a PEFT folder; fetch or train the model again")
    plain = {key: getattr(value, "value", value) for key, value in LoraConfig(task_type="CAUSAL_LM").to_dict().items()}
    for key, kinds in _NUMBERS.items():
        value = came.get(key)
        if (
            not isinstance(value, kinds)
            or isinstance(value, bool)
            or not 0 <= value < 1e6
            or (key == "r" and value < 1)
        ):
            raise CheckpointError(f"{path} gives no {key} that LoRA can have")
    targets = came.get("target_modules")
    if not isinstance(targets, list) or not targets or not all(isinstance(name, str) for name in targets):
        raise CheckpointError(f"{path} must list its target_modules by name")
    for key, value in came.items():
        known = key in _NUMBERS or key in _FREE or key == "target_modules" or (key == _TURNED and value is True)
        if not known and value != plain.get(key) and value not in (None, False, [], {}):
            raise CheckpointError(f"{path} sets {key[:60]}, which a plain LoRA folder leaves alone; it is not read")
    numbers = {key: came[key] for key in _NUMBERS}
    return LoraConfig(**numbers, target_modules=targets, task_type="CAUSAL_LM", fan_in_fan_out=bool(came.get(_TURNED)))
