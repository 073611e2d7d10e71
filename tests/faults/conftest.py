"""One tiny model on disk, made once, and copies of its folder by hard links, which cost next to nothing."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import tiny_elm
from fake_hub import FakeHub

from elm.model import EmbeddingLanguageModel, save_model


@pytest.fixture(scope="session")
def model() -> EmbeddingLanguageModel:
    return tiny_elm.model(tiny_elm.table(name="toy"), tiny_elm.table(dim=4, name="wee"))


@pytest.fixture(scope="session")
def saved(model: EmbeddingLanguageModel, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_model(model, tmp_path_factory.mktemp("saved") / "model")


@pytest.fixture
def copy(saved: Path, tmp_path: Path) -> Callable[[], Path]:
    """A copy of the folder whose files share their bytes with the others: replace a file, never write into it."""
    count = iter(range(10**6))

    def make() -> Path:
        return Path(shutil.copytree(saved, tmp_path / f"copy-{next(count)}", copy_function=os.link))

    return make


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[FakeHub]:
    """A Hub on this machine, which the Hub's library takes for the real one; waits between tries are left out."""
    from huggingface_hub import constants
    from huggingface_hub.utils import _http

    with FakeHub().serving() as serving:
        monkeypatch.setattr(constants, "ENDPOINT", serving.url)
        template = constants.HUGGINGFACE_CO_URL_TEMPLATE.replace("https://huggingface.co", serving.url)
        monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
        monkeypatch.setattr(constants, "DOWNLOAD_CHUNK_SIZE", 1000)  # of our files, as 10 MB are of large ones
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
        monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
        monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "token"))
        monkeypatch.setattr(_http.time, "sleep", lambda seconds: None)
        monkeypatch.setenv("HF_HUB_DISABLE_PROGRESS_BARS", "1")
        yield serving
