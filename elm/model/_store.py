"""The adapter folder: saved whole, loaded exactly or not at all.

    config.json            schema, base model, tasks
    adapters/<space>/      config.json and model.safetensors of one adapter each
    llm/                   the tuned model in transformers form (absent where the base serves unchanged)
    manifest.json          size and sha256 of each file, written last
    README.md              the model card
"""  # fmt: skip

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import nn

from elm._errors import CheckpointError, DataFileError
from elm._files import read_json, sha256, write_json, written_aside
from elm.adapters import AdapterConfig, MLPAdapter
from elm.model._language_model import EmbeddingLanguageModel

SCHEMA = 1
_MANIFEST = "manifest.json"


def save_model(model: EmbeddingLanguageModel, folder: str | Path, card: str = "", dtype: torch.dtype = torch.float32) -> Path:
    """Write the folder; one with another model in it is replaced file by file, the manifest last.

    A kill in between leaves a folder whose manifest does not fit: `load_model` refuses it rather than mix two models.
    """
    folder = Path(folder)
    (folder / _MANIFEST).unlink(missing_ok=True)
    for name in model.adapters:
        save_adapter(model.adapter(name), folder / "adapters" / name, dtype)
    if (folder / "llm").exists():
        shutil.rmtree(folder / "llm")
    save_llm(model.llm, model.tokenizer, folder / "llm", dtype)
    tasks = sorted({t for name in model.adapters for t in model.adapter(name).config.tasks})
    write_json(folder / "config.json", {"schema": SCHEMA, "tasks": tasks, "adapters": list(model.adapters), **model.about})
    with written_aside(folder / "README.md") as aside:
        aside.write_text(card or _plain_card(model), encoding="utf-8")
    write_manifest(folder)
    return folder


def load_model(folder: str | Path, device: str = "cpu") -> EmbeddingLanguageModel:
    """Load what `save_model` wrote; `folder` may also be a run folder that holds one as `model/`.

    Raises `DataFileError` when files are missing, `CheckpointError` when one is damaged, of another schema, or its
    tensors do not fit. Runs no code from the folder and reads no pickle.
    """
    folder = Path(folder)
    if (folder / "model" / "config.json").exists():
        folder = folder / "model"
    if not folder.is_dir():
        raise DataFileError(f"a model is a folder; there is none at {folder}: train one with `elm train` first")
    config = read_json(folder / "config.json")
    if config.get("schema") != SCHEMA:
        raise CheckpointError(f"{folder} has schema {config.get('schema')}, this version reads {SCHEMA}: update elm-toolkit")
    check_manifest(folder)
    llm, tokenizer = load_llm(folder / "llm")
    adapters = {name: load_adapter(folder / "adapters" / name) for name in config["adapters"]}
    about = {k: v for k, v in config.items() if k not in ("schema", "tasks", "adapters")}
    return EmbeddingLanguageModel(llm, tokenizer, adapters, about).eval().to(device)


def save_adapter(adapter: MLPAdapter, folder: Path, dtype: torch.dtype = torch.float32) -> None:
    write_json(folder / "config.json", adapter.config.to_dict())
    state = {k: v.detach().to("cpu", dtype).contiguous() for k, v in adapter.state_dict().items()}
    with written_aside(folder / "model.safetensors") as aside:
        save_file(state, aside)


def load_adapter(folder: Path) -> MLPAdapter:
    """Strict: a missing, extra, misshapen or non-finite tensor is a `CheckpointError`."""
    try:
        values = read_json(folder / "config.json")
        config = AdapterConfig(**{**values, "tasks": tuple(values["tasks"])})
    except (TypeError, KeyError) as error:
        raise CheckpointError(f"{folder / 'config.json'} is not an adapter's config: {error}") from error
    adapter = MLPAdapter(config)
    state = read_tensors(folder / "model.safetensors")
    load_strictly(adapter, state, folder)
    return adapter.eval()


def load_strictly(module: nn.Module, state: Mapping[str, torch.Tensor], source: Path) -> None:
    wanted = {k: tuple(v.shape) for k, v in module.state_dict().items()}
    came = {k: tuple(v.shape) for k, v in state.items()}
    if wanted != came:
        odd = sorted(k for k in wanted.keys() | came.keys() if wanted.get(k) != came.get(k))
        raise CheckpointError(f"the tensors in {source} do not fit: {', '.join(odd[:5])}; it is damaged or of another model")
    if bad := [k for k, v in state.items() if not torch.isfinite(v).all()]:
        raise CheckpointError(f"weights must be finite, but {', '.join(bad[:3])} in {source} hold NaN or infinity")
    module.load_state_dict({k: v.float() for k, v in state.items()})


def read_tensors(path: Path) -> dict[str, torch.Tensor]:
    try:
        return load_file(path)
    except FileNotFoundError as error:
        raise DataFileError(f"{path} is missing; fetch or train the model again") from error
    except SafetensorError as error:
        raise CheckpointError(f"{path} is cut off or damaged ({error}); fetch or train the model again") from error


def save_llm(llm: Any, tokenizer: Any, folder: Path, dtype: torch.dtype = torch.float32) -> None:
    """An ordinary transformers folder, in safetensors. The model in memory keeps its precision."""
    kept = next(llm.parameters()).dtype
    llm.to(dtype).save_pretrained(folder)
    llm.to(kept)
    tokenizer.save_pretrained(folder)


def load_llm(folder: str | Path, revision: str | None = None) -> tuple[Any, Any]:
    """(model in float32, tokenizer) from a transformers folder or a Hub id; missing weights are an error."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    try:
        llm, report = AutoModelForCausalLM.from_pretrained(
            folder, revision=revision, dtype=torch.float32, use_safetensors=True, output_loading_info=True
        )
        tokenizer = AutoTokenizer.from_pretrained(folder, revision=revision)
    except SafetensorError as error:
        raise CheckpointError(f"the weights in {folder} are cut off or damaged ({error}); fetch them again") from error
    except (OSError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise DataFileError(f"a language model is a local transformers folder or a Hub id; {folder} is not: {reason}") from error
    if report["missing_keys"] or report["mismatched_keys"]:
        odd = [*report["missing_keys"], *report["mismatched_keys"]]
        raise CheckpointError(f"the weights in {folder} do not fit their config: {', '.join(map(str, odd[:5]))}")
    return llm.eval(), tokenizer


def write_manifest(folder: Path) -> None:
    files = sorted(p for p in folder.rglob("*") if p.is_file() and p.name != _MANIFEST and p.suffix != ".tmp")
    write_json(folder / _MANIFEST, {str(p.relative_to(folder).as_posix()): {"sha256": sha256(p), "size": p.stat().st_size}
                                    for p in files})  # fmt: skip


def check_manifest(folder: Path) -> None:
    """Each file that the manifest names is there, of its size and hash; else the first bad one is named."""
    for name, facts in read_json(folder / _MANIFEST).items():
        path = folder / name
        if not path.resolve().is_relative_to(folder.resolve()):
            raise CheckpointError(f"a manifest names files of its own folder only, not {name!r}")
        if not path.is_file():
            raise CheckpointError(f"{path} is missing, though the manifest names it; fetch or train the model again")
        if path.stat().st_size != facts["size"] or sha256(path) != facts["sha256"]:
            raise CheckpointError(f"{path} is cut off or changed since it was saved; fetch or train the model again")


def _plain_card(model: EmbeddingLanguageModel) -> str:
    spaces = ", ".join(f"{name} ({model.adapter(name).config.dim})" for name in model.adapters)
    return f"---\nlibrary_name: elm\n---\n\n# Embedding language model\n\nReads vectors of: {spaces}.\n"
