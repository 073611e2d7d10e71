"""The tab of descriptions: a vector or a pair in words, with scores and neighbours, and questions about it."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from typing import Any

import gradio as gr

from elm._errors import CallError
from elm.serve.core._requests import Ask, Describe, Entity
from elm.serve.core._service import Service
from elm.serve.page import _html
from elm.serve.page._told import told

_OWN = "the usual one"
_OPEN = """() => new Promise((found, failed) => { const input = document.createElement('input');
  input.type = 'file'; input.accept = '.txt,.csv,.json'; input.onchange = async () => {
    const file = input.files[0]; found(file && file.size < 500000 ? await file.text() : 'larger than 500 kB'); };
  input.oncancel = () => found(''); input.click(); })"""
"""The file is read in the browser, so that none lies on the server's disk."""


def describe_tab(service: Service) -> None:
    """Build the tab into the page."""
    acts = _Acts(service)
    tasks = [_OWN, *(task.id for task in service.tasks())]
    kinds = [("item", "item"), ("user", "user")] if service.served.tables else []
    with gr.Row():
        with gr.Column(scale=1, min_width=280):
            kind = gr.Radio(
                [*kinds, ("vector", "vector")], value=kinds[0][1] if kinds else "vector", label="What to read"
            )
            first = gr.Textbox(
                label="Id, or the numbers of a vector", placeholder="f7", max_length=400_000, max_lines=4
            )
            second = gr.Textbox(label="A second one, for pairs", max_length=400_000, max_lines=4)
            file = gr.Button("Open a small file of numbers")
            task = gr.Dropdown(tasks, value=_OWN, label="Task")
            with gr.Accordion("How it is written", open=False):
                own = gr.Checkbox(True, label="The task's own temperature")
                temperature = gr.Slider(0, 2, 0.8, step=0.1, label="Temperature")
                n = gr.Slider(1, 8, 1, step=1, label="Best of n texts")
                seed = gr.Number(0, label="Seed", precision=0, minimum=0)
            write = gr.Button("Describe", variant="primary")
        with gr.Column(scale=2, min_width=320):
            texts = gr.HTML()
            question = gr.Textbox(label="Question", placeholder="Where is it set?", max_length=500)
            ask = gr.Button("Ask")
            answer = gr.Textbox(label="Answer", interactive=False, lines=3)
    file.click(None, None, [first], js=_OPEN)
    given: list[Any] = [kind, first, second]
    gr.on([write.click, first.submit], told(acts.describe), [*given, task, own, temperature, n, seed], [texts])
    gr.on([ask.click, question.submit], told(acts.ask), [*given, question], [answer])


class _Acts:
    def __init__(self, service: Service) -> None:
        self.service = service

    async def describe(
        self, kind: str, first: str, second: str, task: str, own: bool, temperature: float, n: float, seed: float
    ) -> str:
        """The text, its score beside a control, and what is near."""
        others = [read_entity(kind, second)] if (second or "").strip() else None
        asked = Describe(
            entities=[read_entity(kind, first)],
            others=others,
            task=None if task == _OWN else task,
            temperature=None if own else temperature,
            n=int(n),
            seed=int(seed or 0),
            scores=kind == "item" and others is None,
            controls=kind == "item" and others is None and n == 1,
            neighbours=0 if others else 6,
        )
        found = await self.service.describe(asked)
        name = f"{found.task}: {self._called(kind, first)}" + (f" and {self._called(kind, second)}" if others else "")
        return _html.described(name, found.texts[0])

    async def ask(self, kind: str, first: str, second: str, question: str) -> AsyncIterator[str]:
        """The answer as far as it is written."""
        other = read_entity(kind, second) if (second or "").strip() else None
        said = ""
        async for piece in self.service.ask(Ask(entity=read_entity(kind, first), other=other, question=question or "")):
            said += piece
            yield said

    def _called(self, kind: str, name: str) -> str:
        return self.service.served.title(name.strip()) if kind == "item" else kind if kind == "vector" else name.strip()


def read_entity(kind: str, text: str) -> Entity:
    """What a field names.

    >>> read_entity("vector", "[0.5, 1e-3]").vector, read_entity("vector", "0.5; 2\\n3").vector
    ([0.5, 0.001], [0.5, 2.0, 3.0])
    """
    text = (text or "").strip()
    if not text:
        raise CallError("name what to read: an id, such as f7, or the numbers of a vector")
    if kind != "vector":
        return Entity(user=text) if kind == "user" else Entity(item=text)
    try:
        numbers = json.loads(text) if text.startswith("[") else [float(part) for part in re.split(r"[\s,;]+", text)]
        return Entity(vector=numbers)
    except (ValueError, RecursionError):
        raise CallError("a vector is numbers with commas or spaces between them, such as 0.1, -0.3") from None
