"""The readers that the package carries: whole, small, with their notices, and of spaces that users have."""

from __future__ import annotations

from pathlib import Path

import pytest

from elm.adapters import load_adapter, read_config
from elm.embeddings import SentenceEncoder
from elm.model import PACKAGED, verify
from elm.model.base._lora import check_lora
from elm.model.folder._store import READERS

MOST = 20 * 2**20  # bytes of adapter and updates
CARRIED = sorted(READERS.iterdir())


@pytest.mark.parametrize("folder", CARRIED, ids=lambda folder: folder.name)
def test_a_carried_reader_is_whole_small_and_says_whose_terms_apply(folder: Path) -> None:
    assert not verify(folder)
    assert sum(path.stat().st_size for path in folder.rglob("*.safetensors")) < MOST
    config = read_config(folder)
    base = PACKAGED[str((config.base or {})["id"])]
    assert (config.base or {})["sha256"] == base.sha256
    notice = (folder / "NOTICE.txt").read_text(encoding="utf-8")
    assert "Gemma Terms of Use" in notice
    assert "WordNet 3.0 Copyright" in notice
    assert not list(folder.rglob("tokenizer*"))  # that of the base serves
    check_lora(folder / "lora")


@pytest.mark.parametrize("folder", CARRIED, ids=lambda folder: folder.name)
def test_it_reads_the_vectors_of_the_encoder_that_it_names(folder: Path) -> None:
    for name in read_config(folder).adapters:
        config = load_adapter(folder / "adapters" / name).config
        assert config.fingerprint == SentenceEncoder(config.encoder).fingerprint
        assert set(config.tasks) == {"text", "gist", "topics", "common", "difference"}
