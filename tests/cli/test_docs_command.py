"""`elm docs` opens the manual that was built, and says how to build it where none was."""

from __future__ import annotations

import json
import webbrowser
from pathlib import Path
from typing import Any

import pytest

from elm.cli import _docs


def test_the_built_manual_is_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, elm: Any) -> None:
    page = tmp_path / "docs" / "_build" / "html" / "index.html"
    page.parent.mkdir(parents=True)
    page.write_text("<title>elm</title>")
    asked: list[str] = []
    monkeypatch.setattr(_docs, "_ROOT", tmp_path)
    monkeypatch.setattr(webbrowser, "open", lambda address: bool(asked.append(address)))
    code, out, _ = elm("docs", "--json")
    assert code == 0
    assert json.loads(out) == {"page": str(page), "opened": False}
    assert asked == [page.as_uri()]


def test_without_one_the_line_says_how_to_build_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, elm: Any) -> None:
    monkeypatch.setattr(_docs, "_ROOT", tmp_path)
    code, out, err = elm("docs")
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert "make docs" in err
