"""A recommender on disk: what its config says, and the model that is made again from it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

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
from elm._storage.folders import read_whole
from elm._storage.parquet import read_texts
from elm.recommend._model_folder import (
    CONFIG,
    ITEMS,
    WEIGHTS,
    as_described,
    check_files,
    config_from,
    read_config,
    with_weights,
    write_model,
)
from elm.recommend.backbones._registry import AUTOENCODER_SPECS, spec_of
from elm.recommend.stance._shipped import stance_from, stance_told
from elm.recommend.tears._genre_encoder import GenreEncoder
from elm.recommend.tears._known_texts import KnownTexts
from elm.recommend.tears._lora_text_encoder import LoraTextEncoder
from elm.recommend.tears._model import Tears
from elm.recommend.tears._named_encoder import NamedEncoder, check_encoder
from elm.recommend.tears._stance_text_encoder import StanceTextEncoder
from elm.recommend.tears._text_encoder import PieceTextEncoder, SentenceVectors, TextEncoder, TextHeadConfig

SCHEMA = 3
KIND = "tears"
_SHARED = {"schema", "kind", "backbone", "text", "vae", "pooling", "history", "files"}
_READS = {
    "frozen": {"text_head", "sentence_encoder"},
    "stance": {"text_head", "sentence_encoder", "stance"},
    "lora": {"text_head", "sentence_encoder", "lora"},
    "genres": {"genres"},
}
"""What is read beside histories (texts by a frozen encoder, with their stance beside it, by a tuned one, or shares of
genres), and what of it the config tells."""

_LATER = "known_texts"  # folders from before it lack it

_OLDER = {
    f"tears-{name.replace('-', '')}{ending}": (name, text)
    for name in ("multi-dae", "multi-vae", "recvae", "macridvae")
    for ending, text in (("", "frozen"), ("-lora", "lora"), ("-genres", "genres"))
}
"""Kind of a folder of schema 1 or 2 -> its backbone, and what it reads."""

KINDS = (KIND, *_OLDER)
"""The kinds of folders that are read."""

_UNNAMED = "tears-multivae"  # the kind of folders from before there were several


def save(model: Tears, items: list[str], titles: list[str], folder: Path, known: KnownTexts | None = None) -> None:
    """Write the folder; a kill at any moment leaves the recommender that was there or the new one."""
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in model.state_dict().items()}
    text, reads = _reads(model.text)
    config = {
        "schema": SCHEMA,
        "kind": KIND,
        "backbone": spec_of(model.vae).name,
        "text": text,
        "vae": dataclasses.asdict(model.vae.config),
        "pooling": model.pooling,
        "history": model.history,
        **reads,
    }
    if known is not None and known != KnownTexts():
        config[_LATER] = known.told()
    write_model(folder, config, tensors, {"item": items, "title": titles})


def _reads(text: TextEncoder) -> tuple[str, dict[str, Any]]:
    """What a model reads beside histories, and what the config says of it."""
    if isinstance(text, GenreEncoder):
        return "genres", {"genres": text.shape()}
    if not isinstance(text, PieceTextEncoder | StanceTextEncoder | LoraTextEncoder):
        raise CheckpointError(
            "only a PieceTextEncoder, a StanceTextEncoder, a LoraTextEncoder or a GenreEncoder can be saved, got "
            f"{type(text).__name__}"
        )
    named = {
        "name": getattr(text.encoder, "name", type(text.encoder).__name__),
        "fingerprint": getattr(text.encoder, "fingerprint", None),
    }
    reads = {"text_head": dataclasses.asdict(text.head.config), "sentence_encoder": named}
    if isinstance(text, StanceTextEncoder):
        return "stance", {**reads, "stance": stance_told(text.stance)}
    return ("lora", {**reads, "lora": text.lora()}) if isinstance(text, LoraTextEncoder) else ("frozen", reads)


def load(folder: Path, encoder: SentenceVectors | None = None) -> tuple[Tears, list[str], list[str], KnownTexts]:
    """The model, the ids of its items, their titles, and what is known of its texts; errors of `Recommender.load`."""
    return read_whole(folder, lambda: _load(folder, encoder))


def kind_of(config: Mapping[str, Any]) -> Any:
    """The kind of a folder, by its config."""
    return config.get("kind", _UNNAMED)


def _load(folder: Path, encoder: SentenceVectors | None) -> tuple[Tears, list[str], list[str], KnownTexts]:
    config = _config(folder)
    check_files(folder, config["files"])
    with as_described(folder, "recommender"):
        strictly(config, {key: _CHECKS[key] for key in config})
        if encoder is not None and (named := config.get("sentence_encoder")):
            check_encoder(encoder, named["name"], named["fingerprint"])
        spec = AUTOENCODER_SPECS[config["backbone"]]
        settings: Any = config_from(spec.config, config["vae"])
        text = _text_side(config, int(settings.latent), encoder)
        model = with_weights(
            lambda: Tears(spec.network(settings), text(), config["pooling"], config["history"]), folder / WEIGHTS
        )
        found = read_texts(folder / ITEMS, ("item", "title"), settings.items)
        told = config.get(_LATER, {"kinds": [], "limit": None})
        return model, found["item"], found["title"], KnownTexts(tuple(told["kinds"]), told["limit"])


def _text_side(config: dict[str, Any], latent: int, encoder: SentenceVectors | None) -> Callable[[], TextEncoder]:
    """What makes the text side that a config describes, its weights still to come. A tuned one needs its sentence
    encoder now.
    """
    if config["text"] == "genres":
        return lambda: GenreEncoder(latent=latent, **config["genres"])
    named, head = config["sentence_encoder"], config_from(TextHeadConfig, config["text_head"])
    source: Any = encoder or NamedEncoder(named["name"], named["fingerprint"])
    if config["text"] == "stance":
        told = config["stance"]
        return lambda: StanceTextEncoder(source, head, stance_from(told, source))
    if config["text"] != "lora":
        return lambda: PieceTextEncoder(source, head)
    start: Any = source.found() if isinstance(source, NamedEncoder) else source
    return lambda: LoraTextEncoder(start, head, **config["lora"])


def _config(folder: Path) -> dict[str, Any]:
    config = read_config(folder, "recommender")
    kind = kind_of(config)
    if not isinstance(kind, str) or kind not in KINDS:
        raise CheckpointError(f"{folder} has kind {kind!r}, this version reads {', '.join(KINDS)}")
    if kind in _OLDER:
        return _of_older(folder, kind, config)
    text = config.get("text")
    _check_keys(
        folder,
        config,
        _SHARED | ({_LATER} & set(config)) | _READS.get(text if isinstance(text, str) else "", set()),
        SCHEMA,
    )
    return config


def _of_older(folder: Path, kind: str, config: dict[str, Any]) -> dict[str, Any]:
    """The config of a folder of schema 1 or 2 as one of this schema."""
    backbone, text = _OLDER[kind]
    if config.get("schema") == 1:  # from before pooling and TEARS Base
        config = {**config, "schema": 2, "pooling": "mean", "history": True}
    _check_keys(folder, config, _SHARED - {"backbone", "text"} | _READS[text], 2)
    return {**config, "schema": SCHEMA, "kind": KIND, "backbone": backbone, "text": text}


def _check_keys(folder: Path, config: Mapping[str, Any], wanted: set[str], schema: int) -> None:
    if set(config) != wanted:
        raise CheckpointError(
            f"{folder / CONFIG} must hold exactly {sorted(wanted)}, got {sorted(config)}; save the model again"
        )
    if config["schema"] != schema:
        raise CheckpointError(
            f"{folder} has schema {config['schema']!r}, this version reads {schema} of kind {config['kind']}; "
            "save it again"
        )


def _holds(fields: Mapping[str, Check]) -> Check:
    """Whether a value is an object of exactly these fields; the error that `strictly` raises names the odd one."""
    return lambda value: bool(strictly(value, fields))


_CHECKS: Mapping[str, Check] = {
    "schema": is_one_of(SCHEMA),
    "kind": is_one_of(KIND),
    "backbone": is_one_of(*AUTOENCODER_SPECS),
    "text": is_one_of(*_READS),
    "vae": is_object,
    "pooling": is_text,
    "history": is_flag,
    "files": is_object,
    "text_head": is_object,
    "sentence_encoder": _holds({"name": is_text, "fingerprint": optional(is_text)}),
    "lora": _holds({"rank": is_count, "alpha": is_positive, "dropout": is_share, "targets": is_texts}),
    "stance": is_object,
    _LATER: _holds({"kinds": is_texts, "limit": optional(is_positive)}),
    "genres": _holds({"genres": is_texts, "hidden": is_count, "dropout": is_share}),
}
