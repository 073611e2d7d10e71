"""A base in a GGUF file of this disk."""

from __future__ import annotations

from pathlib import Path

from elm._errors import CallError
from elm.model.base._converted import converted
from elm.model.base._found import Found
from elm.model.hub._access import Access


def find(name: str | Path, revision: str | None, access: Access) -> Found | None:
    """A GGUF file, or the one in a folder without other weights; errors as `converted`.

    Raises `CallError` for a folder with several.
    """
    path = Path(name)
    if path.is_dir() and not any(path.glob("*.safetensors")):
        files = sorted(path.glob("*.gguf"))
        if len(files) > 1:
            raise CallError(f"a GGUF base is one file, and {path} has {len(files)}: name one, such as {files[0]}")
        path = files[0] if files else path
    return converted(path, str(name)) if path.suffix == ".gguf" and path.is_file() else None
