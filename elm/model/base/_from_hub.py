"""A base on the Hub: an ordinary repository, or one of GGUF files."""

from __future__ import annotations

import contextlib
import fnmatch
from collections.abc import Iterator
from pathlib import Path

from elm._errors import CallError, DataFileError, ElmError
from elm.model.base._converted import converted
from elm.model.base._found import Found
from elm.model.hub._access import Access

_WANTED = "a language model is a local transformers folder, a GGUF file or a Hub id"


def find(name: str | Path, revision: str | None, access: Access) -> Found | None:
    """The repository "owner/name" in the Hub's cache or on the Hub; of GGUF files: "owner/name-GGUF", or with the file,
    "owner/name-GGUF/FILE.gguf". Its description alone is fetched, or that one file.

    Raises `DataFileError` where there is none, `CallError` where it has several GGUF files and none is named.
    """
    from elm.model.hub._transfer import fetch_file

    repo, file = _parted(str(name))
    if file is None and repo.lower().endswith("gguf"):
        with _told(name):
            names = _names(repo, revision, access)
        file = _only(names, repo)
    with _told(name):
        path = fetch_file(repo, file or "config.json", revision, access)
    return Found(repo, repo, path.parent.name) if file is None else converted(path, f"{repo}/{file}")


def _parted(name: str) -> tuple[str, str | None]:
    """A repository, and the GGUF file in it that is named.

    >>> _parted("someone/model"), _parted("someone/model-GGUF/model-Q4.gguf")
    (('someone/model', None), ('someone/model-GGUF', 'model-Q4.gguf'))
    """
    parts = name.split("/")
    if name.endswith(".gguf") and len(parts) > 2:
        return "/".join(parts[:2]), "/".join(parts[2:])
    return name, None


def _only(names: list[str], repo: str) -> str:
    found = fnmatch.filter(names, "*.gguf")
    if len(found) != 1:
        told = f"has {len(found)}, such as {min(found)}" if found else "has none"
        raise CallError(f"a GGUF base is one file, and {repo} {told}: name one, such as {repo}/FILE.gguf")
    return found[0]


@contextlib.contextmanager
def _told(name: str | Path) -> Iterator[None]:
    try:
        yield
    except ElmError as error:
        raise DataFileError(f"{_WANTED}; {name} is not: {error}") from error


def _names(repo: str, revision: str | None, access: Access) -> list[str]:
    """The files of a repository: those on the Hub, or those in its cache where the Hub is not to be asked."""
    from huggingface_hub import HfApi, snapshot_download
    from huggingface_hub.constants import HF_HUB_OFFLINE

    from elm.model.hub._transfer import hub_errors

    with hub_errors(repo):
        if not (access.local_files_only or HF_HUB_OFFLINE):
            return HfApi(token=access.token).list_repo_files(repo, revision=revision)
        folder = Path(snapshot_download(repo, revision=revision, cache_dir=access.cache_dir, local_files_only=True))
        return [path.relative_to(folder).as_posix() for path in folder.rglob("*.gguf")]
