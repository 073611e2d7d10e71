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
from elm.recommend._backbone_store import CONFIG, ITEMS, WEIGHTS, check_file, kind_of
from elm.recommend._lora_text_encoder import LoraTextEncoder
from elm.recommend._models import AUTOENCODERS
from elm.recommend._tears import Tears
from elm.recommend._text_encoder import PieceTextEncoder, SentenceVectors, TextEncoder, TextHeadConfig

if TYPE_CHECKING:
    from elm.recommend._recommender import Recommender

SCHEMA = 1
_BACKBONES = {f"tears-{name.replace('-', '')}": name for name in AUTOENCODERS}
_FROZEN, _LORA = "tears-multivae", "-lora"
_KEYS = {"schema", "kind", "vae", "text_head", "sentence_encoder", "files"}
_KEYS_OF = dict.fromkeys(_BACKBONES, _KEYS) | {kind + _LORA: _KEYS | {"lora"} for kind in _BACKBONES}
"""A kind names the backbone, and whether the sentence encoder is tuned; only then the config says how it was tuned."""


def save(recommender: Recommender, folder: Path) -> None:
    """Write the folder; a kill at any moment leaves the recommender that was there or the new one."""
    model = recommender.model
    text = model.text
    if not isinstance(text, PieceTextEncoder | LoraTextEncoder):
        raise CheckpointError(f"only a PieceTextEncoder or a LoraTextEncoder can be saved, got {type(text).__name__}")
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in model.state_dict().items()}
    config = {
        "schema": SCHEMA,
        "kind": f"tears-{kind_of(model.vae).replace('-', '')}{_LORA if isinstance(text, LoraTextEncoder) else ''}",
        "vae": dataclasses.asdict(model.vae.config),
        "text_head": dataclasses.asdict(text.head.config),
        "sentence_encoder": {
            "name": getattr(text.encoder, "name", type(text.encoder).__name__),
            "fingerprint": getattr(text.encoder, "fingerprint", None),
        },
        **({"lora": text.lora()} if isinstance(text, LoraTextEncoder) else {}),
    }
    with folder_written_aside(folder) as aside:
        save_file(tensors, aside / WEIGHTS)
        frame = pd.DataFrame({"item": recommender.items, "title": recommender.titles})
        frame.to_parquet(aside / ITEMS, index=False)
        write_json(aside / CONFIG, {**config, "files": {name: sha256(aside / name) for name in (WEIGHTS, ITEMS)}})


def load(folder: Path, encoder: SentenceVectors | None = None) -> Recommender:
    return read_whole(folder, lambda: _load(folder, encoder))


def _load(folder: Path, encoder: SentenceVectors | None) -> Recommender:
    from elm.recommend._recommender import Recommender

    config = _config(folder)
    for name, expected in config["files"].items():
        check_file(folder / name, expected)
    named = config["sentence_encoder"]
    if encoder is not None:
        _check_encoder(encoder, named.get("name"), named.get("fingerprint"))
    try:
        network, shape = AUTOENCODERS[_BACKBONES[config["kind"].removesuffix(_LORA)]]
        vae = network(shape(**config["vae"]))
        model = Tears(vae, _text_side(config, encoder))
        model.load_state_dict(load_file(folder / WEIGHTS), strict=True)
        items = pd.read_parquet(folder / ITEMS)
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
    if not config["kind"].endswith(_LORA):
        return PieceTextEncoder(encoder or later, head)
    return LoraTextEncoder(encoder or later.found(), head, **config["lora"])  # type: ignore[arg-type]


def _config(folder: Path) -> dict[str, Any]:
    try:
        config = read_json(folder / CONFIG)
    except DataFileError as error:
        raise CheckpointError(f"no recommender in {folder}: {error}") from error
    kind = str(config.get("kind", _FROZEN)) if isinstance(config, dict) else _FROZEN
    if kind not in _KEYS_OF:
        raise CheckpointError(f"{folder} has kind {kind!r}, this version reads {', '.join(_KEYS_OF)}")
    wanted = _KEYS_OF[kind]
    if not isinstance(config, dict) or set(config) != wanted:
        came = sorted(config) if isinstance(config, dict) else type(config).__name__
        raise CheckpointError(f"{folder / CONFIG} must hold exactly {sorted(wanted)}, got {came}; save the model again")
    if config["schema"] != SCHEMA:
        raise CheckpointError(f"{folder} has schema {config['schema']!r}, this version reads {SCHEMA}; save it again")
    if set(config["files"]) != {WEIGHTS, ITEMS}:
        raise CheckpointError(f"{folder / CONFIG} must vouch for {WEIGHTS} and {ITEMS}; save the model again")
    return config


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
