"""Vectors whose texts follow from them: a colour, an animal and a place in coordinates of their own, then turned."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import numpy as np
from tiny_encoder import save_tiny_encoder

from elm.model import BaseConfig, new_base, train_tokenizer

COLOURS = ("red", "blue", "green", "black", "white", "brown")
ANIMALS = ("fox", "owl", "cat", "horse", "snake", "whale")
PLACES = ("forest", "river", "garden", "harbour", "desert", "village")
SHAPE = BaseConfig(vocabulary=320, width=48, layers=2, heads=2, feed_forward=96, context=128)


def facts() -> list[tuple[str, str, str]]:
    """All 216 combinations, in an order of their own."""
    found = list(product(COLOURS, ANIMALS, PLACES))
    return [found[k] for k in np.random.default_rng(0).permutation(len(found))]


def texts() -> dict[str, str]:
    return {f"v{n}": f"A {one} {two} lives by the {three}." for n, (one, two, three) in enumerate(facts())}


def vectors() -> np.ndarray:
    """(216, 18): a one for each of the three facts, a little noise, and a random turn."""
    rng = np.random.default_rng(1)
    known = [*COLOURS, *ANIMALS, *PLACES]
    hot = np.array([[float(word in row) for word in known] for row in facts()])
    turn = np.linalg.qr(rng.normal(size=(len(known), len(known))))[0]
    return ((hot + 0.05 * rng.normal(size=hot.shape)) @ turn).astype(np.float32)


def base_folder(folder: Path) -> Path:
    """A tiny random base that can spell these texts, as transformers saves it."""
    tokenizer = train_tokenizer(
        [*texts().values(), "Write the text that", "List the key words of"] * 2, SHAPE.vocabulary
    )
    tokenizer.save_pretrained(folder)
    new_base(tokenizer, SHAPE, seed=0).save_pretrained(folder)
    return folder


def encoder_folder(folder: Path) -> Path:
    """A tiny random encoder that knows every word."""
    return save_tiny_encoder(folder, ["a", "lives", "by", "the", *COLOURS, *ANIMALS, *PLACES])
