"""The tab of a profile: whose it is, what the model writes, what a person changes, and what the list does."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import gradio as gr

from elm._errors import CallError
from elm.serve._answers import Ranked
from elm.serve.core._requests import ExplainEdit, Recommend, WriteProfile
from elm.serve.core._service import Service
from elm.serve.page import _html
from elm.serve.page._told import found_titles, told
from elm.serve.page._versions import Version, Versions, from_link

_K = 10
_SAVE = """(text) => { const a = document.createElement('a');
  a.href = URL.createObjectURL(new Blob([text], {type: 'application/json'})); a.download = 'edits.json'; a.click();
  URL.revokeObjectURL(a.href); }"""
_HERE = "(link) => link.startsWith('?') ? window.location.origin + window.location.pathname + link : link"


def profile_tab(service: Service, page: gr.Blocks) -> None:
    """Build the tab into the page."""
    state, rated = gr.State(Versions()), gr.State({})
    acts = _Acts(service)
    with gr.Row():
        with gr.Column(scale=1, min_width=280):
            user = gr.Textbox(label="User", placeholder="an id, such as u7", max_length=200)
            with gr.Accordion("Or make a user", open=False):
                search = gr.Textbox(label="Search titles", placeholder="words of a title, then Enter", max_length=200)
                hit = gr.Dropdown([], label="Found")
                stars = gr.Slider(1, 5, 5, step=1, label="Stars")
                with gr.Row():
                    add, clear = gr.Button("Add rating"), gr.Button("Clear")
                shelf = gr.HTML()
            write = gr.Button("Write the profile", variant="primary")
            trust = gr.Button("How far to trust it")
            certificate = gr.HTML()
        with gr.Column(scale=2, min_width=320):
            text = gr.Textbox(label="Profile (edit it)", lines=10, max_lines=24, max_length=8000)
            alpha = gr.Slider(0, 1, 0.5, step=0.05, label="alpha: 0 history only, 1 text only")
            with gr.Accordion("Requests and standing wishes", open=False):
                request = gr.Textbox(
                    label="Request of the moment", placeholder="something light for tonight", max_length=500
                )
                standing = gr.Textbox(label="Standing wishes, one a line", placeholder="never war films", lines=2)
                w_control = gr.Slider(0, 1, 0.8, step=0.05, label="Weight of what is asked for")
            with gr.Row():
                show = gr.Button("Show the list", variant="primary")
                undo, redo = gr.Button("Undo"), gr.Button("Redo")
    moved, lists = gr.HTML(), gr.HTML()
    with gr.Accordion("History of edits", open=False):
        past = gr.HTML()
        with gr.Row():
            export = gr.Button("Export as JSON")
            link = gr.Textbox(label="Link to this state", interactive=False, buttons=["copy"], elem_id="elm-link")
        exported = gr.Textbox(visible="hidden", label="export")
    fields: list[Any] = [text, alpha, request, standing, w_control]
    outcome: list[Any] = [state, lists, past, link, exported]
    explained = {"fn": told(acts.explain), "inputs": [state], "outputs": [moved], "show_progress": "minimal"}

    gr.on([search.submit, search.blur], told(acts.search), [search], [hit], show_progress="hidden")
    add.click(told(acts.add), [rated, hit, stars], [rated, shelf])
    clear.click(lambda: ({}, ""), None, [rated, shelf])
    written = gr.on([write.click, user.submit], told(acts.write), [user, rated], [state, text, certificate, moved])
    written.success(told(acts.show), [state, *fields], outcome)
    trust.click(told(acts.certify), [state], [certificate])
    seen = gr.on([show.click, alpha.release, request.submit], told(acts.show), [state, *fields], outcome)
    seen.success(**explained)
    for button, back in ((undo, True), (redo, False)):
        step = button.click(told(acts.back if back else acts.again), [state], [state, *fields])
        step.success(told(acts.show), [state, *fields], outcome).success(**explained)
    link.change(None, [link], [link], js=_HERE)
    export.click(None, [exported], None, js=_SAVE)
    start = page.load(told(acts.opened), None, [state, user, *fields])
    start.success(told(acts.shown_if_any), [state, *fields], outcome).success(**explained)


class _Acts:
    """The callbacks; a visitor's state comes in and goes out, so that two tabs of a browser never share one."""

    def __init__(self, service: Service) -> None:
        self.service = service

    async def search(self, words: str) -> Any:
        """Titles that hold the words."""
        found = found_titles(self.service.served, words or "")
        return gr.Dropdown(choices=found, value=found[0][1] if found else None)

    async def add(self, rated: dict[str, float], item: str | None, stars: float) -> tuple[dict[str, float], str]:
        """One more rating of the user that is made."""
        if not item:
            raise CallError("search for a title and choose one, then add it")
        rated = {**rated, item: float(stars)}
        rows = "".join(
            f"<li>{_html.esc(self.service.served.title(one))} {'★' * int(n)}</li>" for one, n in rated.items()
        )
        return rated, f"<ul>{rows}</ul>"

    async def write(self, user: str, rated: dict[str, float]) -> tuple[Versions, str, str, str]:
        """The profile of the user that is named, or of the one that was made."""
        user = (user or "").strip()
        asked = WriteProfile(user=user or None, history=None if user else rated or None)
        found = await self.service.profile(asked)
        edits = Versions(asked.user, asked.history or {}).with_next(Version(found.text))
        return edits, found.text, _html.note(f"written from {found.rated} ratings"), ""

    async def certify(self, edits: Versions) -> str:
        """The certificate of the profile as the model writes it."""
        asked = WriteProfile(user=edits.user, history=dict(edits.history) or None, certify=True)
        found = await self.service.profile(asked)
        assert found.certificate is not None
        return _html.certificate(found.certificate)

    async def show(
        self, edits: Versions, text: str, alpha: float, request: str, standing: str, w_control: float
    ) -> tuple[Versions, str, str, str, str]:
        """Both lists for what the fields say, which becomes the latest version."""
        version = Version(text or "", alpha, (request or "").strip(), (standing or "").strip(), w_control)
        if edits.texts and len(edits.texts) == 1 and version.text == edits.now.text:
            edits = replace(edits, texts=(replace(edits.now, alpha=alpha),))  # how the first list is made
        before, after = await self._lists(edits, version)
        edits = edits.with_next(version)
        rows = [
            f"<li>{'▶ ' if n == edits.at else ''}{_html.esc(one.text[:120])}</li>" for n, one in enumerate(edits.texts)
        ]
        return edits, _html.two_lists(before, after), f"<ol>{''.join(rows)}</ol>", edits.link(), edits.exported()

    async def _lists(self, edits: Versions, now: Version) -> tuple[Ranked, Ranked]:
        whose: Any = {"user": edits.user, "history": dict(edits.history) or None, "k": _K, "alpha": now.alpha}
        first = edits.first.text or now.text
        before = await self.service.recommend(Recommend(profile=first or None, **whose))
        after = await self.service.recommend(
            Recommend(
                profile=now.text or None,
                request=now.request or None,
                standing=[line.strip() for line in now.standing.splitlines() if line.strip()],
                w_control=now.w_control,
                why=True,
                **whose,
            )
        )
        bent = now.request or now.standing.strip()  # else what is to be known of the profile stands beside its edit
        return before, after if bent else replace(after, remarks=[])

    async def explain(self, edits: Versions) -> str:
        """Which changed sentence moved the list how far."""
        if not edits.texts:
            return ""
        asked = ExplainEdit(
            user=edits.user,
            history=dict(edits.history) or None,
            before=edits.first.text,
            after=edits.now.text,
            alpha=edits.now.alpha,
            k=_K,
        )
        return _html.edit(await self.service.explain_edit(asked))

    async def back(self, edits: Versions) -> tuple[Any, ...]:
        """The version before."""
        return _fields(edits.undone())

    async def again(self, edits: Versions) -> tuple[Any, ...]:
        """The version that was undone."""
        return _fields(edits.redone())

    async def opened(self, request: gr.Request) -> tuple[Any, ...]:
        """What the link says that the page was opened with."""
        found = from_link(dict(request.query_params))
        if found is None:  # and nothing that a quick visitor has typed meanwhile is taken back
            return tuple(gr.skip() for _ in range(7))
        state, *fields = _fields(found)
        return state, found.user or "", *fields

    async def shown_if_any(self, edits: Versions, *fields: Any) -> tuple[Any, ...]:
        """The lists of a link, where one was followed."""
        return await self.show(edits, *fields) if edits.texts else tuple(gr.skip() for _ in range(5))


def _fields(edits: Versions) -> tuple[Any, ...]:
    now = edits.now
    return edits, now.text, now.alpha, now.request, now.standing, now.w_control
