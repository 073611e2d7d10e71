"""A tiny random sentence encoder on disk."""

from pathlib import Path

import pytest
from tiny_encoder import save_tiny_encoder

WORDS = ["a", "dog", "runs", "home", "sleeps", "well", "the", "end", "fire", "ice", "storm", "ship", "sails", "away"]


@pytest.fixture(scope="session")
def tiny_encoder_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_encoder(tmp_path_factory.mktemp("tiny"), WORDS)
