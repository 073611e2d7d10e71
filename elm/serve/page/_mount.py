"""The page on the app: Gradio's Blocks, without fonts, scripts or counts from elsewhere."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # before gradio is imported, which would look for newer versions

import gradio as gr
from fastapi import FastAPI
from fastapi.responses import FileResponse

from elm.serve.core._service import Service
from elm.serve.page import _html
from elm.serve.page._concepts import concepts_tab
from elm.serve.page._describe import describe_tab
from elm.serve.page._map import map_tab
from elm.serve.page._profile import profile_tab
from elm.serve.page._report import report_tab

_FONTS = ("system-ui", "sans-serif")
_BLUE = "#1d4ed8"  # white letters on it are read by everybody


def make_page(service: Service) -> gr.Blocks:
    """All tabs; those of what is not served say so."""
    page: gr.Blocks
    with gr.Blocks(title=f"elm: {service.served.name}", analytics_enabled=False) as page:
        gr.HTML(f"<h1>elm <small>{_html.esc(service.served.name)}</small></h1>")
        with gr.Tabs():
            with gr.Tab("Profile", id="profile"):
                profile_tab(service, page)
            with gr.Tab("Describe", id="describe"):
                describe_tab(service)
            with gr.Tab("Concepts", id="concepts"):
                concepts_tab(service)
            with gr.Tab("Map", id="map"):
                map_tab(service)
            with gr.Tab("Report", id="report"):
                report_tab(service)
    page.queue(max_size=service.limits.waiting, default_concurrency_limit=16, api_open=False)
    return page


def with_page(app: FastAPI, service: Service) -> FastAPI:
    """The app with the page at its root, and the script that draws the map from the library that is installed."""
    import plotly

    script = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"

    @app.get("/page/plotly.js", include_in_schema=False)
    async def drawing() -> FileResponse:
        return FileResponse(script, media_type="text/javascript", headers={"Cache-Control": "max-age=86400"})

    theme: Any = gr.themes.Base(font=_FONTS, font_mono=("ui-monospace", "monospace"))
    theme = theme.set(button_primary_background_fill=_BLUE, button_primary_background_fill_hover="#1e40af")
    mounted: FastAPI = gr.mount_gradio_app(
        app,
        make_page(service),
        path="/",
        theme=theme,
        css=_html.CSS,
        footer_links=[],
        show_error=False,
        ssr_mode=False,
        pwa=False,
        mcp_server=False,
        enable_monitoring=False,
        max_file_size=service.limits.body,
    )
    return mounted
