"""A shareable folder from a run or model folder: its own files alone, complete, with a card and without local paths."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from elm._errors import CallError, CheckpointError
from elm._storage.files import json_bytes, read_json
from elm._version import __version__
from elm.adapters import FolderConfig, read_config, rewritten
from elm.model import load_model, merge, model_folder, packaged, save_model, verify
from elm.runs.share._card import LOSSES, PICTURE, SCORES, card_of, licensed
from elm.runs.share._card_data import is_repository_id

_LORA = "lora/adapter_config.json"


def pack(source: str | Path, out: str | Path, *, half: bool = False, license: str | None = None) -> list[str]:
    """Make `out` a folder to be shared, from a run's model or a model folder; returns remarks for whoever shares it.

    A base that is a folder of this machine is named without its path; its weights' hash stays. half: weights in half
    precision, the spaces' statistics exact. license: an identifier of the Hub, such as "mit".

    Raises `CheckpointError` or `DataFileError` where the model is not whole, `CallError` where `out` is the folder
    itself or holds something else.
    """
    folder, out = model_folder(source), Path(out)
    check_out(out, folder)
    if problems := verify(folder, unlisted=False):
        raise CheckpointError(f"only a sound model is packed, and {folder / str(problems[0])}")
    config = _without_paths(read_config(folder))
    config = config if license is None else licensed(config, license)
    remarks = []
    if half:
        _halved(folder, out, config)
    else:
        files = {"config.json": json_bytes(config.to_dict()), "README.md": card_of(folder, config).encode()}
        if (folder / _LORA).is_file():
            name = {"base_model_name_or_path": (config.base or {}).get("id")}
            files[_LORA] = json_bytes({**read_json(folder / _LORA), **name})
        rewritten(folder, files, out)
    base = (config.base or {}).get("id")
    if (out / "lora").is_dir() and not (is_repository_id(base) or packaged(base)):
        remarks.append(
            f"lora/ needs its base, {base}, which is on no Hub: who loads the folder names it as `base`; `elm adapter "
            "merge` makes a folder that needs none"
        )
    if "license" not in config.notes:
        remarks.append("the card says that the licence is not known; name one with --license")
    return remarks


def merge_folder(folder: str | Path, out: str | Path, base: str | Path | None = None) -> None:
    """Write a model folder whose language model has the low-rank updates folded in: llm/ in place of lora/.

    base: where the base is, if not where the folder says. Card and scores go along. Raises what `load_model` raises,
    and `CallError` where there is nothing to fold in, or `out` is the folder itself or holds something else.
    """
    folder, out = model_folder(folder), Path(out)
    check_out(out, folder)
    if (folder / "llm").is_dir():
        raise CallError(f"{folder} holds the whole language model in llm/ already: `elm adapter pack` copies it")
    config = replace(_without_paths(read_config(folder)), version=__version__)
    model = merge(load_model(folder, base=base))
    model.about["base"] = config.base
    save_model(model, out, card_of(folder, config, updates_only=False), files=_kept(folder))


def check_out(out: Path, folder: Path | None = None) -> None:
    """`CallError` where a model cannot be written to `out`: something else is there, or the model itself (`folder`)."""
    if folder is not None and (out.resolve() == folder.resolve() or folder.resolve() in out.resolve().parents):
        raise CallError(f"a model is written to a folder of its own, not to {out}, where it lies: choose another")
    if out.is_dir() and any(out.iterdir()) and not (out / "manifest.json").is_file():
        raise CallError(f"a model is written to a folder of its own, and {out} holds something else: choose another")
    if out.exists() and not out.is_dir():
        raise CallError(f"a model is written to a folder, and {out} is a file: choose another name")


def _without_paths(config: FolderConfig) -> FolderConfig:
    base = config.base
    if base is None or not base["id"] or is_repository_id(base["id"]):
        return config
    return replace(config, base={**base, "id": Path(base["id"]).name})


def _halved(folder: Path, out: Path, config: FolderConfig) -> None:
    kept = _kept(folder)
    made: Mapping[str, Any] = config.notes.get("made") or {}
    when = ", after the scores were measured" if SCORES in kept else ""
    notes = {**config.notes, "made": {**made, "weights": f"rounded to half precision{when}"}}
    model = load_model(folder)
    model.about |= {**notes, "base": config.base}
    card = card_of(folder, replace(config, notes=notes, version=__version__))
    save_model(model, out, card, dtype=torch.float16, files=kept)


def _kept(folder: Path) -> dict[str, bytes]:
    """What the card is made from, beside the configs."""
    return {name: (folder / name).read_bytes() for name in (SCORES, PICTURE, LOSSES) if (folder / name).is_file()}
