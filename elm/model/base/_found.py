"""A base language model that was found by its name: where it is, and how a folder that is built on it names it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from elm.model.base._hashes import files_hash, weights_hash


@dataclass(frozen=True)
class Found:
    """id: what a model's folder calls the base. place: a transformers folder of this disk, or the Hub's id of a
    repository, of which `revision` is the commit. sha256: of the file that the folder was made from, if it was.
    """

    id: str
    place: str | Path
    revision: str | None = None
    sha256: str | None = None

    def hash_of(self, field: str) -> str | None:
        """What identifies a local base: its weights ("sha256"), or all files that decide its texts ("files").

        A base that was made from one file has the hash of that file for both: what is made of it differs by the
        version of the library that made it. None for a base of the Hub, which its commit identifies.
        """
        if self.sha256 is not None:
            return self.sha256 if field == "sha256" else None
        if isinstance(self.place, str):
            return None
        return weights_hash(self.place) if field == "sha256" else files_hash(self.place)

    def reference(self) -> dict[str, str | None]:
        """What a folder says of its base: its id, the Hub's commit, and the two hashes of a local one."""
        return {"id": self.id, "revision": self.revision, **{f: self.hash_of(f) for f in ("sha256", "files")}}
