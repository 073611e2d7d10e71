"""Vectors of every kind of source come out with their ids and numbers, or the source is refused in one line."""

from __future__ import annotations

import struct
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from datasets import Dataset
from hypothesis import given, settings
from hypothesis import strategies as st

from elm._errors import CallError, DataFileError, ElmError, VectorError
from elm.embeddings import VectorTable, vector_table

IDS = ["a b", "c", "ä"]
NUMBERS = np.array([[0.5, -1.0, 2.0], [1.0, 0.25, -3.0], [0.0, 4.0, 1.5]], dtype=np.float32)
COLUMNS = pd.DataFrame(NUMBERS, columns=["x", "y", "z"]).assign(id=IDS, note="text")
LISTS = pd.DataFrame({"id": IDS, "embedding": list(NUMBERS), "year": [1, 2, 3]})


def word2vec(path: Path, binary: bool) -> Path:
    """The forms that gensim's `save_word2vec_format` writes, put together by hand; a word may hold a space in text."""
    words = ["a_b", "c", "ä"]
    if binary:
        rows = b"".join(
            w.encode() + b" " + struct.pack("<3f", *row) + b"\n" for w, row in zip(words, NUMBERS, strict=True)
        )
        path.write_bytes(b"3 3\n" + rows)
    else:
        rows = [f"{w} {' '.join(map(str, row))}" for w, row in zip(words, NUMBERS.tolist(), strict=True)]
        path.write_text("\n".join(["3 3", *rows]) + "\n", encoding="utf-8")
    return path


def saved(write: Callable[[Path], Any], name: str) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        write(folder / name)
        return folder / name

    return make


def arrow(path: Path) -> None:
    table = pa.Table.from_pandas(LISTS)
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)


WITH_IDS: dict[str, Callable[[Path], Any]] = {
    "a frame of columns": lambda folder: COLUMNS,
    "a frame by its index": lambda folder: COLUMNS.drop(columns="note").set_index("id"),
    "a frame of lists": lambda folder: LISTS,
    "an Arrow table": lambda folder: pa.Table.from_pandas(LISTS),
    "a data set": lambda folder: Dataset.from_pandas(LISTS),
    "a mapping": lambda folder: dict(zip(IDS, NUMBERS.tolist(), strict=True)),
    "csv": saved(lambda path: COLUMNS.to_csv(path, index=False), "v.csv"),
    "csv with lists": saved(
        lambda path: LISTS.assign(embedding=[str(r) for r in NUMBERS]).to_csv(path, index=False), "v.csv"
    ),
    "tsv": saved(lambda path: COLUMNS.to_csv(path, index=False, sep="\t"), "v.tsv"),
    "parquet columns": saved(lambda path: COLUMNS.to_parquet(path), "v.parquet"),
    "parquet lists": saved(lambda path: LISTS.to_parquet(path), "v.parquet"),
    "json lines": saved(lambda path: LISTS.to_json(path, orient="records", lines=True), "v.jsonl"),
    "feather": saved(lambda path: LISTS.to_feather(path), "v.feather"),
    "arrow": saved(arrow, "v.arrow"),
    "npz": saved(lambda path: np.savez(path, vectors=NUMBERS, names=np.array(IDS)), "v.npz"),
    "a table's folder": saved(lambda path: vector_table(COLUMNS).save(path), "table"),
}
WITHOUT_IDS: dict[str, Callable[[Path], Any]] = {
    "an array": lambda folder: NUMBERS,
    "a list": lambda folder: NUMBERS.tolist(),
    "npy": saved(lambda path: np.save(path, NUMBERS), "v.npy"),
}


@pytest.mark.parametrize("kind", WITH_IDS)
def test_sources_with_ids(kind: str, tmp_path: Path) -> None:
    table = vector_table(WITH_IDS[kind](tmp_path))
    assert table.ids == IDS
    assert table.vectors == pytest.approx(NUMBERS)


@pytest.mark.parametrize("kind", WITHOUT_IDS)
def test_sources_without_ids_are_counted_or_named(kind: str, tmp_path: Path) -> None:
    source = WITHOUT_IDS[kind](tmp_path)
    assert vector_table(source).ids == ["0", "1", "2"]
    named = vector_table(source, IDS, name="mine")
    assert (named.ids, named.space.name, named.space.metric) == (IDS, "mine", "cosine")
    assert named.vectors == pytest.approx(NUMBERS)
    with pytest.raises(CallError, match="2 ids for 3 vectors"):
        vector_table(source, IDS[:2])


@pytest.mark.parametrize("name", ["v.txt", "v.vec", "v.bin"])
def test_word2vec_files(name: str, tmp_path: Path) -> None:
    table = vector_table(word2vec(tmp_path / name, name.endswith("bin")))
    assert table.ids == ["a_b", "c", "ä"]
    assert table.vectors == pytest.approx(NUMBERS)


def test_glove_has_no_line_of_counts(tmp_path: Path) -> None:
    (tmp_path / "glove.txt").write_text("a 1 2 3\nb 4 5 6\n", encoding="utf-8")
    assert vector_table(tmp_path / "glove.txt").vectors.tolist() == [[1, 2, 3], [4, 5, 6]]


def test_keyed_vectors_and_models_that_hold_them() -> None:
    keyed = SimpleNamespace(index_to_key=IDS, vectors=NUMBERS)
    for source in (keyed, SimpleNamespace(wv=keyed)):
        assert vector_table(source).ids == IDS


def test_factors_of_implicit() -> None:
    from implicit.als import AlternatingLeastSquares
    from scipy.sparse import csr_matrix

    model = AlternatingLeastSquares(factors=4, iterations=1, random_state=0)
    model.fit(csr_matrix(np.eye(5, 6, dtype=np.float32) + 0.1), show_progress=False)
    items, users = vector_table(model), vector_table(model, of="users")
    assert (len(items), len(users), items.space.metric) == (6, 5, "dot")
    assert items.vectors == pytest.approx(model.item_factors)
    with pytest.raises(CallError, match='"items" or "users"'):
        vector_table(model, of="films")


def test_factors_of_lenskit_come_with_its_ids() -> None:
    vocabulary = SimpleNamespace(ids=lambda: np.array(IDS))
    scorer = SimpleNamespace(item_embeddings=NUMBERS, user_embeddings=None, items=vocabulary)
    assert vector_table(scorer).ids == IDS
    with pytest.raises(CallError, match="no factors of users: fit it first"):
        vector_table(scorer, of="users")


def test_faiss_indexes_and_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """faiss by the calls of its published interface; the library itself is tried where it is installed."""
    index = SimpleNamespace(ntotal=3, metric_type=0, reconstruct_n=lambda start, count: NUMBERS[start : start + count])
    assert vector_table(index, IDS).space.metric == "dot"
    (tmp_path / "v.faiss").write_bytes(b"x")
    monkeypatch.setitem(sys.modules, "faiss", None)
    with pytest.raises(CallError, match="pip install faiss-cpu"):
        vector_table(tmp_path / "v.faiss")
    stub = ModuleType("faiss")
    stub.read_index = lambda path: index  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "faiss", stub)
    assert vector_table(tmp_path / "v.faiss", IDS).vectors == pytest.approx(NUMBERS)


def test_faiss_itself(tmp_path: Path) -> None:
    faiss = pytest.importorskip("faiss", reason="faiss is not installed")
    index = faiss.IndexFlatL2(3)
    index.add(NUMBERS)
    faiss.write_index(index, str(tmp_path / "v.index"))
    for source in (index, tmp_path / "v.index"):
        assert vector_table(source).vectors == pytest.approx(NUMBERS)
    (tmp_path / "v.index").write_bytes((tmp_path / "v.index").read_bytes()[:20])
    with pytest.raises(DataFileError, match="whole faiss index"):
        vector_table(tmp_path / "v.index")


def test_lancedb_itself(tmp_path: Path) -> None:
    lancedb = pytest.importorskip("lancedb", reason="lancedb is not installed")
    table = lancedb.connect(str(tmp_path)).create_table("films", pa.Table.from_pandas(LISTS))
    for source in (table, tmp_path / "films.lance"):
        assert vector_table(source).ids == IDS


@pytest.mark.parametrize(
    ("source", "told"),
    [
        (pd.DataFrame({"id": [], "x": []}), "holds no rows"),
        (pd.DataFrame({"id": ["a"], "x": [1.0]}), "two columns of numbers at least"),
        (pd.DataFrame({"id": ["a"], "u": [[1.0]], "w": [[2.0]]}), "several columns of lists"),
        (pd.DataFrame({"id": ["a", "b"], "x": [1.0, None], "y": [1.0, 2.0]}), "row 1 of column 'x'"),
        (pd.DataFrame({"id": ["a", "a"], "x": [1.0, 2.0], "y": [1.0, 2.0]}), "more than once"),
        (pd.DataFrame({"id": ["a", None], "x": [1.0, 2.0], "y": [1.0, 2.0]}), "id"),
        (pd.DataFrame({"id": ["a", "b"], "v": [[1.0, 2.0], [1.0]]}), "one length|rows of"),
        (pd.DataFrame({"id": ["a"], "v": ["[one, two]"]}), "list of numbers"),
        (np.zeros(3), r"shape \(3,\)"),
        (np.zeros((0, 3)), r"shape \(0, 3\)"),
        ({}, "shape"),
        ("nowhere.npy", "there are no vectors at"),
        (object(), "numbers"),
    ],
)
def test_what_is_no_table_of_vectors_is_refused(source: Any, told: str) -> None:
    with pytest.raises(ElmError, match=told):
        vector_table(source)


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("v.npy", b"\x93NUMPY\x01\x00", "whole .npy file of numbers"),
        ("v.npz", b"PK\x03\x04", "numpy.savez wrote"),
        ("v.npz", b"\x93NUMPY\x01\x00", "numpy.savez wrote"),
        ("v.parquet", b"PAR1", "parquet"),
        ("v.arrow", b"ARROW1", "cannot be read as a table"),
        ("v.jsonl", b"{", "cannot be read as a table"),
        ("v.csv", b"", "cannot be read as a table"),
        ("v.vec", b"3 3\na 1 2 3\n", "counts 3 words, and it holds 1"),
        ("v.vec", b"2 3\na 1 2 3\nb 1 2\n", "line 3"),
        ("v.vec", b"\xff\xfe\x00", "word2vec"),
        ("v.txt", b"0.1 0.2\n0.3 0.4\n", "neither two counts nor a word"),
        ("v.bin", b"9999999 9999999\n", "too short"),
        ("v.bin", b"2 3\na " + bytes(12) + b"b ", "too short|ends in word"),
        ("v.pdf", b"x", "not a source of vectors"),
    ],
)
def test_damaged_files_are_one_line(name: str, content: bytes, told: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataFileError, match=told) as caught:
        vector_table(tmp_path / name)
    assert "\n" not in str(caught.value)


def test_pickled_arrays_are_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "v.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(DataFileError, match="it holds Python objects"):
        vector_table(tmp_path / "v.npy")


def test_the_fingerprint_follows_ids_and_numbers() -> None:
    first = vector_table(NUMBERS, IDS).space.fingerprint
    assert vector_table(NUMBERS.tolist(), IDS).space.fingerprint == first
    assert vector_table(NUMBERS, ["x", "y", "z"]).space.fingerprint != first
    assert vector_table(NUMBERS * 2, IDS).space.fingerprint != first


@settings(deadline=None, max_examples=25)
@given(
    st.lists(st.lists(st.floats(-1e6, 1e6, width=32), min_size=3, max_size=3), min_size=2, max_size=6),
    st.sampled_from(["csv", "tsv", "parquet", "jsonl", "feather"]),
)
def test_numbers_survive_every_file(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[float]], ending: str
) -> None:
    frame = pd.DataFrame(rows, columns=["x", "y", "z"], dtype=np.float32).assign(id=[f"i{n}" for n in range(len(rows))])
    path = tmp_path_factory.mktemp("files") / f"v.{ending}"
    write = {
        "csv": lambda: frame.to_csv(path, index=False),
        "tsv": lambda: frame.to_csv(path, index=False, sep="\t"),
        "parquet": lambda: frame.to_parquet(path),
        "jsonl": lambda: frame.to_json(path, orient="records", lines=True, double_precision=15),
        "feather": lambda: frame.to_feather(path),
    }
    write[ending]()
    table = vector_table(path)
    assert isinstance(table, VectorTable)
    assert table.vectors == pytest.approx(np.array(rows, dtype=np.float32), rel=1e-6)


def test_masked_and_complex_numbers_are_refused() -> None:
    for wrong in (np.ma.masked_less(NUMBERS, 0), NUMBERS + 1j, NUMBERS > 0):
        with pytest.raises(VectorError):
            vector_table(wrong)
