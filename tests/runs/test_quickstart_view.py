"""What a person sees of a quickstart: every step, in 100 columns, nothing cut off."""

from __future__ import annotations

import json

import pytest
from small_world import Finished

from elm.cli._quickstart import show_step


@pytest.fixture
def seen(finished: Finished, capsys: pytest.CaptureFixture[str]) -> str:
    for step in finished.shown:
        show_step(step, json.loads((finished.folder / "steps" / f"{step}.json").read_text())["result"])
    score = json.loads((finished.folder / "steps" / "score.json").read_text())["result"]
    show_step("shipped", score)
    return capsys.readouterr().out


def test_nothing_is_wider_than_100_columns_or_cut_off(seen: str) -> None:
    assert max(map(len, seen.splitlines())) <= 100
    assert "…" not in seen
    for task in ("positive_review", "negative_review", "five_positive", "summary", "user_profile"):
        assert any(line.split()[:1] == [task] for line in seen.splitlines()), task
    for number in range(1, 10):
        assert f"\n{number}  " in seen


def test_the_lists_before_and_after_the_edit_stand_side_by_side(seen: str, finished: Finished) -> None:
    example = finished.result["edit"]["example"]
    assert f"({example['favourite']} out, {example['least']} in)" in seen
    head = next(line for line in seen.splitlines() if "before the edit" in line and "after" in line)
    first = next(line for line in seen.partition(head)[2].splitlines() if line.split()[:1] == ["1"])
    title = example["before"][0]["title"]
    assert first.index(title) == head.index("before the edit")


def test_the_scores_are_those_of_the_result(seen: str, finished: Finished) -> None:
    for task, row in finished.result["consistency"].items():
        line = next(line for line in seen.splitlines() if line.split()[:1] == [task])
        assert f"{row['sc']:.3f}" in line
        assert f"{row['sc_teacher']:.3f}" in line
    assert f"{finished.result['loop']['ndcg_elm']:.3f}" in seen
    assert f"{finished.result['edit']['ndcg_genre_after']:.3f}" in seen
