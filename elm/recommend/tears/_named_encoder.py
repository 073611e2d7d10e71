"""The sentence encoder that a recommender's folder names, found without trusting the folder."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from elm._errors import CheckpointError, DataFileError
from elm._storage.names import is_own_name
from elm.recommend.tears._text_encoder import SentenceVectors

_PASS_IT = "pass the encoder: load(folder, encoder=SentenceEncoder(...))"


class NamedEncoder:
    """The encoder of that name, looked for when the first text comes: histories alone need none.

    A folder may come from anybody, so the name may only be a plain one, and a folder of this disk counts only where its
    fingerprint is the one that was recorded. Raises `CheckpointError` otherwise.
    """

    def __init__(self, name: str, fingerprint: str | None) -> None:
        if not is_own_name(name, depth=2):
            raise CheckpointError(
                f"a recommender names its sentence encoder plainly, in one or two parts of letters, digits, dots and "
                f"dashes, got {name[:80]!r}; {_PASS_IT}"
            )
        self.name, self.fingerprint = name, fingerprint
        self._found: SentenceVectors | None = None

    def found(self) -> SentenceVectors:
        if self._found is None:
            self._found = self._looked_for()
        return self._found

    def encode(self, texts: list[str]) -> np.ndarray:
        return self.found().encode(texts)

    def _looked_for(self) -> SentenceVectors:
        from elm.embeddings import SentenceEncoder

        here = Path(self.name).is_dir()
        if here and self.fingerprint is None:
            raise CheckpointError(
                f"the recommender names sentence encoder {self.name!r} without its fingerprint, so the folder of that "
                f"name in {Path.cwd()} may be another one; {_PASS_IT}"
            )
        try:
            found = SentenceEncoder(self.name)
        except DataFileError as error:
            if not here:
                raise
            raise CheckpointError(
                f"the recommender names sentence encoder {self.name!r}, and the folder of that name in {Path.cwd()} is "
                f"none ({error}); {_PASS_IT}"
            ) from error
        check_encoder(found, self.name, self.fingerprint)
        return found


def check_encoder(encoder: SentenceVectors, name: str, fingerprint: str | None) -> None:
    """Raise `CheckpointError` for an encoder with another fingerprint than the one that was recorded."""
    came = getattr(encoder, "fingerprint", None)
    if came is not None and fingerprint is not None and came != fingerprint:
        raise CheckpointError(
            f"the recommender was trained on sentence encoder {name!r} ({fingerprint}), got one with fingerprint "
            f"{came}; use the encoder it was trained on: load(folder, encoder=SentenceEncoder(...))"
        )
