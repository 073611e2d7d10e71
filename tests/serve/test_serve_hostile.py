"""Two hundred hostile inputs: nothing breaks, nothing is taken for markup, nothing leaves the folder."""

from __future__ import annotations

import itertools
import json
from html.parser import HTMLParser
from typing import Any

import pytest
from fastapi.testclient import TestClient
from small_served import HOSTILE

from elm.serve.page import _html

WORDS = (
    *HOSTILE,
    "\x00",
    "\ud800",
    "a" * 8001,
    "🎬" * 2500,
    "../../etc/passwd",
    "C:\\windows\\win.ini",
    "%00%2e%2e%2f",
    "\r\nSet-Cookie: a=b",
    "{{7*7}}${7*7}<%= 7*7 %>",
    "<|vector|> <|endoftext|> <s>[INST]",
    "NaN",
    "-1",
    "",
)
PLACES: tuple[tuple[str, Any], ...] = (
    ("describe", lambda word: {"entities": [{"item": word}], "task": "say"}),
    ("describe", lambda word: {"entities": [{"item": "i1"}], "task": word}),
    ("describe", lambda word: {"entities": [{"vector": [1.0] * 6, "space": word}], "task": "say"}),
    ("ask", lambda word: {"entity": {"item": "i1"}, "question": word}),
    ("profile", lambda word: {"history": {word: 5}}),
    ("recommend", lambda word: {"user": "u1", "profile": word}),
    ("recommend", lambda word: {"user": "u1", "request": word, "standing": [word]}),
    ("explain_edit", lambda word: {"user": "u1", "before": "They love comedies.", "after": word}),
)
BODIES: tuple[bytes, ...] = (
    b"",
    b"null",
    b"[]",
    b'"text"',
    b"{",
    b"\xff\xfe\x00",
    b"[" * 50_000,
    b'{"entities": ' * 2_000,
    b'{"user": 1e999}',
    b'{"user": "u1", "k": NaN}',
    b'{"user": "u1", "alpha": Infinity}',
    b'{"entities": [{"vector": [1e400]}]}',
    b'{"user": "u1", "user": "u2", "__proto__": {"a": 1}}',
    b'{"user": "u1", "k": 99999999999999999999999999}',
    b'{"user": "\\ud800"}',
)


def test_there_are_two_hundred() -> None:
    assert len(WORDS) * len(PLACES) + len(BODIES) * 6 + 11 >= 200


@pytest.mark.parametrize("place", range(len(PLACES)))
def test_hostile_words_are_words(http: TestClient, place: int) -> None:
    route, asked = PLACES[place]
    for word in WORDS:
        body = json.dumps(asked(word)).encode()
        answer = http.post(f"/v1/{route}", content=body, headers={"content-type": "application/json"})
        assert answer.status_code in (200, 404, 422), (word, answer.text)
        kind = answer.headers["content-type"]
        assert kind.startswith(("application/json", "application/problem+json", "text/event-stream"))
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "root:" not in answer.text
        assert "set-cookie" not in answer.headers


def test_hostile_bodies_are_refused(http: TestClient) -> None:
    for body, route in itertools.product(BODIES, ("describe", "ask", "profile", "recommend", "explain_edit", "move")):
        answer = http.post(f"/v1/{route}", content=body, headers={"content-type": "application/json"})
        assert answer.status_code in (400, 422), (body[:40], answer.text[:200])
        assert len(answer.content) < 20_000


@pytest.mark.parametrize(
    "path",
    [
        "/v1/map?kind=../../etc",
        "/v1/map?kind=films&method=umap",
        "/v1/describe/../../../../etc/passwd",
        "/page/../../../etc/passwd",
        "/page/%2e%2e%2f%2e%2e%2fetc/passwd",
        "/file=/etc/passwd",
        "/gradio_api/file=/etc/passwd",
        "/static/../../etc/passwd",
        "/openapi.json/../../etc/passwd",
        "/health?" + "a=" * 5000,
        "/\x00",
    ],
)
def test_no_path_leads_out(http: TestClient, path: str) -> None:
    if "\x00" in path:
        with pytest.raises(Exception, match="non-printable"):  # the client itself does not send such an address
            http.get(path)
        return
    answer = http.get(path)
    assert answer.status_code in (200, 404, 422)
    assert "root:" not in answer.text


@pytest.mark.parametrize("word", [word for word in WORDS if word.strip()])
def test_the_page_writes_them_as_text(word: str) -> None:
    from elm.serve._answers import Neighbour, Place, Ranked, Text

    ranked = Ranked([Place(1, word, word, 0.5)], [word], {word: [word]}, {word: [word]})
    text = Text(word, False, 0.5, 0.4, [word], [0.1], [Neighbour(word, word, 0.2)])
    made = _html.two_lists(Ranked([]), ranked) + _html.described(word, text) + _html.note(word)
    seen = Tags()
    seen.feed(made)
    assert seen.tags <= OURS
    assert not seen.handlers


OURS = {"p", "div", "section", "h2", "h3", "ol", "ul", "li", "span", "article", "small", "details", "summary", "b"}


class Tags(HTMLParser):
    """The tags of a page, and the attributes that run something."""

    def __init__(self) -> None:
        super().__init__()
        self.tags, self.handlers = set[str](), list[str]()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.handlers += [name for name, value in attrs if name.startswith("on") or "script" in str(value)]
