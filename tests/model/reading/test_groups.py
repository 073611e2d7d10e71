"""Groups of vectors in words: one row per group, the noise left out and counted, what sets a group apart."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import tiny_elm
from tiny_elm import SAY

import elm as package
from elm._errors import CallError, UnknownNameError, VectorError
from elm.embeddings import VectorTable, centroid, nearest
from elm.model import EmbeddingLanguageModel, GroupOptions, describe_groups, shipped_vectors
from elm.model._groups import grouped, key_words
from elm.tasks import SECOND, VECTOR, Task

Elm = Callable[..., tuple[int, str, str]]
LABELS = ["b", "a", "a", None, "b", "a", -1, "a", "b", float("nan"), "a", "b"]


@pytest.fixture(scope="module")
def table() -> VectorTable:
    return tiny_elm.table()


@pytest.fixture(scope="module")
def model(table: VectorTable) -> EmbeddingLanguageModel:
    return tiny_elm.model(table)


def test_a_row_a_group_the_largest_first_and_noise_left_out(model: EmbeddingLanguageModel, table: VectorTable) -> None:
    found = describe_groups(model, table, LABELS, SAY, GroupOptions(members=2))
    assert list(found.columns) == ["label", "size", "text", "apart", "nearest"]
    assert (found["label"].tolist(), found["size"].tolist(), found.attrs["left_out"]) == (["a", "b"], [5, 4], 3)
    for label, text, near in zip(found["label"], found["text"], found["nearest"], strict=True):
        ids = [id for id, own in zip(table.ids, LABELS, strict=True) if own == label]
        middle = centroid(table.rows(ids), space=table.space)
        assert text == model.describe(middle, SAY)
        assert near == nearest(table.subset(ids), middle, 2)[0][0]
    assert found["apart"].tolist() == [None, None]


def test_labels_of_any_kind() -> None:
    for labels in (
        [1, 0, 0, -1],
        np.array([1, 0, 0, -1]),
        pd.Series([1.0, 0.0, 0.0, np.nan]),
        pd.array([1, 0, 0, None]),
    ):
        rows, names = grouped(labels, 4)
        assert (rows.tolist(), names) == ([1, 0, 0, -1], [0, 1])
    assert grouped(pd.Categorical(["x", "y", None, "y"]), 4)[1] == ["y", "x"]
    assert grouped([True, False, False], 3)[1] == [False, True]


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (["a"] * 11, "there are 12 rows and 11 labels"),
        (["a"] * 12, "two are needed, got 1 and 0 rows of none"),
        (["a"] * 6 + [None] * 6, "two are needed, got 1 and 6 rows of none"),
        ([-1] * 12, "two are needed, got 0 and 12 rows of none"),
    ],
)
def test_labels_that_make_no_groups(
    model: EmbeddingLanguageModel, table: VectorTable, labels: list[Any], message: str
) -> None:
    with pytest.raises(CallError, match=message):
        describe_groups(model, table, labels, SAY)


def test_a_group_whose_vectors_cancel_out_is_told(model: EmbeddingLanguageModel, table: VectorTable) -> None:
    rows = table.vectors.copy()
    rows[1] = -rows[0]
    odd = VectorTable(table.ids, rows, table.space)
    with pytest.raises(VectorError, match="group 'x' has no centroid"):
        describe_groups(model, odd, ["x", "x"] + ["y"] * 10, SAY)


def test_options_that_cannot_be(model: EmbeddingLanguageModel, table: VectorTable) -> None:
    with pytest.raises(CallError, match="members=0"):
        GroupOptions(members=0)
    with pytest.raises(CallError, match="told by a task over two vectors, and 'say' reads one"):
        describe_groups(model, table, LABELS, SAY, GroupOptions(apart=SAY))
    with pytest.raises(UnknownNameError, match="task 'sya'"):
        describe_groups(model, table, LABELS, "sya")


def test_what_sets_a_group_apart_is_told_by_the_task_that_compares_two(table: VectorTable) -> None:
    task = Task("difference", "pair", f"Say it: {VECTOR} {SECOND}.", max_new_tokens=8)
    parts = tiny_elm.model(table)
    model = EmbeddingLanguageModel(
        parts.llm, parts.tokenizer, {"toy": tiny_elm.adapter(table, ["say", "difference"])}, tasks=[task]
    )
    labels = ["a"] * 7 + ["b"] * 4 + [None]
    found = describe_groups(model, table, labels, SAY)
    middle = {label: centroid(table.vectors[[own == label for own in labels]], space=table.space) for label in "ab"}
    # "difference" tells what the second has that the first lacks: the group comes second
    assert found["apart"].tolist() == [
        model.describe((middle["b"], middle["a"]), task),
        model.describe((middle["a"], middle["b"]), task),
    ]


def test_else_by_key_words_of_the_members_texts(model: EmbeddingLanguageModel, table: VectorTable) -> None:
    texts = {
        id: "A ship and the sea." if label == "a" else "The song of a sad ship."
        for id, label in zip(table.ids, LABELS, strict=True)
    }
    found = describe_groups(model, table, LABELS, SAY, GroupOptions(texts=texts))
    assert found["apart"].tolist() == ["sea", "sad, song"]
    one = describe_groups(model, table, LABELS, SAY, GroupOptions(texts={id: [text] for id, text in texts.items()}))
    assert one.equals(found)
    assert key_words(["", "the", "and"], np.array([0, 1, 1]), 2) == [[], []]


@pytest.mark.slow
def test_the_command(elm: Elm, tmp_path: Path) -> None:
    films = shipped_vectors("films")
    films = films.subset(films.ids[:5])
    folder = films.save(tmp_path / "films")
    labels = pd.DataFrame({"id": films.ids[:4], "label": [0, 0, 1, -1]})
    labels.to_csv(tmp_path / "labels.csv", index=False)
    words = ("describe", "--vectors", folder, "--groups", tmp_path / "labels.csv", "--temperature", 0)
    code, out, err = elm(*words, "--json")
    assert (code, err) == (0, "")
    value = json.loads(out)
    wanted = package.describe_groups(films, [0, 0, 1, None, None], temperature=0.0)
    assert value["left_out"] == 2
    assert [group["text"] for group in value["groups"]] == wanted["text"].tolist()
    assert [group["apart"] for group in value["groups"]] == wanted["apart"].tolist()
    code, out, _ = elm(*words)
    assert code == 0
    assert out.endswith("2 vectors are of no group\n")


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("id,group\nf1,0\n", "must have the columns id and label, and has id, group"),
        ("id,label\nf1,0\nnowhere,1\n", "unknown id 'nowhere'"),
        ("id,label\nf1,0\nf1,1\n", "names 'f1' more than once"),
        ("id,label\nf1,0\nf2,0\n", "two are needed, got 1"),
    ],
)
def test_wrong_labels_of_the_command(elm: Elm, tmp_path: Path, rows: str, message: str) -> None:
    folder = shipped_vectors("films").subset(["f1", "f2", "f3"]).save(tmp_path / "films")
    (tmp_path / "labels.csv").write_text(rows)
    code, out, err = elm("describe", "--vectors", folder, "--groups", tmp_path / "labels.csv")
    assert code in (1, 2)
    assert out == ""
    assert message in err
    assert err.count("\n") == 1


def test_groups_are_of_a_table(elm: Elm, tmp_path: Path) -> None:
    (tmp_path / "labels.csv").write_text("id,label\nf1,0\n")
    assert elm("describe", "--item", "f7", "--groups", tmp_path / "labels.csv")[0] == 2
    assert elm("describe", "--item", "f7", "--texts", tmp_path / "labels.csv")[0] == 2
