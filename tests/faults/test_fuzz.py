"""Whatever stands in the files, reading them ends well or with an error of ours."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import struct
from pathlib import Path
from typing import Any

import hostile
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from elm._errors import ElmError
from elm.adapters import (
    check_manifest,
    load_adapter,
    read_adapter_config,
    read_config,
    read_tensors,
    scan,
    tensor_kinds,
)
from elm.model import load_model, verify

FUZZ = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
FEWER = settings(FUZZ, max_examples=40)

WORDS = st.sampled_from(
    "schema adapters base tasks toy wee say id dim size sha256 .. llm/config.json config.json <|vector|> F32 dtype "
    "shape data_offsets".split()
)
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | WORDS | st.just(2**70)
KEYS = st.text(max_size=5) | WORDS
VALUES = st.recursive(
    LEAVES, lambda part: st.lists(part, max_size=4) | st.dictionaries(KEYS, part, max_size=4), max_leaves=12
)
DESCRIPTIONS = ("config.json", "adapters/toy/config.json", "manifest.json")
VOUCHED = (
    "llm/config.json",
    "llm/tokenizer_config.json",
    "llm/generation_config.json",
    "llm/tokenizer.json",
    "config.json",
    "adapters/wee/config.json",
)


@pytest.fixture(scope="module")
def place(saved: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fuzz")


def fresh(saved: Path, place: Path) -> Path:
    shutil.rmtree(place / "model", ignore_errors=True)
    return Path(shutil.copytree(saved, place / "model", copy_function=os.link))


def only_ours(*reads: Any) -> None:
    for read in reads:
        with contextlib.suppress(ElmError):
            read()


def paths(value: Any, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where the parts of a JSON value are."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [here, *(path for key, part in inside for path in paths(part, (*here, key)))]


def changed(value: Any, at: tuple[Any, ...], new: Any) -> Any:
    if not at:
        return new
    copied = value.copy()
    copied[at[0]] = changed(value[at[0]], at[1:], new)
    return copied


def spoiled(path: Path, data: st.DataObject) -> None:
    """Another value somewhere in a JSON file, or another text altogether."""
    value = json.loads(path.read_text())
    at = data.draw(st.sampled_from(paths(value)))
    text = json.dumps(changed(value, at, data.draw(VALUES))).encode()
    hostile.replace(
        path, data.draw(st.sampled_from((text, text[:-1], text + b"]"))) if data.draw(st.booleans()) else text
    )


@FUZZ
@given(data=st.data(), name=st.sampled_from(DESCRIPTIONS))
def test_descriptions(saved: Path, place: Path, data: st.DataObject, name: str) -> None:
    folder = fresh(saved, place)
    spoiled(folder / name, data)
    only_ours(
        lambda: read_config(folder),
        lambda: read_adapter_config(folder / "adapters" / "toy"),
        lambda: check_manifest(folder),
        lambda: load_adapter(folder / "adapters" / "toy"),
        lambda: load_model(folder),
    )


@pytest.mark.slow
@FUZZ
@given(text=st.binary(max_size=40))
def test_files_that_are_no_json(saved: Path, place: Path, text: bytes) -> None:
    folder = fresh(saved, place)
    for name in DESCRIPTIONS:
        hostile.replace(folder / name, text)
    only_ours(
        lambda: read_config(folder),
        lambda: read_adapter_config(folder / "adapters" / "toy"),
        lambda: check_manifest(folder),
        lambda: verify(folder),
    )


@pytest.mark.slow
@FEWER
@given(data=st.data(), name=st.sampled_from(VOUCHED))
def test_descriptions_that_the_manifest_vouches_for(saved: Path, place: Path, data: st.DataObject, name: str) -> None:
    folder = fresh(saved, place)
    spoiled(folder / name, data)
    hostile.reseal(folder)
    only_ours(lambda: load_model(folder), lambda: verify(folder))


@FUZZ
@given(data=st.data())
def test_headers_of_weights(saved: Path, place: Path, data: st.DataObject) -> None:
    whole = (saved / "adapters" / "toy" / "model.safetensors").read_bytes()
    (length,) = struct.unpack("<Q", whole[:8])
    facts = json.loads(whole[8 : 8 + length])
    at = data.draw(st.sampled_from(paths(facts)))
    text = json.dumps(changed(facts, at, data.draw(VALUES))).encode()
    said = len(text) if data.draw(st.booleans()) else data.draw(st.integers(0, 2**64 - 1))
    rest = whole[8 + length :][: data.draw(st.sampled_from((None, 0, 100)))]
    path = place / "fuzz.safetensors"
    path.write_bytes(struct.pack("<Q", said) + text + rest)
    only_ours(lambda: tensor_kinds(path), lambda: read_tensors(path), lambda: scan(path))


@FUZZ
@given(data=st.binary(max_size=200))
def test_bytes_that_are_no_weights(place: Path, data: bytes) -> None:
    path = place / "bytes.safetensors"
    path.write_bytes(data)
    only_ours(lambda: tensor_kinds(path), lambda: read_tensors(path), lambda: scan(path))
