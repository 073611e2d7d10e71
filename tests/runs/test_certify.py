"""Certificates of a run: calibrated once on validation entities, kept with the run, known by the model's manifest."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_world import Finished, trusted_copy

import elm as toolkit
from elm._errors import CallError, DataFileError
from elm.embeddings import VectorTable
from elm.runs import certifier, open_table
from elm.runs.scoring import _certificates
from elm.runs.scoring._certificates import Known


@pytest.fixture
def run(finished: Finished, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    _certificates._certifier.cache_clear()
    folder = trusted_copy(finished.folder, tmp_path / "run")
    some = Known.entities

    def more(self: Known, task: str, part: str = "validation") -> VectorTable:
        """The small world keeps six films for validation, and a rule needs twenty."""
        table = some(self, task, part)
        return self.world.films.subset(self.world.films.ids[:24]) if len(table) < 20 else table

    monkeypatch.setattr(Known, "entities", more)
    return folder


@pytest.mark.slow
def test_a_rule_is_made_once_and_kept_with_the_run(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = certifier(run, "summary", progress=False)
    kept = json.loads((run / "certificates.json").read_text())
    assert list(kept["rules"]) == ["items"]
    assert set(kept["rules"]["items"]["tasks"]) == {"summary", "positive_review", "negative_review", "five_positive"}
    assert made.calibration.claim == "no false fact"

    _certificates._certifier.cache_clear()
    monkeypatch.setattr(Known, "calibrated", None)  # not made again
    again = certifier(run, "five_positive", progress=False)
    assert again.calibration == made.calibration
    table = open_table(run, "films")
    (one,) = again.certificates(["A drama film."], table.vectors[:1], "five_positive")
    assert one.verdict in ("trust", "doubt", "abstain")
    (run / "model" / "manifest.json").write_text("{}")  # another model: the rule is not its
    _certificates._certifier.cache_clear()
    with pytest.raises(toolkit.ElmError):
        certifier(run, "summary", progress=False)


@pytest.mark.slow
def test_rules_of_an_older_version_are_made_again(run: Path) -> None:
    stamp = _certificates._stamp(run)
    older = {"model": stamp, "rules": {"items": {"claim": "no false fact", "threshold": 0.1}}}
    (run / "certificates.json").write_text(json.dumps(older))
    made = certifier(run, "summary", progress=False)
    kept = json.loads((run / "certificates.json").read_text())
    assert kept["schema"] == 2
    assert (
        kept["rules"]["items"]["tasks"]["summary"]["trusted_from"] == made.calibration.tasks["summary"]["trusted_from"]
    )
    assert certifier(run, "summary", least=0.6, progress=False).calibration.least == 0.6
    assert json.loads((run / "certificates.json").read_text()) == kept  # rules for another rate are not kept


def test_only_what_can_be_certified(run: Path, tmp_path: Path) -> None:
    with pytest.raises(CallError, match="about one vector, and 'similarities' is about two"):
        certifier(run, "similarities", progress=False)
    with pytest.raises(CallError, match="task 'pitch' was not trained; the model learned summary"):
        certifier(run, "pitch", progress=False)
    with pytest.raises(DataFileError, match="is not a run folder"):
        certifier(tmp_path / "nowhere", "summary", progress=False)


@pytest.mark.slow
def test_the_command_prints_the_certificate(run: Path, elm: Any) -> None:
    words = ("describe", "--run", run, "--item", "f7", "--certify", "--quiet")
    code, out, err = elm(*words)
    assert (code, err) == (0, "")
    assert "of such texts have no false fact" in out or "abstain" in out
    assert "neighbour's text" in out
    code, out, _ = elm(*words, "--json")
    (row,) = json.loads(out)["texts"]
    assert row["certificate"]["text"] == row["text"]
    assert row["certificate"]["verdict"] in ("trust", "doubt", "abstain")


@pytest.mark.slow
def test_the_shipped_model_is_certified() -> None:
    films, users = toolkit.model.shipped_vectors("films"), toolkit.model.shipped_vectors("users")
    one = toolkit.describe(films["f7"], "summary", certify=True)
    assert one.text == toolkit.describe(films["f7"], "summary")
    assert one.claim == "no false fact"
    several = toolkit.describe(users.rows(["u1", "u2"]), "user_profile", certify=True)
    assert [found.bc is not None and found.bc > 0.3 for found in several] == [True, True]
    strange = toolkit.describe(-films.vectors.mean(0), "summary", certify=True)
    assert strange.verdict == "abstain"
    with pytest.raises(CallError, match="is about two"):
        toolkit.describe((films["f7"], films["f9"]), "similarities", certify=True)
    assert np.isfinite(one.chance)
