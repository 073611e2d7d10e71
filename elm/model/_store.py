"""The adapter folder: saved whole, loaded exactly or not at all.

    config.json            schema, base model, tasks
    adapters/<space>/      config.json and model.safetensors of one adapter each
    llm/ or lora/          the tuned model in transformers form, or a PEFT folder of updates to the base
    manifest.json          size and sha256 of each file, written last
    README.md              the model card
"""  # fmt: skip

from __future__ import annotations

import copy
import os
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

import torch
from safetensors import SafetensorError
from torch import nn

from elm._errors import CallError, CheckpointError, DataFileError
from elm._files import read_json, sha256, write_json, written_aside
from elm._quiet import no_loading_bar
from elm.adapters import AdapterConfig, MLPAdapter
from elm.model._language_model import EmbeddingLanguageModel
from elm.model._lora import is_lora, load_lora, save_lora
from elm.model._tensors import disk_errors, read_tensors, write_tensors

SCHEMA = 1
SHIPPED_BASE = Path(__file__).parent / "shipped" / "base"
BASE_ID = "elm-toolkit/demo-base"
_MANIFEST = "manifest.json"
_NORMALISATION = ("mean", "scale")  # a space's statistics are never stored in half precision


def save_model(
    model: EmbeddingLanguageModel, folder: str | Path, card: str = "", dtype: torch.dtype = torch.float32
) -> Path:
    """Write the folder, or replace the model that is in it; `dtype` is that of the weights on disk.

    All is written beside the folder first, so a full disk leaves the model that was there; a kill while the finished
    files are moved in leaves a folder without a manifest, which `load_model` refuses rather than mix two models.
    Raises `OSError` where the disk is full, `CallError` for weights that are not finite in `dtype`.
    """
    folder = Path(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}.") as name:
        aside = Path(name) / "model"
        for space in model.adapters:
            save_adapter(model.adapter(space), aside / "adapters" / space, dtype)
        if is_lora(model.llm):
            with disk_errors(folder):
                save_lora(model.llm, model.tokenizer, aside / "lora", _base_id(model.about, folder))
        else:
            save_llm(model.llm, model.tokenizer, aside / "llm", dtype)
        tasks = sorted({t for space in model.adapters for t in model.adapter(space).config.tasks})
        config = {"schema": SCHEMA, "tasks": tasks, "adapters": list(model.adapters), **model.about}
        write_json(aside / "config.json", config)
        with written_aside(aside / "README.md") as readme:
            readme.write_text(card or _plain_card(model), encoding="utf-8")
        write_manifest(aside)
        _move_in(aside, folder)
    return folder


def _move_in(new: Path, folder: Path) -> None:
    """Replace the parts of a model folder by finished ones, the manifest last; other files of the folder stay."""
    folder.mkdir(exist_ok=True)
    (folder / _MANIFEST).unlink(missing_ok=True)
    for twin in ("llm", "lora"):  # exactly one of them
        if not (new / twin).exists() and (folder / twin).exists():
            shutil.rmtree(folder / twin)
    for part in sorted(new.iterdir(), key=lambda p: p.name == _MANIFEST):
        if (folder / part.name).is_dir():
            shutil.rmtree(folder / part.name)
        os.replace(part, folder / part.name)


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
    config = _read_config(folder)
    names = config["adapters"]
    check_manifest(folder, [f"adapters/{name}/model.safetensors" for name in names])
    about = {k: v for k, v in config.items() if k not in ("schema", "tasks", "adapters")}
    if (folder / "lora").is_dir() == (folder / "llm").is_dir():
        raise CheckpointError(f"{folder} must hold exactly one of llm/ (all weights) and lora/ (updates of the base)")
    if (folder / "lora").is_dir():
        base, tokenizer = _load_base(about, folder)
        llm = load_lora(base, folder / "lora")
    else:
        llm, tokenizer = load_llm(folder / "llm", strict=True)
    adapters = {name: load_adapter(folder / "adapters" / name) for name in names}
    return EmbeddingLanguageModel(llm, tokenizer, adapters, about).eval().to(device)


def _base_id(about: Mapping[str, Any], folder: Path) -> str:
    base = about.get("base")
    if not isinstance(base, Mapping) or not isinstance(base.get("id"), str):
        raise CheckpointError(f"a model with lora/ names its base in config.json as base.id, and {folder} does not")
    return base["id"]


def _load_base(about: Mapping[str, Any], folder: Path) -> tuple[Any, Any]:
    """The base that a LoRA folder belongs to: the shipped one by its id, else a folder or the Hub."""
    name = _base_id(about, folder)
    return load_llm(SHIPPED_BASE if name == BASE_ID else name, about["base"].get("revision"))


def _read_config(folder: Path) -> dict[str, Any]:
    config = read_json(folder / "config.json")
    if not isinstance(config, dict) or "schema" not in config:
        raise CheckpointError(
            f"{folder / 'config.json'} is not that of an embedding language model; it names no schema"
        )
    if config["schema"] != SCHEMA:
        raise CheckpointError(
            f"{folder} has schema {config['schema']}, this version reads {SCHEMA}: update elm-toolkit"
        )
    names = config.get("adapters")
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise CheckpointError(f"{folder / 'config.json'} must list its adapters by name, got {names!r}")
    return config


def save_adapter(adapter: MLPAdapter, folder: Path, dtype: torch.dtype = torch.float32) -> None:
    """Write config.json and model.safetensors of one adapter; the space's mean and scale stay in float32."""
    state = {
        name: value.detach().to("cpu", torch.float32 if name in _NORMALISATION else dtype)
        for name, value in adapter.state_dict().items()
    }
    if bad := [name for name, value in state.items() if not torch.isfinite(value).all()]:
        raise CallError(f"an adapter's weights must be finite in {dtype} to be saved, but {', '.join(bad)} are not")
    write_json(folder / "config.json", adapter.config.to_dict())
    write_tensors(folder / "model.safetensors", state)


def load_adapter(folder: Path) -> MLPAdapter:
    """Strict: a missing, extra, misshapen or non-finite tensor is a `CheckpointError`."""
    try:
        values = read_json(folder / "config.json")
        config = AdapterConfig(**{**values, "tasks": tuple(values["tasks"])})
        with torch.random.fork_rng(devices=[]):  # the fresh weights are replaced at once
            adapter = MLPAdapter(config)
    except (TypeError, KeyError, ValueError) as error:
        raise CheckpointError(f"{folder / 'config.json'} is not an adapter's config: {error}") from error
    state, _ = read_tensors(folder / "model.safetensors")
    load_strictly(adapter, state, folder)
    return adapter.eval()


def load_strictly(module: nn.Module, state: Mapping[str, torch.Tensor], source: Path) -> None:
    """Load all tensors of a module or none: `CheckpointError` names those that do not fit or are not finite."""
    wanted = {k: tuple(v.shape) for k, v in module.state_dict().items()}
    came = {k: tuple(v.shape) for k, v in state.items()}
    if wanted != came:
        odd = sorted(k for k in wanted.keys() | came.keys() if wanted.get(k) != came.get(k))
        listed = ", ".join(odd[:5])
        raise CheckpointError(f"the tensors in {source} do not fit: {listed}; it is damaged or of another model")
    _check_finite(state, source)
    module.load_state_dict({k: v.float() for k, v in state.items()})


def _check_finite(state: Mapping[str, torch.Tensor], source: str | Path) -> None:
    if bad := [k for k, v in state.items() if v.is_floating_point() and not torch.isfinite(v).all()]:
        raise CheckpointError(f"weights must be finite, but {', '.join(bad[:3])} in {source} hold NaN or infinity")


def save_llm(llm: Any, tokenizer: Any, folder: str | Path, dtype: torch.dtype = torch.float32) -> None:
    """Write an ordinary transformers folder, in safetensors. The model in memory stays as it is."""
    if next(llm.parameters()).dtype != dtype:
        llm = copy.deepcopy(llm).to(dtype)
    with disk_errors(folder), no_loading_bar():
        llm.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def load_llm(folder: str | Path, revision: str | None = None, strict: bool = False) -> tuple[Any, Any]:
    """(model in float32, tokenizer) from a transformers folder or a Hub id; runs no code from there.

    Raises `DataFileError` where there is none, `CheckpointError` for weights that are cut off, missing, misshapen or
    not finite, and with `strict` also for weights that the model has no place for.
    """
    from transformers import AutoModelForCausalLM, AutoTokenizer

    options: dict[str, Any] = {"revision": revision, "trust_remote_code": False}
    try:
        with no_loading_bar():
            found: Any = AutoModelForCausalLM.from_pretrained(
                folder,
                dtype=torch.float32,
                use_safetensors=True,
                output_loading_info=True,
                ignore_mismatched_sizes=True,  # they are an error below, in words of ours
                **options,
            )
        tokenizer = AutoTokenizer.from_pretrained(folder, **options)
    except SafetensorError as error:
        raise CheckpointError(f"the weights in {folder} are cut off or damaged ({error}); fetch them again") from error
    except (OSError, ValueError) as error:
        reason = (str(error) or repr(error)).splitlines()[0]
        message = f"a language model is a local transformers folder or a Hub id; {folder} is not: {reason}"
        raise DataFileError(message) from error
    llm, report = found
    misshapen = [name for name, *_ in report["mismatched_keys"]]
    odd = [*report["missing_keys"], *misshapen, *(report["unexpected_keys"] if strict else ())]
    if odd:
        raise CheckpointError(f"the weights in {folder} do not fit their config: {', '.join(sorted(odd)[:5])}")
    _check_finite(llm.state_dict(), folder)
    return llm.eval(), tokenizer


def write_manifest(folder: Path) -> None:
    """Write size and sha256 of each file of the folder, as the last step of saving it."""
    files = sorted(p for p in folder.rglob("*") if p.is_file() and p.name != _MANIFEST and p.suffix != ".tmp")
    facts = {p.relative_to(folder).as_posix(): {"sha256": sha256(p), "size": p.stat().st_size} for p in files}
    write_json(folder / _MANIFEST, facts)


def check_manifest(folder: Path, needed: Iterable[str] = ()) -> None:
    """Each file that the manifest names is there, of its size and hash, and it names all that is `needed`.

    Raises `CheckpointError` about the first file that is not, or that lies outside of the folder.
    """
    manifest = read_json(folder / _MANIFEST)
    try:
        expected = {name: (facts["size"], facts["sha256"]) for name, facts in manifest.items()}
    except (AttributeError, TypeError, KeyError) as error:
        raise CheckpointError(
            f"{folder / _MANIFEST} does not give size and sha256 of each file; fetch it again"
        ) from error
    if absent := next((name for name in needed if name not in expected), None):
        raise CheckpointError(f"the manifest of {folder} does not name {absent}; fetch or train the model again")
    for name, facts in expected.items():
        if not _stays_inside(name):
            raise CheckpointError(f"a manifest names files of its own folder only, not {name!r}")
        path = folder / name
        if not path.is_file():
            raise CheckpointError(f"{path} is missing, though the manifest names it; fetch or train the model again")
        if (path.stat().st_size, sha256(path)) != facts:
            raise CheckpointError(f"{path} is cut off or changed since it was saved; fetch or train the model again")


def _stays_inside(name: str) -> bool:
    """By its words alone: where downloads are shared, a file of the folder may be a link to elsewhere."""
    return not any(path.anchor or ".." in path.parts for path in (PurePosixPath(name), PureWindowsPath(name)))


def _plain_card(model: EmbeddingLanguageModel) -> str:
    spaces = ", ".join(f"{name} ({model.adapter(name).config.dim})" for name in model.adapters)
    return f"---\nlibrary_name: elm\n---\n\n# Embedding language model\n\nReads vectors of: {spaces}.\n"
