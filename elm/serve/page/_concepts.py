"""The tab of concepts: sliders that move a vector, and the texts and lists on its way."""

from __future__ import annotations

from typing import Any

import gradio as gr
import plotly.graph_objects as go

from elm._errors import CallError
from elm.serve._answers import Path
from elm.serve.core._requests import Move
from elm.serve.core._service import Service
from elm.serve.page import _html
from elm.serve.page._describe import read_entity
from elm.serve.page._told import told

_SLIDERS = 4
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")  # told apart by the colour-blind, too
_DASHES = ("solid", "dash", "dot", "dashdot")


def concepts_tab(service: Service) -> None:
    """Build the tab into the page."""
    if service.served.data is None or not service.served.tables:
        gr.HTML(_html.note("Concepts come from a data set, and what is served names none."))
        return
    acts = _Acts(service)
    with gr.Row():
        with gr.Column(scale=1, min_width=280):
            kind = gr.Radio(["item", "user"], value="item", label="What to move")
            name = gr.Textbox(label="Id", placeholder="f7", max_length=200)
            know = gr.Button("Which concepts are there")
            sliders: list[Any] = []
            for number in range(_SLIDERS):
                with gr.Row():
                    concept = gr.Dropdown([], label=f"Concept {number + 1}", allow_custom_value=True, min_width=120)
                    amount = gr.Slider(-4, 4, 0, step=0.25, label=f"Amount {number + 1}", min_width=140)
                sliders += [concept, amount]
            keep = gr.Dropdown([], label="Keep as they are", multiselect=True, allow_custom_value=True)
            steps = gr.Slider(2, 7, 3, step=1, label="Points on the way")
            walk = gr.Button("Move", variant="primary")
        with gr.Column(scale=2, min_width=320):
            picture = gr.Plot(label="The way", visible=False)
            way = gr.HTML()
    gr.on([know.click, kind.change], told(acts.names), [kind], [*sliders[::2], keep])
    gr.on([walk.click, name.submit], told(acts.walk), [kind, name, keep, steps, *sliders], [picture, way])


class _Acts:
    def __init__(self, service: Service) -> None:
        self.service = service

    async def names(self, kind: str) -> list[Any]:
        """The concepts of a kind, in every field that takes one."""
        found = await self.service.concepts("films" if kind == "item" else "users")
        return [gr.Dropdown(choices=found) for _ in range(_SLIDERS + 1)]

    async def walk(self, kind: str, name: str, keep: list[str], steps: float, *pairs: Any) -> tuple[Any, str]:
        """The way that the sliders say, as a picture and in words."""
        amounts = {str(what): float(much) for what, much in zip(pairs[::2], pairs[1::2], strict=True) if what and much}
        if not amounts:
            raise CallError("choose a concept and move its slider away from 0")
        entity = read_entity(kind, name)
        kept = [one for one in keep or [] if one not in amounts]
        task = self.service.usual_task(entity)
        found = await self.service.move(
            Move(entity=entity, amounts=amounts, keep=kept, steps=int(steps), task=task, k=5)
        )
        return gr.Plot(drawn(found), visible=True), _html.path(found)


def drawn(found: Path) -> go.Figure:
    """The scores of concepts along a way; lines differ in dash and in colour."""
    figure = go.Figure()
    shares = [point.share * 100 for point in found.points]
    for number, name in enumerate(found.points[0].concepts):
        line = {"color": _COLOURS[number % len(_COLOURS)], "dash": _DASHES[number % len(_DASHES)]}
        scores = [point.concepts[name] for point in found.points]
        figure.add_scatter(x=shares, y=scores, name=_html.esc(name), mode="lines+markers", line=line)
    figure.update_layout(
        xaxis_title="% of the way",
        yaxis_title="score (standard deviations)",
        margin={"l": 50, "r": 10, "t": 20, "b": 40},
        height=320,
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(128,128,128,0.08)",
        font_color="#808080",
    )
    return figure
