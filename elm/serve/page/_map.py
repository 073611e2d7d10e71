"""The tab of the map: a space as points, titles under the pointer, and what a lasso caught in words."""

from __future__ import annotations

from typing import Any

import gradio as gr

from elm._errors import CallError
from elm.serve.core._requests import Groups
from elm.serve.core._service import Service
from elm.serve.page import _html
from elm.serve.page._told import told

_DRAW = """
const draw = async () => {
  const box = element.querySelector('.elm-map'), said = element.querySelector('.elm-map-said');
  if (!box || !props.value) return;
  said.textContent = 'drawing ...';
  if (!window.Plotly) await new Promise((done, failed) => { const script = document.createElement('script');
    script.src = 'page/plotly.js'; script.onload = done; script.onerror = failed; document.head.append(script); });
  const answer = await fetch('v1/map?' + new URLSearchParams(props.value));
  const found = await answer.json();
  if (!answer.ok) { said.textContent = found.detail; return; }
  const plain = (text) => text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
  const dark = document.body.classList.contains('dark'), ink = dark ? '#ddd' : '#333';
  await Plotly.newPlot(box, [{type: 'scattergl', mode: 'markers', x: found.x, y: found.y,
    text: found.titles.map((title, n) => plain(title) + (found.texts[n] ? '<br>' + plain(found.texts[n]) : '')),
    hovertemplate: '%{text}<extra></extra>', marker: {size: 6, color: dark ? '#56b4e9' : '#0072b2', opacity: 0.7}}],
    {dragmode: 'lasso', margin: {l: 10, r: 10, t: 10, b: 10}, paper_bgcolor: 'rgba(0,0,0,0)', font: {color: ink},
     plot_bgcolor: 'rgba(0,0,0,0)', xaxis: {visible: false}, yaxis: {visible: false}, hovermode: 'closest'},
    {responsive: true, scrollZoom: true, displaylogo: false});
  said.textContent = found.ids.length + ' points; draw around some of them to have them described.';
  box.on('plotly_selected', (event) => { if (event && event.points.length > 1)
    trigger('select', {ids: event.points.slice(0, 5000).map((point) => found.ids[point.pointNumber])}); });
};
watch('value', draw);
draw();
"""


def map_tab(service: Service) -> None:
    """Build the tab into the page."""
    kinds = list(service.served.tables)
    if not kinds:
        gr.HTML(_html.note("What is served has no vectors to draw."))
        return
    acts = _Acts(service)
    with gr.Row():
        kind = gr.Radio(kinds, value=kinds[0], label="Vectors of")
        method = gr.Radio(
            [("two main directions (PCA)", "pca"), ("neighbourhoods (t-SNE, slow at first)", "tsne")],
            value="pca",
            label="Drawn by",
        )
        show = gr.Button("Draw the map", variant="primary")
    drawing = gr.HTML(
        value=None,
        html_template='<div class="elm-map" role="img" aria-label="Map of the vectors"></div>'
        '<p class="elm-map-said" role="status"></p>',
        js_on_load=_DRAW,
        elem_id="elm-map",
    )
    ids = gr.Textbox(label="Or name ids, with commas between them", max_length=100_000)
    words = gr.HTML()
    gr.on([show.click, kind.change], lambda kind, method: {"kind": kind, "method": method}, [kind, method], [drawing])
    drawing.select(told(acts.caught), [kind], [words])
    ids.submit(told(acts.named), [kind, ids], [words])


class _Acts:
    def __init__(self, service: Service) -> None:
        self.service = service

    async def caught(self, kind: str, event: gr.EventData) -> str:
        """The group that a lasso caught, in words."""
        ids = event._data.get("ids") if isinstance(event._data, dict) else None
        return await self._described(kind, list(ids or []))

    async def named(self, kind: str, text: str) -> str:
        """The group of these ids, in words."""
        return await self._described(kind, [part.strip() for part in (text or "").split(",") if part.strip()])

    async def _described(self, kind: str, ids: list[Any]) -> str:
        if len(ids) < 2:
            raise CallError("a group has two members or more; draw around some points, or name their ids")
        found = await self.service.groups(Groups(kind=kind, ids=ids))
        apart = f"<h3>What sets it apart</h3>{_html.prose(found['apart'])}" if found["apart"] else ""
        near = _html.esc(", ".join(found["nearest"]))
        return (
            f'<article class="elm-card"><h2>{found["size"]} of them</h2>{_html.prose(found["text"])}{apart}'
            f"<p>nearest to their middle: {near}</p></article>"
        )
