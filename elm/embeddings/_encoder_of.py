"""The text encoder of an embedding space, found on this machine: what turns a text back into a vector."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from elm._errors import CallError, DataFileError
from elm.embeddings._encoder import SentenceEncoder
from elm.embeddings._encoder_files import DEFAULT_ENCODER, local_encoder
from elm.embeddings._space import EmbeddingSpace

_NAME = re.compile(r"\w[\w.-]{0,127}")
"""What a description may name: no path, since it may come from others."""


def encoder_of(space: EmbeddingSpace, given: Any = None, device: str = "cpu") -> Any:
    """The text encoder whose vectors a space holds: the one of its fingerprint.

    given: that encoder, its name or its folder, which are looked for as `SentenceEncoder` does. Without it the encoder
    that the space names is taken, or the default one, where it is on this machine; nothing is fetched.

    Raises `CallError` for a space that no text encoder made, or an encoder of another space, `DataFileError` where the
    encoder is not found.
    """
    if given is not None:
        encoder = _opened(str(given), device) if isinstance(given, str | Path) else given
        _check(encoder, space)
        return encoder
    if space.made.get("by") == "wals" or (space.metric == "dot" and "encoder" not in space.made):
        raise CallError(
            f"texts are compared with vectors by the text encoder that made these, and no encoder made those of space "
            f"{space.name!r}: take one text per vector, or name an encoder of that space"
        )
    for folder in _at_hand(space):
        encoder = _opened(str(folder), device)
        if encoder.fingerprint == space.fingerprint:
            return encoder
    named = f" ({space.made['encoder']})" if space.made.get("encoder") else ""
    raise DataFileError(
        f"the text encoder of space {space.name!r}{named} is not on this machine, or is not the one that made its "
        "vectors: name it, or its folder, as encoder"
    )


def _at_hand(space: EmbeddingSpace) -> Iterator[Path]:
    """Folders of encoders on this machine that may be the space's."""
    for name in dict.fromkeys((str(space.made.get("encoder", "")), DEFAULT_ENCODER)):
        if _NAME.fullmatch(name) and (folder := local_encoder(name)) is not None:
            yield folder


def _check(encoder: Any, space: EmbeddingSpace) -> None:
    known = getattr(encoder, "fingerprint", space.fingerprint)
    dim = getattr(encoder, "dim", space.dim)
    if (known, dim) != (space.fingerprint, space.dim):
        raise CallError(
            f"texts are compared with vectors by the encoder that made these, which is {space.fingerprint} "
            f"({space.dim} numbers) for space {space.name!r}; {encoder!r} is {known} ({dim})"
        )


@lru_cache(maxsize=4)
def _opened(name: str, device: str) -> SentenceEncoder:
    return SentenceEncoder(name, device)
