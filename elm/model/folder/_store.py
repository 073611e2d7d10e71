"""The adapter folder: saved whole, loaded exactly or not at all.

config.json            schema, base model, adapters, prompts of the tasks
adapters/<space>/      config.json and model.safetensors of one adapter each
llm/ or lora/          the tuned model in transformers form, or a PEFT folder of updates to the base
manifest.json          size and sha256 of each file
README.md              the model card
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

import torch

from elm._errors import CallError, CheckpointError, DataFileError
from elm._storage.files import read_json, write_json
from elm._storage.folders import folder_written_aside, read_whole
from elm._version import __version__
from elm.adapters import (
    PARTS,
    SIGNATURE,
    FolderConfig,
    Problem,
    TaskPrompt,
    check_manifest,
    load_adapter,
    read_config,
    write_adapter,
    write_manifest,
)
from elm.model._parts import ModelParts
from elm.model._placement import Placement
from elm.model.base._converted import kept
from elm.model.base._find import find_base
from elm.model.base._found import Found
from elm.model.base._llm import read_base, save_llm
from elm.model.base._lora import is_lora, load_lora, save_lora
from elm.model.folder._stored_tasks import stored_task
from elm.model.hub._access import Access
from elm.tasks import Task, all_tasks

_BASE = ("id", "revision", "sha256", "files")

READERS = Path(__file__).parents[1] / "shipped" / "readers"
"""Models that the package carries by name, loaded only when one is asked for."""


class HasParts(Protocol):
    """A model that is made of parts, as an `EmbeddingLanguageModel` is."""

    @property
    def parts(self) -> ModelParts: ...


def save_model(
    model: HasParts,
    folder: str | Path,
    card: str = "",
    dtype: torch.dtype = torch.float32,
    files: Mapping[str, bytes] | None = None,
) -> Path:
    """Write the folder, or replace the model that is in it; a kill at any moment leaves the old model or the new one.

    card: the text of README.md; files: others for the top of the folder, such as a picture that the card shows.
    dtype: of the weights on disk. Raises `OSError` where the disk is full or read-only, `FolderBusyError` while another
    process saves there, `CallError` for weights that are not finite in `dtype`; all leave the model that was there.
    """
    folder, parts = Path(folder), model.parts
    config = _config_of(parts)
    with folder_written_aside(folder, retired=_saved_before(folder)) as aside:
        for space in parts.adapters:
            (aside / "adapters" / space).mkdir(parents=True)
            write_adapter(parts.adapter(space), aside / "adapters" / space, dtype)
        if is_lora(parts.llm):
            base = _named_base(config, folder)
            save_lora(parts.llm, aside / "lora", str(base["id"]), base["revision"], dtype)
        else:
            save_llm(parts.llm, parts.tokenizer, aside / "llm", dtype)
        write_json(aside / "config.json", config.to_dict())
        for name, data in {"README.md": (card or _plain_card(parts)).encode(), **(files or {})}.items():
            (aside / name).write_bytes(data)
        write_manifest(aside)
    return folder


def load_parts(
    folder: str | Path,
    base: str | Path | None = None,
    access: Access | None = None,
    placement: Placement | None = None,
) -> ModelParts:
    """Read what `save_model` wrote; `folder` may also be a run folder that holds one as `model/`. Errors are those of
    `elm.model.load_model`.
    """
    folder = model_folder(folder)
    return read_whole(folder, lambda: _load(folder, base, access or Access(), placement))


def model_folder(folder: str | Path) -> Path:
    """The model folder itself, given it, a run folder that holds one, or the name of a model that the package carries,
    such as "minilm-reader"; `DataFileError` where there is none. A folder of that name here comes first.
    """
    folder = Path(folder)
    if len(folder.parts) == 1 and not folder.exists() and (READERS / folder).is_dir():
        return READERS / folder
    if (folder / "model" / "config.json").exists():
        folder = folder / "model"
    if not folder.is_dir():
        raise DataFileError(f"a model is a folder; there is none at {folder}: train one with `elm train` first")
    return folder


def needed_files(config: FolderConfig) -> list[str]:
    """What the manifest of a folder must name."""
    each = [f"adapters/{name}/{file}" for name in config.adapters for file in ("config.json", "model.safetensors")]
    return ["config.json", *each]


def layout_problems(folder: Path, config: FolderConfig) -> Iterator[Problem]:
    """Whether the folder has the parts that its config calls for, and no others."""
    if (folder / "lora").is_dir() == (folder / "llm").is_dir():
        yield Problem(".", "must hold exactly one of llm/ (all weights) and lora/ (updates of the base)")
    for path in sorted((folder / "adapters").glob("*")):
        if path.name not in config.adapters and not path.name.startswith("."):
            yield Problem(".", f"holds adapters/{path.name}, which config.json does not list; fetch the model again")


def stored_tasks(config: FolderConfig) -> list[Task]:
    """The tasks of a folder, asked as in training; `CheckpointError` for a prompt without a place for a vector."""
    try:
        return [stored_task(name, **vars(task)) for name, task in config.tasks.items()]
    except CallError as error:
        raise CheckpointError(f"config.json holds an invalid prompt: {error}") from error


def resolved_base(
    config: FolderConfig, folder: Path, base: str | Path | None = None, access: Access | None = None
) -> Found:
    """Where the base of a LoRA folder is: what its id names, or `base`, or what was converted from that very file.

    Raises `CheckpointError` where the folder names none, or it is not the one that the model was trained on: other
    weights, or another tokenizer, chat template or setting.
    """
    named = _named_base(config, folder)
    if base is None and (found := kept(named["sha256"], str(named["id"]))):
        return found
    found = find_base(base or str(named["id"]), named["revision"] if base is None else None, access)
    elsewhere = isinstance(found.place, str) and base is None and found.id != named["id"]
    for field, what in (("sha256", "weights"), ("files", "files")):
        hashed = found.hash_of(field) if named[field] else None
        if named[field] and (elsewhere or (hashed is not None and hashed != named[field])):
            raise CheckpointError(
                f"{folder} was trained on the base {named['id']} ({str(named[field])[:12]}), and the {what} in "
                f"{found.place} are others; name the right folder as `base`"
            )
    return found


def _load(folder: Path, base: str | Path | None, access: Access, placement: Placement | None) -> ModelParts:
    config = read_config(folder)
    check_manifest(folder, needed_files(config))
    if problem := next(layout_problems(folder, config), None):
        raise CheckpointError(f"{folder} {problem.what}")
    if (folder / "lora").is_dir():
        found = resolved_base(config, folder, base, access)
        frozen, tokenizer = read_base(found.place, found.revision, access=access, placement=placement)
        llm = load_lora(frozen, folder / "lora")
    else:
        llm, tokenizer = read_base(folder / "llm", strict=True, placement=placement)
    adapters = {name: load_adapter(folder / "adapters" / name) for name in config.adapters}
    about: dict[str, Any] = {**config.notes, "version": config.version}
    if config.base is not None:
        about["base"] = dict(config.base)
    if config.allow_space_mismatch:
        about["allow_space_mismatch"] = True
    parts = ModelParts(llm, tokenizer, adapters, about, {task.id: task for task in stored_tasks(config)})
    parts.check_words()
    return parts


def _config_of(model: ModelParts) -> FolderConfig:
    about = dict(model.about)
    base = about.pop("base", None)
    if base is not None:
        base = {key: base.get(key) for key in _BASE}
    about.pop("version", None)
    mismatch = bool(about.pop("allow_space_mismatch", False))
    learned = {name for space in model.adapters for name in model.adapter(space).config.tasks} | model.tasks.keys()
    known: dict[str, Task] = {task.id: task for task in all_tasks()} | dict(model.tasks)
    tasks = {
        name: TaskPrompt(t.reads, t.prompt, t.max_new_tokens, float(t.temperature))
        for name, t in known.items()
        if name in learned
    }
    return FolderConfig(tuple(model.adapters), base, tasks, __version__, mismatch, about)


def _named_base(config: FolderConfig, folder: Path) -> Mapping[str, str | None]:
    if config.base is None or not config.base["id"]:
        raise CheckpointError(f"a model with lora/ names its base in config.json as base.id, and {folder} does not")
    return config.base


def _saved_before(folder: Path) -> set[str]:
    """The names at the top of a folder that an earlier save wrote."""
    try:
        names = read_json(folder / "manifest.json")
    except DataFileError:
        names = {}
    return {*PARTS, SIGNATURE, "manifest.json", *(name.split("/")[0] for name in names if isinstance(names, dict))}


def _plain_card(model: ModelParts) -> str:
    spaces = ", ".join(f"{name} ({model.adapter(name).config.dim})" for name in model.adapters)
    return f"---\nlibrary_name: elm\n---\n\n# Embedding language model\n\nReads vectors of: {spaces}.\n"
