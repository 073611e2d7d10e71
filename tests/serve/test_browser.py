"""The page in a real browser, over a world whose titles are scripts: each tab's main act, keys alone, a phone, dark."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import small_served
from live import running

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
playwright = pytest.importorskip("playwright.sync_api", reason="a library of development")
pytest.importorskip("gradio", reason="the extra `page` is not installed")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(BROWSER is None, reason="no Chromium is installed (apt install chromium)"),
]

WAIT = 60_000
FLAGS = ["--no-sandbox", "--use-gl=swiftshader", "--enable-unsafe-swiftshader"]


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    from elm.serve.api._app import guarded, make_api
    from elm.serve.page._mount import with_page

    service = small_served.service()
    with running(guarded(with_page(make_api(service), service), service), service) as address:
        yield address
    service.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as own:
        made = own.chromium.launch(executable_path=BROWSER, args=FLAGS)
        yield made
        made.close()


@pytest.fixture
def page(browser: Any, url: str, request: pytest.FixtureRequest) -> Iterator[Any]:
    """A page in a session of its own; it may load nothing from elsewhere, and no script of a title may run."""
    context = browser.new_context(**getattr(request, "param", {}))
    made, elsewhere = context.new_page(), list[str]()
    made.set_default_timeout(WAIT)
    made.on(
        "request", lambda asked: elsewhere.append(asked.url) if not asked.url.startswith((url, "data:", "blob:")) else 0
    )
    made.goto(url)
    made.get_by_label("User", exact=True).wait_for()
    yield made
    assert not elsewhere
    assert made.evaluate("window.hit") is None
    context.close()


def write_profile(page: Any) -> str:
    page.get_by_label("User", exact=True).fill("u1")
    page.get_by_role("button", name="Write the profile").click()
    page.locator(".elm-two li").first.wait_for()
    text: str = page.get_by_label("Profile (edit it)").input_value()
    return text


def test_a_profile_is_edited_and_taken_back(page: Any) -> None:
    written = write_profile(page)
    editor = page.get_by_label("Profile (edit it)")
    editor.fill("They love horror films. They avoid comedies.")
    page.get_by_role("button", name="Show the list").click()
    page.locator(".elm-share").first.wait_for()
    assert "They love horror films." in page.locator(".elm-shares").inner_text()
    page.get_by_role("button", name="Undo").click()
    page.wait_for_function(
        "(text) => document.querySelector('textarea[maxlength=\"8000\"]').value === text", arg=written
    )
    page.get_by_role("button", name="Redo").click()
    page.wait_for_function(
        "document.querySelector('textarea[maxlength=\"8000\"]').value.startsWith('They love horror')"
    )
    page.get_by_role("button", name="History of edits").click()
    link = page.locator("#elm-link textarea, #elm-link input").first
    page.wait_for_function(
        "[...document.querySelectorAll('input,textarea')].some((one) => one.value.includes('?user=u1'))"
    )
    with page.expect_download() as saved:
        page.get_by_role("button", name="Export as JSON").click()
    assert saved.value.suggested_filename == "edits.json"
    page.goto(link.input_value())
    page.locator(".elm-two li").first.wait_for()
    assert page.get_by_label("Profile (edit it)").input_value().startswith("They love horror")


def test_two_tabs_edit_one_user(page: Any, url: str) -> None:
    other = page.context.new_page()
    other.goto(url)
    for one, text in ((page, "They love comedies."), (other, "They love horror films.")):
        write_profile(one)
        one.get_by_label("Profile (edit it)").fill(text)
        one.get_by_role("button", name="Show the list").click()
        one.locator(".elm-share").first.wait_for()
    assert "They love comedies." in page.locator(".elm-shares").inner_text()
    assert "They love horror films." in other.locator(".elm-shares").inner_text()


def test_a_user_is_made_by_search_and_stars(page: Any) -> None:
    page.get_by_role("button", name="Or make a user").click()
    page.get_by_label("Search titles").fill("window.hit")
    page.get_by_label("Search titles").press("Enter")
    page.wait_for_function("document.querySelector('input[aria-label=\"Found\"]')?.value.includes('(i')")
    page.get_by_role("button", name="Add rating").click()
    page.get_by_text("★★★★★").wait_for()
    page.get_by_role("button", name="Write the profile").click()
    page.locator(".elm-two li").first.wait_for()


def test_a_description_and_a_question(page: Any) -> None:
    page.get_by_role("tab", name="Describe").click()
    page.get_by_text("user", exact=True).click()
    page.get_by_label("Id, or the numbers of a vector").fill("u1")
    page.get_by_role("button", name="Describe", exact=True).click()
    page.locator(".elm-card .elm-text").wait_for()
    page.get_by_label("Question").fill("Is it sad?")
    page.get_by_role("button", name="Ask", exact=True).click()
    page.wait_for_function(
        "[...document.querySelectorAll('textarea')].some((one) => one.disabled && one.value.length > 3)"
    )


def test_an_unknown_id_names_the_nearest(page: Any) -> None:
    page.get_by_label("User", exact=True).fill("u1<b>x")
    page.get_by_role("button", name="Write the profile").click()
    said = page.locator(".toast-body, .toast-wrap").first
    said.wait_for()
    assert "u1<b>x" in said.inner_text()


def test_the_map_is_drawn_and_a_group_told(page: Any) -> None:
    page.get_by_role("tab", name="Map").click()
    page.get_by_role("button", name="Draw the map").click()
    page.get_by_text("12 points").wait_for()
    page.get_by_label("Or name ids").fill("i0, i1, i2")
    page.get_by_label("Or name ids").press("Enter")
    page.get_by_text("3 of them").wait_for()


def test_concepts_that_are_not_there_are_said_not_to_be(page: Any) -> None:
    page.get_by_role("tab", name="Concepts").click()
    page.get_by_label("Id", exact=True).fill("i1")
    page.get_by_role("button", name="Move", exact=True).click()
    page.locator(".toast-body, .toast-wrap").first.wait_for()


@pytest.mark.parametrize("page", [{"bypass_csp": True}, {"bypass_csp": True, "color_scheme": "dark"}], indirect=True)
def test_nothing_serious_keeps_anybody_out(page: Any) -> None:
    axe = pytest.importorskip("axe_playwright_python", reason="a library of development, which holds axe")
    script = (Path(axe.__path__[0]) / "axe.min.js").read_text(encoding="utf-8")
    write_profile(page)
    found = []
    for tab in ("Profile", "Describe", "Concepts", "Map", "Report"):
        page.get_by_role("tab", name=tab).click()
        page.wait_for_timeout(300)
        page.evaluate(script)
        seen = page.evaluate("axe.run()")["violations"]
        found += [(tab, one["id"]) for one in seen if one["impact"] in ("serious", "critical")]
    assert not found


def test_the_report_is_there(page: Any) -> None:
    page.get_by_role("tab", name="Report").click()
    page.get_by_text("Texts about items").wait_for()


def test_keys_alone_write_and_edit(page: Any) -> None:
    page.get_by_label("User", exact=True).focus()
    page.keyboard.type("u1")
    page.keyboard.press("Enter")
    page.locator(".elm-two li").first.wait_for()
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.tagName === 'TEXTAREA' && document.activeElement.maxLength === 8000"):
            break
    page.keyboard.press("Control+a")
    page.keyboard.type("They love comedies.")
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.innerText") == "Show the list":
            break
    page.keyboard.press("Enter")
    page.locator(".elm-share").first.wait_for()


@pytest.mark.parametrize(
    "page",
    [{"viewport": {"width": 390, "height": 844}}, {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark"}],
    indirect=True,
    ids=["phone", "phone, dark"],
)
def test_a_phone_shows_all_of_it(page: Any) -> None:
    write_profile(page)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth + 1")
    dark = page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    ink = page.evaluate("getComputedStyle(document.querySelector('.elm-two li')).color")
    assert (max(map(int, ink.removeprefix("rgb(").rstrip(")").split(", "))) > 128) == dark, ink
