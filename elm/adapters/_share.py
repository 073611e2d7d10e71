"""An adapter folder with some of its files replaced: in its own place, or as a copy to be shared."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from elm._errors import DataFileError
from elm._storage.files import read_json, write_json
from elm._storage.folders import folder_written_aside
from elm.adapters._manifest import MANIFEST, PARTS, check_manifest
from elm.adapters._signing import SIGNATURE


def rewritten(folder: str | Path, files: Mapping[str, bytes], out: str | Path | None = None) -> Path:
    """Write what the manifest of a folder names, with `files` (path within the folder -> content) in their places.

    out: where to; without it, the folder itself is replaced at one moment. Weights stay byte for byte. What the
    manifest does not name stays behind; a signature goes along where nothing is replaced, since else it would vouch
    for other files. Raises `CheckpointError` or `DataFileError` where the folder is not whole: a new manifest must not
    vouch for that.
    """
    folder, target = Path(folder), Path(out or folder)
    check_manifest(folder)
    manifest = read_json(folder / MANIFEST)
    kept = [name for name in manifest if name not in files]
    if not files:
        kept += [MANIFEST, *(name for name in (SIGNATURE,) if (folder / name).is_file())]
    tops = {name.split("/")[0] for name in [*manifest, *_named(target)]}  # what an earlier save left goes, too
    with folder_written_aside(target, retired={SIGNATURE, MANIFEST, *PARTS, *tops}) as aside:
        for name in {*kept, *files}:
            (aside / name).parent.mkdir(parents=True, exist_ok=True)
        for name in kept:
            (_linked if out is None else shutil.copyfile)((folder / name).resolve(), aside / name)
        for name, data in files.items():
            (aside / name).write_bytes(data)
            manifest[name] = {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}
        if files:
            write_json(aside / MANIFEST, dict(sorted(manifest.items())))
    return target


def _named(folder: Path) -> list[str]:
    """The files of the save that is in a folder, where one is."""
    try:
        names = read_json(folder / MANIFEST)
    except DataFileError:
        return []
    return [*names] if isinstance(names, dict) else []


def _linked(source: Path, path: Path) -> None:
    """The same file under another name, where the disk can do that: the old name goes away."""
    try:
        os.link(source, path)
    except OSError:
        shutil.copyfile(source, path)
