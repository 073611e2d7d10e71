"""The table of measures: one more entry is scored, told, drawn and put on the card, without any other change."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tiny_elm
from rich.console import Console

from elm.evaluation import (
    SECTIONS,
    BenchReport,
    Measure,
    TaskScores,
    UserScores,
    consistency_table,
    page,
    profile_table,
)
from elm.evaluation._measures import SYSTEMS
from elm.model import save_model
from elm.runs import write_card

IDS = ["a", "b", "c"]
WORDS = Measure(
    "words",
    "words",
    lambda scores: {name: [len(text.split()) for text in texts] for name, texts in scores.texts.items()},
    terminal="words per text",
    card="words of a text",
)


def spread(names: tuple[str, ...]) -> dict[str, np.ndarray]:
    """A system's values lie below those of the one before."""
    noise = np.random.default_rng(0)
    return {name: np.array([0.9, 0.5, 0.4]) - 0.1 * n + 0.01 * noise.random(3) for n, name in enumerate(names)}


def films() -> TaskScores:
    names = ("teacher", "model", "nn", "shuffled", "random")
    values = spread(names)
    return TaskScores("summary", IDS, {name: ["one two", "three", "a b c d e f"] for name in names}, values, {})


def users() -> UserScores:
    names = ("teacher", "model", "nn", "shuffled", "random")
    values = spread(names)
    return UserScores("user_profile", IDS, {name: ["x"] * 3 for name in names}, values, values, values, values)


def test_a_new_measure_is_one_entry(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    section = SECTIONS["consistency"]
    monkeypatch.setitem(SECTIONS, "consistency", replace(section, measures=(*section.measures, WORDS)))  # type: ignore[arg-type]
    scores = films()
    told = scores.to_dict()
    assert (told["words"], told["words_nn"]) == (3, 3)
    rows = scores.frame()
    assert rows[(rows["measure"] == "words") & (rows["system"] == "model")]["value"].tolist() == [2, 1, 6]

    console = Console(width=200, record=True, file=io.StringIO())
    console.print(consistency_table({"summary": told}))
    shown = console.export_text()
    assert "words per text" in shown
    assert "3.000" in shown

    found = {"consistency": {"summary": told}}
    assert "words, means" in page(BenchReport({"title": "t"}, found, rows, scores.texts_frame()))

    card = write_card(save_model(tiny_elm.model(), tmp_path / "model"), found)
    assert "| words of a text |" in card
    assert "3.000 |" in card


def test_the_columns_are_keys_of_what_is_told() -> None:
    told = {"consistency": films().to_dict(), "profile": users().to_dict()}
    for name, row in told.items():
        section = SECTIONS[name]
        lines = {f"{section.headline.key}_{line}" for line in ("cf", "popular")}  # which are no texts
        for columns in (section.columns(), section.card_columns(), section.hub_results()):
            assert set(columns.values()) - lines <= set(row)
        assert row[f"{section.position}_interval"][0] <= row[section.position] <= row[f"{section.position}_interval"][1]


def test_every_section_names_systems_of_the_table() -> None:
    for section in SECTIONS.values():
        named = {*section.texts, *section.shown, *section.carded, *section.on_hub, section.floor}
        assert named <= set(SYSTEMS)
        assert all(SYSTEMS[name].hub for name in section.on_hub)
        names = [measure.name for measure in section.measures]
        assert len(set(names)) == len(names)


def test_older_tables_of_scores_are_shown_with_dashes() -> None:
    console = Console(width=200, record=True, file=io.StringIO())
    console.print(profile_table({"user_profile": {"bc": 0.25, "rbc": None, "n": 3}}))
    assert "0.250" in console.export_text()
