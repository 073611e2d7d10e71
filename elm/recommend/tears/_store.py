"""A recommender on disk: `model.safetensors`, `items.parquet`, and `config.json`, which vouches for both."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from safetensors.torch import save_file

from elm._errors import CheckpointError
from elm._storage.fields import (
    Check,
    is_count,
    is_flag,
    is_object,
    is_one_of,
    is_positive,
    is_share,
    is_text,
    is_texts,
    optional,
    strictly,
)
from elm._storage.files import sha256, write_json
from elm._storage.folders import folder_written_aside, read_whole
from elm._storage.parquet import read_texts
from elm.recommend.backbones._registry import AUTOENCODERS
from elm.recommend.backbones._store import (
    CONFIG,
    ITEMS,
    WEIGHTS,
    as_described,
    check_files,
    config_from,
    kind_of,
    read_config,
    with_weights,
)
from elm.recommend.tears._genre_encoder import GenreEncoder
from elm.recommend.tears._lora_text_encoder import LoraTextEncoder
from elm.recommend.tears._model import Tears
from elm.recommend.tears._text_encoder import PieceTextEncoder, SentenceVectors, TextEncoder, TextHeadConfig

SCHEMA = 2
_BACKBONES = {f"tears-{name.replace('-', '')}": name for name in AUTOENCODERS}
_FROZEN, _LORA, _GENRES = "tears-multivae", "-lora", "-genres"
_SHARED = {"schema", "kind", "vae", "pooling", "history", "files"}
_READS = {"": {"text_head", "sentence_encoder"}, _LORA: {"text_head", "sentence_encoder", "lora"}, _GENRES: {"genres"}}
_KEYS_OF = {kind + side: _SHARED | keys for kind in _BACKBONES for side, keys in _READS.items()}
"""A kind names the backbone, and what is read beside histories: texts, texts by a tuned encoder, or genres."""


def save(model: Tears, items: list[str], titles: list[str], folder: Path) -> None:
    """Write the folder; a kill at any moment leaves the recommender that was there or the new one."""
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in model.state_dict().items()}
    side, reads = _reads(model.text)
    config = {
        "schema": SCHEMA,
        "kind": f"tears-{kind_of(model.vae).replace('-', '')}{side}",
        "vae": dataclasses.asdict(model.vae.config),
        "pooling": model.pooling,
        "history": model.history,
        **reads,
    }
    with folder_written_aside(folder) as aside:
        save_file(tensors, aside / WEIGHTS)
        frame = pd.DataFrame({"item": items, "title": titles})
        frame.to_parquet(aside / ITEMS, index=False)
        write_json(aside / CONFIG, {**config, "files": {name: sha256(aside / name) for name in (WEIGHTS, ITEMS)}})


def _reads(text: TextEncoder) -> tuple[str, dict[str, Any]]:
    """What a model reads beside histories: the ending of its kind, and what the config says of it."""
    if isinstance(text, GenreEncoder):
        return _GENRES, {"genres": text.shape()}
    if not isinstance(text, PieceTextEncoder | LoraTextEncoder):
        raise CheckpointError(
            f"only a PieceTextEncoder, a LoraTextEncoder or a GenreEncoder can be saved, got {type(text).__name__}"
        )
    named = {
        "name": getattr(text.encoder, "name", type(text.encoder).__name__),
        "fingerprint": getattr(text.encoder, "fingerprint", None),
    }
    reads = {"text_head": dataclasses.asdict(text.head.config), "sentence_encoder": named}
    return (_LORA, {**reads, "lora": text.lora()}) if isinstance(text, LoraTextEncoder) else ("", reads)


def load(folder: Path, encoder: SentenceVectors | None = None) -> tuple[Tears, list[str], list[str]]:
    """The model, the ids of its items and their titles; errors of `Recommender.load`."""
    return read_whole(folder, lambda: _load(folder, encoder))


def _load(folder: Path, encoder: SentenceVectors | None) -> tuple[Tears, list[str], list[str]]:
    config = _config(folder)
    check_files(folder, config["files"])
    with as_described(folder, "recommender"):
        strictly(config, {key: _CHECKS[key] for key in config})
        if encoder is not None and (named := config.get("sentence_encoder")):
            _check_encoder(encoder, named["name"], named["fingerprint"])
        network, shape = AUTOENCODERS[_BACKBONES[config["kind"].removesuffix(_LORA).removesuffix(_GENRES)]]
        settings = config_from(shape, config["vae"])
        text = _text_side(config, int(settings.latent), encoder)
        model = with_weights(lambda: Tears(network(settings), text(), config["pooling"], config["history"]),
                             folder / WEIGHTS)  # fmt: skip
        found = read_texts(folder / ITEMS, ("item", "title"), settings.items)
        return model, found["item"], found["title"]


def _text_side(config: dict[str, Any], latent: int, encoder: SentenceVectors | None) -> Callable[[], TextEncoder]:
    """What makes the text side that a config describes, its weights still to come. A tuned one needs its sentence
    encoder now.
    """
    if config["kind"].endswith(_GENRES):
        return lambda: GenreEncoder(latent=latent, **config["genres"])
    named, head = config["sentence_encoder"], config_from(TextHeadConfig, config["text_head"])
    source: Any = encoder or NamedEncoder(named["name"], named["fingerprint"])
    if not config["kind"].endswith(_LORA):
        return lambda: PieceTextEncoder(source, head)
    start: Any = source.found() if isinstance(source, NamedEncoder) else source
    return lambda: LoraTextEncoder(start, head, **config["lora"])


def _config(folder: Path) -> dict[str, Any]:
    config = read_config(folder, "recommender")
    kind = str(config.get("kind", _FROZEN))
    if kind not in _KEYS_OF:
        raise CheckpointError(f"{folder} has kind {kind!r}, this version reads {', '.join(_KEYS_OF)}")
    if config.get("schema") == 1:  # from before pooling and TEARS Base
        config = {**config, "schema": SCHEMA, "pooling": "mean", "history": True}
    wanted = _KEYS_OF[kind]
    if set(config) != wanted:
        raise CheckpointError(
            f"{folder / CONFIG} must hold exactly {sorted(wanted)}, got {sorted(config)}; save the model again"
        )
    if config["schema"] != SCHEMA:
        raise CheckpointError(f"{folder} has schema {config['schema']!r}, this version reads {SCHEMA}; save it again")
    return config


def _holds(fields: Mapping[str, Check]) -> Check:
    """Whether a value is an object of exactly these fields; the error that `strictly` raises names the odd one."""
    return lambda value: bool(strictly(value, fields))


_CHECKS: Mapping[str, Check] = {
    "schema": is_one_of(SCHEMA),
    "kind": is_text,
    "vae": is_object,
    "pooling": is_text,
    "history": is_flag,
    "files": is_object,
    "text_head": is_object,
    "sentence_encoder": _holds({"name": is_text, "fingerprint": optional(is_text)}),
    "lora": _holds({"rank": is_count, "alpha": is_positive, "dropout": is_share, "targets": is_texts}),
    "genres": _holds({"genres": is_texts, "hidden": is_count, "dropout": is_share}),
}


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
