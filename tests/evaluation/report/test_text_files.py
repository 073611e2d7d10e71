"""Texts of other systems: read exactly, or refused with the line that is wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from elm._errors import DataFileError, UnknownNameError
from elm.embeddings import EmbeddingSpace, VectorTable
from elm.evaluation import read_texts, write_entities

ASKED = {"summary": ["f1", "f2"], "similarities": ["f1,f2", "f2,f1"], "user_profile": ["u1"]}
WHOLE: list[dict[str, Any]] = [
    {"task": "summary", "id": "f2", "text": "Two.", "model": "x"},
    {"task": "summary", "id": "f1", "text": "One."},
    {"task": "similarities", "id": ["f1", "f2"], "text": "Both."},
    {"task": "similarities", "id": ["f2", "f1"], "text": "Again."},
]


def lines(path: Path, *records: Any) -> Path:
    path.write_text("\n".join(r if isinstance(r, str) else json.dumps(r) for r in records) + "\n", encoding="utf-8")
    return path


def test_texts_come_in_the_order_asked_and_tasks_without_any_are_left_out(tmp_path: Path) -> None:
    found = read_texts(lines(tmp_path / "t.jsonl", *WHOLE), ASKED)
    assert found == {"summary": {"f2": "Two.", "f1": "One."}, "similarities": {"f1,f2": "Both.", "f2,f1": "Again."}}
    assert list(found) == ["summary", "similarities"]


def test_blank_lines_windows_ends_and_a_byte_order_mark_do_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    body = "\r\n\r\n".join(json.dumps(r, ensure_ascii=False) for r in WHOLE[:2])
    path.write_bytes(b"\xef\xbb\xbf" + body.encode())
    assert read_texts(path, ASKED)["summary"]["f1"] == "One."


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ("{broken", r"t\.jsonl, line 3: this is not one JSON object \("),
        ("[1, 2]", "line 3: this is not one JSON object, but list"),
        ("[" * 60_000, "line 3: this is not one JSON object"),
        ({"task": "summary", "text": "x"}, "line 3: .* has no id"),
        ({"id": "f1"}, "line 3: .* has no task and no text"),
        ({"task": "sumary", "id": "f1", "text": "x"}, "line 3: unknown scored task 'sumary'; did you mean 'summary'"),
        ({"task": 7, "id": "f1", "text": "x"}, "line 3: unknown scored task '7'"),
        ({"task": "summary", "id": "f9", "text": "x"}, "line 3: unknown held-out entity of summary 'f9'"),
        ({"task": "summary", "id": 1, "text": "x"}, 'line 3: summary is about one entity, so "id" is a string, not 1'),
        ({"task": "summary", "id": ["f1", "f2"], "text": "x"}, r'"id" is a string, not \["f1", "f2"\]'),
        ({"task": "similarities", "id": "f1,f2", "text": "x"}, "line 3: similarities is about two .* list of two ids"),
        ({"task": "similarities", "id": ["f1"], "text": "x"}, r"list of two ids, not \[\"f1\"\]"),
        ({"task": "similarities", "id": ["f1", "f1"], "text": "x"}, "unknown held-out entity of similarities 'f1,f1'"),
        ({"task": "summary", "id": "f1", "text": ""}, "line 3: .* that of 'f1' is an empty one"),
        ({"task": "summary", "id": "f1", "text": " \n"}, "line 3: .* an empty one"),
        ({"task": "summary", "id": "f1", "text": None}, "line 3: .* that of 'f1' is NoneType"),
        ('{"task": "summary", "id": "f1", "text": "\\ud800"}', "line 3: .* half a surrogate pair"),
        ({"task": "summary", "id": "f2", "text": "Two."}, "line 3: summary of 'f2' has a text already, in line 1"),
    ],
    ids=range(18),
)
def test_a_wrong_line_is_named(tmp_path: Path, wrong: Any, message: str) -> None:
    path = lines(tmp_path / "t.jsonl", WHOLE[0], "", wrong)
    with pytest.raises(DataFileError, match=message) as raised:
        read_texts(path, ASKED)
    assert "\n" not in str(raised.value)
    assert len(str(raised.value)) < 300 + len(str(path))


def test_missing_texts_and_files(tmp_path: Path) -> None:
    with pytest.raises(DataFileError, match="summary lacks 1 of 2, such as 'f1'; `elm bench entities` lists"):
        read_texts(lines(tmp_path / "a.jsonl", WHOLE[0]), ASKED)
    with pytest.raises(DataFileError, match="holds no text"):
        read_texts(lines(tmp_path / "b.jsonl", ""), ASKED)
    with pytest.raises(DataFileError, match="does not exist"):
        read_texts(tmp_path / "c.jsonl", ASKED)
    (tmp_path / "d.jsonl").write_bytes(b"\xff\xfe{}")
    with pytest.raises(DataFileError, match=r"d\.jsonl, line 1: this is not one JSON object"):
        read_texts(tmp_path / "d.jsonl", ASKED)
    (tmp_path / "e.jsonl").write_bytes(b"a" * (2**20 + 1))
    with pytest.raises(DataFileError, match=r"e\.jsonl, line 1: a line has at most"):
        read_texts(tmp_path / "e.jsonl", ASKED)


def table() -> VectorTable:
    vectors = np.array([[0.25, -1.5], [3.0, 0.125], [1.0, 2.0]], np.float32)
    return VectorTable(["f1", "f2", "u1"], vectors, EmbeddingSpace.fit("s", vectors, "cosine", {}, "s"))


def test_entities_hold_all_that_a_system_needs(tmp_path: Path) -> None:
    path = tmp_path / "entities.jsonl"
    count = write_entities(path, ASKED, dict.fromkeys(ASKED, table()))
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    assert count == len(rows) == 5
    assert rows[0] == {
        "task": "summary",
        "prompt": "Summarise the film <|vector|> in a few sentences.",
        "id": "f1",
        "vector": [0.25, -1.5],
    }
    assert rows[3]["id"] == ["f2", "f1"]
    assert rows[3]["vector"] == [[3.0, 0.125], [0.25, -1.5]]
    with pytest.raises(UnknownNameError, match="unknown id 'f7'"):
        write_entities(path, {"summary": ["f7"]}, {"summary": table()})
    assert len(path.read_text().splitlines()) == 5  # what was there before is kept


TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(str.strip)


@settings(max_examples=50)
@given(TEXT, TEXT)
def test_what_is_written_about_entities_is_read_back(tmp_path_factory: pytest.TempPathFactory, a: str, b: str) -> None:
    folder = tmp_path_factory.mktemp("given")
    write_entities(folder / "e", {"similarities": ["f1,f2", "f2,f1"]}, {"similarities": table()})
    asked = [json.loads(line) for line in (folder / "e").read_text().splitlines()]
    answered = [{"task": row["task"], "id": row["id"], "text": text} for row, text in zip(asked, (a, b), strict=True)]
    found = read_texts(lines(folder / "t", *answered), ASKED)
    assert found == {"similarities": {"f1,f2": a, "f2,f1": b}}
