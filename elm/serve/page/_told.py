"""What goes wrong in a callback, as a message on the page, and search over titles."""

from __future__ import annotations

import functools
import html
import inspect
from collections.abc import Callable
from typing import Any

import gradio as gr
from pydantic import ValidationError

from elm._errors import ElmError
from elm.serve.core._served import Served


def told(work: Callable[..., Any]) -> Callable[..., Any]:
    """The callback with our errors shown as one line; its text is escaped, since the page takes messages for HTML."""
    if inspect.isasyncgenfunction(work):

        @functools.wraps(work)
        async def pieces(*given: Any, **more: Any) -> Any:
            try:
                async for piece in work(*given, **more):
                    yield piece
            except (ElmError, ValidationError) as error:
                raise shown(error) from None

        return pieces

    @functools.wraps(work)
    async def call(*given: Any, **more: Any) -> Any:
        try:
            return await work(*given, **more)
        except (ElmError, ValidationError) as error:
            raise shown(error) from None

    return call


def shown(error: Exception) -> gr.Error:
    """An error as the page shows it."""
    text = str(error)
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        text = f"{where}: {first['msg']}" if where else str(first["msg"])
    return gr.Error(html.escape(text[:500]), duration=12, print_exception=False)


def found_titles(served: Served, words: str, most: int = 30) -> list[tuple[str, str]]:
    """(title with id, id) of items whose title holds all the words, in small or capital letters, or whose id it is."""
    wanted = words.casefold().split()
    items = served.recommender.items if served.recommender is not None else list(served.titles)
    hits = []
    for item in items:
        title = served.title(item)
        if item == words.strip() or (wanted and all(word in title.casefold() for word in wanted)):
            hits.append((f"{title} ({item})", item))
            if len(hits) == most:
                break
    return hits
