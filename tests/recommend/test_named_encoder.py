"""The sentence encoder that a folder names: a plain name, and a folder of this disk only by its fingerprint."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from taste_groups import ITEMS
from tiny_encoder import save_tiny_encoder

from elm._errors import CheckpointError
from elm.embeddings import SentenceEncoder
from elm.recommend import (
    LoraTextEncoder,
    PieceTextEncoder,
    Recommender,
    Tears,
    TextHeadConfig,
    load,
    make_autoencoder,
)

WORDS = ["likes", "comedy", "films"]
TEXT = "Likes comedy films."


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A working directory with the folder `encoder`."""
    home = tmp_path_factory.mktemp("place")
    save_tiny_encoder(home, WORDS)
    save_tiny_encoder(home / "another", WORDS, seed=1)
    return home


@pytest.fixture(params=["frozen", "lora"])
def saved(request: pytest.FixtureRequest, place: Path, tmp_path: Path) -> Path:
    encoder = SentenceEncoder(place / "encoder")
    vae = make_autoencoder("multi-vae", 20, ITEMS, hidden=8, latent=4)
    head = TextHeadConfig(encoder.dim, 4, hidden=4)
    text = PieceTextEncoder(encoder, head) if request.param == "frozen" else LoraTextEncoder(encoder, head, rank=2)
    Recommender(Tears(vae, text), [str(n) for n in range(ITEMS)]).save(tmp_path / "rec")
    return tmp_path / "rec"


def named(folder: Path, **values: Any) -> None:
    config = json.loads((folder / "config.json").read_text())
    config["sentence_encoder"].update(values)
    (folder / "config.json").write_text(json.dumps(config))


def scores(folder: Path, encoder: SentenceEncoder | None = None) -> np.ndarray:
    return load(folder, encoder).scores(None, [TEXT], 1.0)


def test_a_folder_here_counts_where_its_fingerprint_is_the_recorded_one(
    saved: Path, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(place)
    np.testing.assert_array_equal(scores(saved), scores(saved, SentenceEncoder(place / "encoder")))
    named(saved, name="another/encoder")
    with pytest.raises(CheckpointError, match=r"got one with fingerprint .* load.folder, encoder="):
        scores(saved)


def test_a_folder_here_does_not_count_without_a_fingerprint(
    saved: Path, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(place)
    named(saved, fingerprint=None)
    with pytest.raises(CheckpointError, match=r"without its fingerprint.*pass the encoder"):
        scores(saved)
    assert np.isfinite(scores(saved, SentenceEncoder(place / "encoder"))).all()


def test_a_folder_here_that_is_no_encoder_is_told(saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "encoder").mkdir()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CheckpointError, match=r"the folder of that name .* is none .*pass the encoder"):
        scores(saved)


@pytest.mark.parametrize("name", ["", ".", "..", ".hidden", "~", "a/b/c", "../encoder", "a//b", "a\\b", "c:a", "a\0"])
def test_a_name_that_leads_elsewhere_is_refused(
    saved: Path, place: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(place)
    named(saved, name=name)
    with pytest.raises(CheckpointError, match=r"names its sentence encoder plainly.*pass the encoder"):
        load(saved)
    assert np.isfinite(scores(saved, SentenceEncoder(place / "encoder"))).all()


def test_a_path_is_refused_though_its_encoder_is_the_right_one(saved: Path, place: Path) -> None:
    named(saved, name=str(place / "encoder"))
    with pytest.raises(CheckpointError, match="names its sentence encoder plainly"):
        load(saved)
