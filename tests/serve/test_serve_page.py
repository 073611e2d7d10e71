"""The page without a browser: its callbacks, its history of edits, and how it says what went wrong."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from urllib.parse import parse_qsl

import gradio as gr
import pytest

from elm._errors import CallError
from elm.serve.core._service import Service
from elm.serve.page._concepts import drawn
from elm.serve.page._describe import _Acts as Describing
from elm.serve.page._describe import read_entity
from elm.serve.page._map import _Acts as Mapping
from elm.serve.page._mount import make_page
from elm.serve.page._profile import _Acts as Profiling
from elm.serve.page._report import report_of
from elm.serve.page._told import found_titles, told
from elm.serve.page._versions import Version, Versions, from_link


def test_the_page_is_made_of_five_tabs(service: Service) -> None:
    page = make_page(service)
    labels = [block.label for block in page.blocks.values() if isinstance(block, gr.Tab)]
    assert labels == ["Profile", "Describe", "Concepts", "Map", "Report"]
    assert not page.analytics_enabled


def test_an_edit_from_writing_to_undo(service: Service) -> None:
    acts = Profiling(service)

    async def session() -> None:
        edits, text, _, _ = await acts.write("u1", {})
        fields = (1.0, "", "never comedies", 0.8)
        edits, lists, past, link, exported = await acts.show(edits, text, *fields)
        assert "Before" in lists
        edited, lists, *_ = await acts.show(edits, "They love comedies.", 1.0, "horror films", "", 0.9)
        assert "new, by request" in lists or "places are new" in lists
        assert "They love comedies." in (await acts.explain(edited)) or edited.first.text == "They love comedies."
        back, shown, *_ = await acts.back(edited)
        assert shown == text
        assert (await acts.again(back))[1] == "They love comedies."
        told = json.loads(exported)
        assert told["texts"][0]["text"] == text
        assert "<script" not in lists + past
        again = from_link(dict(parse_qsl(link[1:])))
        assert again is not None
        assert (again.user, again.now.text, again.now.standing) == ("u1", text, "never comedies")

    asyncio.run(session())


def test_two_tabs_of_one_user_keep_their_own(service: Service) -> None:
    acts = Profiling(service)

    async def session(text: str) -> Versions:
        edits, _, _, _ = await acts.write("u1", {})
        await asyncio.sleep(0)
        edits, *_ = await acts.show(edits, text, 1.0, "", "", 0.8)
        return edits

    async def both() -> list[Versions]:
        return list(await asyncio.gather(session("They love comedies."), session("They love horror films.")))

    first, second = asyncio.run(both())
    assert (first.now.text, second.now.text) == ("They love comedies.", "They love horror films.")
    assert first.first == second.first


def test_a_user_is_made_by_stars(service: Service) -> None:
    acts = Profiling(service)
    assert [item for _, item in found_titles(service.served, "plain")] == ["i10"]
    assert [item for _, item in found_titles(service.served, "i3")] == ["i3"]
    assert found_titles(service.served, "   ") == []
    rated, shelf = asyncio.run(acts.add({}, "i0", 4))
    assert rated == {"i0": 4.0}
    assert "&lt;script&gt;" in shelf
    edits, *_ = asyncio.run(acts.write("", rated))
    assert dict(edits.history) == rated
    with pytest.raises(CallError, match="choose one"):
        asyncio.run(acts.add({}, None, 4))


def test_a_description_a_question_and_a_group(service: Service) -> None:
    acts = Describing(service)
    said = asyncio.run(acts.describe("user", "u1", "", "the usual one", True, 0.5, 1, 0))
    assert "tell: u1" in said
    assert "Nearest" in said

    async def answer() -> str:
        return [piece async for piece in acts.ask("item", "i1", "", "Is it sad?")][-1]

    assert asyncio.run(answer())
    group = asyncio.run(Mapping(service).named("films", "i1, i2, i3"))
    assert "3 of them" in group
    with pytest.raises(CallError, match="two members"):
        asyncio.run(Mapping(service).named("films", "i1"))
    for text in ("", "a, b", "[1, [", "[" * 100_000):
        with pytest.raises(CallError):
            read_entity("vector", text)


def test_an_error_is_shown_as_text(service: Service) -> None:
    acts = Profiling(service)
    for user in ("<img src=x onerror=alert(1)>", "a" * 300, ""):
        with pytest.raises(gr.Error) as raised:
            asyncio.run(told(acts.write)(user, {}))
        assert "<" not in raised.value.message


def test_a_link_of_nonsense_does_no_harm() -> None:
    assert from_link({}) is None
    odd = {"profile": "x" * 99_999, "alpha": "nan", "w_control": "1e999", "history": "a:9,b:x,c:3," + "d:1," * 9999}
    found = from_link(odd)
    assert found is not None
    assert len(found.now.text) == 8000
    assert 0 <= found.now.alpha <= 1
    assert 0 <= found.now.w_control <= 1
    assert dict(found.history) == {"c": 3.0, "d": 1.0}


def test_a_long_history_of_edits_keeps_its_first() -> None:
    edits = Versions("u1")
    for number in range(300):
        edits = edits.with_next(Version(f"text {number}"))
    assert (edits.first.text, edits.now.text, len(edits.texts)) == ("text 0", "text 299", 200)
    assert edits.with_next(edits.now) is edits
    assert Versions().undone().redone().now.text == ""


def test_a_report_runs_nothing(tmp_path: Any) -> None:
    (tmp_path / "report.html").write_text('<script>parent.hit = 1</script>"')
    shown = report_of(tmp_path)
    assert "<script" not in shown
    assert "sandbox srcdoc=" in shown
    assert "summary" in report_of(None)
    (tmp_path / "report.html").unlink()
    assert "elm bench consistency" in report_of(tmp_path)


def test_the_picture_of_a_way(service: Service) -> None:
    from elm.serve._answers import Path, Point

    points = [Point(share, {"<b>dark": share}, False, []) for share in (0.0, 1.0)]
    figure = drawn(Path(None, points))
    assert figure.data[0].name == "&lt;b&gt;dark"
    assert list(figure.data[0].x) == [0, 100]
