"""MovieLens from its owner: fetched once, checked against the published checksum, unpacked into the user's cache."""

from __future__ import annotations

import re
import shutil
import tempfile
import zipfile
from pathlib import Path

from elm._errors import DataFileError
from elm._storage.cache import cache_home
from elm._storage.names import is_own_name

_PACKED = 100  # bytes for each byte of an archive: ratings and texts take 3 to 10
BASE_URL = "https://files.grouplens.org/datasets/movielens/"
MD5: dict[str, str | None] = {
    "ml-100k": "0e33842e24a9c977be4e0107933c0723",
    "ml-1m": "c4d9eecfca2ab87c1945afe126590906",
    "ml-latest-small": None,  # it changes; its owner publishes the checksum of the day beside it
    "ml-25m": "6b51fb2759a8657d3bfcbfc42b592ada",
    "ml-32m": "d472be332d4daa821edc399621853b57",
}


def cache_folder() -> Path:
    """Where downloads go: the folder `data` of `cache_home`."""
    return cache_home() / "data"


def fetch_movielens(name: str) -> Path:
    """Folder of a MovieLens release in the cache, downloaded where it is not there yet (with a progress bar).

    Raises `DataFileError` where there is no network or the file is not the published one.
    """
    unpacked = cache_folder() / name
    if unpacked.is_dir():
        return unpacked
    archive = _retrieve(name)
    try:
        _unpack(archive, unpacked)
    except (zipfile.BadZipFile, OSError) as error:
        raise DataFileError(
            f"{archive} could not be unpacked into {unpacked} ({error}); free some space or delete it, and try again"
        ) from error
    archive.unlink()
    return unpacked


def _retrieve(name: str) -> Path:
    import pooch

    folder = cache_folder()
    url = f"{BASE_URL}{name}.zip"
    try:
        md5 = MD5[name] or _published_md5(name, folder)
        found = pooch.retrieve(url, known_hash=f"md5:{md5}", fname=f"{name}.zip", path=folder, progressbar=True)
    except ValueError as error:  # pooch's word for a checksum that differs
        raise DataFileError(
            f"{url} is not the published file ({_one_line(error)}); try again, or give the folder of a good copy"
        ) from error
    except OSError as error:  # requests' errors are OSErrors too
        raise DataFileError(
            f"could not download {name} from {url} ({type(error).__name__}); with no network, fetch the zip elsewhere, "
            f"unpack it and give its folder (folder=... in Python, --folder on the command line)"
        ) from error
    return Path(found)


def _published_md5(name: str, folder: Path) -> str:
    import pooch

    with tempfile.TemporaryDirectory() as aside:  # never cached: the point is the checksum of today
        path = pooch.retrieve(f"{BASE_URL}{name}.zip.md5", known_hash=None, fname="md5", path=aside)
        found = re.search(r"\b[0-9a-f]{32}\b", Path(path).read_text())
    if found is None:
        raise DataFileError(f"{BASE_URL}{name}.zip.md5 holds no checksum; give a local folder instead")
    return found.group(0)


def _unpack(archive: Path, folder: Path) -> None:
    """Unpack beside the target and rename, so that an interrupted call leaves no half folder."""
    aside = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
    try:
        with zipfile.ZipFile(archive) as file:
            _check_members(file, archive)
            file.extractall(aside)
        inner = [path for path in aside.iterdir() if path.is_dir()]
        (inner[0] if len(inner) == 1 else aside).rename(folder)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _check_members(file: zipfile.ZipFile, archive: Path) -> None:
    """`DataFileError` for names that lead out of the folder, and for files that unpack far larger than texts do."""
    for member in file.infolist():
        if not is_own_name(member.filename.removesuffix("/"), depth=8):
            raise DataFileError(
                f"{archive} names {member.filename[:80]!r}, and an archive holds files of its own folder only; delete "
                "it and fetch it again"
            )
    size, most = sum(member.file_size for member in file.infolist()), _PACKED * archive.stat().st_size
    if size > most:
        raise DataFileError(f"{archive} unpacks to {size:,} bytes, more than the {most:,} that texts would; delete it")


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
