"""A recommender on disk: `model.safetensors`, `items.parquet`, and `config.json`, which vouches for both."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from elm._errors import CheckpointError, DataFileError
from elm._files import read_json, sha256, write_json
from elm._folders import folder_written_aside, read_whole
from elm.recommend._lora_text_encoder import LoraTextEncoder
from elm.recommend._multivae import MultiVAE, MultiVAEConfig
from elm.recommend._tears import Tears
from elm.recommend._text_encoder import PieceTextEncoder, SentenceVectors, TextEncoder, TextHeadConfig

if TYPE_CHECKING:
    from elm.recommend._recommender import Recommender

SCHEMA = 1
_FROZEN, _LORA = "tears-multivae", "tears-multivae-lora"
_KEYS = {"schema", "kind", "vae", "text_head", "sentence_encoder", "files"}
_KEYS_OF = {_FROZEN: _KEYS, _LORA: _KEYS | {"lora"}}
"""A kind is what the text side is made of; only that of a tuned encoder says how it was tuned."""

_WEIGHTS, _ITEMS, _CONFIG = "model.safetensors", "items.parquet", "config.json"


def save(recommender: Recommender, folder: Path) -> None:
    """Write the folder; a kill at any moment leaves the recommender that was there or the new one."""
    model = recommender.model
    text = model.text
    if not isinstance(text, PieceTextEncoder | LoraTextEncoder):
        raise CheckpointError(f"only a PieceTextEncoder or a LoraTextEncoder can be saved, got {type(text).__name__}")
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in model.state_dict().items()}
    config = {
        "schema": SCHEMA,
        "kind": _LORA if isinstance(text, LoraTextEncoder) else _FROZEN,
        "vae": dataclasses.asdict(model.vae.config),
        "text_head": dataclasses.asdict(text.head.config),
        "sentence_encoder": {
            "name": getattr(text.encoder, "name", type(text.encoder).__name__),
            "fingerprint": getattr(text.encoder, "fingerprint", None),
        },
        **({"lora": text.lora()} if isinstance(text, LoraTextEncoder) else {}),
    }
    with folder_written_aside(folder) as aside:
        save_file(tensors, aside / _WEIGHTS)
        frame = pd.DataFrame({"item": recommender.items, "title": recommender.titles})
        frame.to_parquet(aside / _ITEMS, index=False)
        write_json(aside / _CONFIG, {**config, "files": {name: sha256(aside / name) for name in (_WEIGHTS, _ITEMS)}})


def load(folder: Path, encoder: SentenceVectors | None = None) -> Recommender:
    return read_whole(folder, lambda: _load(folder, encoder))


def _load(folder: Path, encoder: SentenceVectors | None) -> Recommender:
    from elm.recommend._recommender import Recommender

    config = _config(folder)
    for name, expected in config["files"].items():
        _check_file(folder / name, expected)
    named = config["sentence_encoder"]
    if encoder is not None:
        _check_encoder(encoder, named.get("name"), named.get("fingerprint"))
    try:
        vae = MultiVAE(MultiVAEConfig(**config["vae"]))
        model = Tears(vae, _text_side(config, encoder))
        model.load_state_dict(load_file(folder / _WEIGHTS), strict=True)
        items = pd.read_parquet(folder / _ITEMS)
        return Recommender(model, items["item"].tolist(), items["title"].tolist())
    except (TypeError, KeyError, ValueError, RuntimeError, OSError, SafetensorError) as error:
        reason = str(error).strip().replace("\n", " ")
        raise CheckpointError(
            f"{folder} does not hold the recommender that its config.json describes: {reason}"
        ) from error


def _text_side(config: dict[str, Any], encoder: SentenceVectors | None) -> TextEncoder:
    """The text side that a config describes, its weights still to come. A tuned one needs its sentence encoder now."""
    named, head = config["sentence_encoder"], TextHeadConfig(**config["text_head"])
    later = NamedEncoder(named["name"], named["fingerprint"])
    if config["kind"] == _FROZEN:
        return PieceTextEncoder(encoder or later, head)
    return LoraTextEncoder(encoder or later.found(), head, **config["lora"])  # type: ignore[arg-type]


def _config(folder: Path) -> dict[str, Any]:
    try:
        config = read_json(folder / _CONFIG)
    except DataFileError as error:
        raise CheckpointError(f"no recommender in {folder}: {error}") from error
    kind = str(config.get("kind", _FROZEN)) if isinstance(config, dict) else _FROZEN
    if kind not in _KEYS_OF:
        raise CheckpointError(f"{folder} has kind {kind!r}, this version reads {' and '.join(_KEYS_OF)}")
    wanted = _KEYS_OF[kind]
    if not isinstance(config, dict) or set(config) != wanted:
        came = sorted(config) if isinstance(config, dict) else type(config).__name__
        raise CheckpointError(
            f"{folder / _CONFIG} must hold exactly {sorted(wanted)}, got {came}; save the model again"
        )
    if config["schema"] != SCHEMA:
        raise CheckpointError(f"{folder} has schema {config['schema']!r}, this version reads {SCHEMA}; save it again")
    if set(config["files"]) != {_WEIGHTS, _ITEMS}:
        raise CheckpointError(f"{folder / _CONFIG} must vouch for {_WEIGHTS} and {_ITEMS}; save the model again")
    return config


def _check_file(path: Path, expected: str) -> None:
    if not path.is_file():
        raise CheckpointError(f"{path} is missing; the folder is not complete, so save the model again")
    if sha256(path) != expected:
        raise CheckpointError(
            f"{path} is damaged or of another save (its sha256 is not the recorded one); save it again"
        )


class NamedEncoder:
    """The sentence encoder that a folder names, looked for when the first text comes: histories alone need none."""

    def __init__(self, name: str, fingerprint: str | None) -> None:
        self.name, self.fingerprint = name, fingerprint
        self._found: SentenceVectors | None = None

    def found(self) -> SentenceVectors:
        if self._found is None:
            from elm.embeddings import SentenceEncoder

            found = SentenceEncoder(self.name)
            _check_encoder(found, self.name, self.fingerprint)
            self._found = found
        return self._found

    def encode(self, texts: list[str]) -> np.ndarray:
        return self.found().encode(texts)


def _check_encoder(encoder: SentenceVectors, name: str, fingerprint: str | None) -> None:
    came = getattr(encoder, "fingerprint", None)
    if came is not None and fingerprint is not None and came != fingerprint:
        raise CheckpointError(
            f"the recommender was trained on sentence encoder {name!r} ({fingerprint}), got one with fingerprint "
            f"{came}; use the encoder it was trained on"
        )
