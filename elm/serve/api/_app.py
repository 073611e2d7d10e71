"""The app: the functions of a `Service` as routes, with schema, limits and problems."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Coroutine
from typing import Any, Literal, TypeVar

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse

from elm._errors import ElmError
from elm._version import __version__
from elm.serve._answers import Edit, Health, Path, Profile, Ranked, Space, TaskInfo, Texts
from elm.serve.api._guard import Guard
from elm.serve.api._metrics import KIND as METRICS
from elm.serve.api._metrics import Metrics
from elm.serve.api._problems import handle_problems, of_error, problem, responses
from elm.serve.core._requests import Ask, Describe, ExplainEdit, Groups, Move, Recommend, WriteProfile
from elm.serve.core._service import Service

T = TypeVar("T")
_REFUSALS = responses(400, 401, 404, 408, 413, 415, 421, 422, 429, 503)
_LOOKS = responses(400, 401, 405, 421, 422, 429, 503)
_Kind = Literal["films", "users", "items"]


def make_api(service: Service) -> FastAPI:
    """The routes of a service, without what stands before them (`guarded`)."""
    app = FastAPI(
        title="elm", version=__version__, docs_url=None, redoc_url=None, lifespan=_closing(service), description=_ABOUT
    )  # the pages of docs_url and redoc_url load scripts from elsewhere
    app.state.metrics = Metrics(service.lanes)
    handle_problems(app)
    app.include_router(_asking(service))
    app.include_router(_looking(service, app.state.metrics))
    return app


def guarded(app: FastAPI, service: Service, token: str | None = None) -> Guard:
    """An app of `make_api`, with a page or without, behind its guard."""
    return Guard(app, service.limits, app.state.metrics, token)


_ABOUT = "Embedding vectors in words, and lists that follow words. Errors are application/problem+json (RFC 9457)."


def _closing(service: Service) -> Any:
    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        yield
        await asyncio.to_thread(service.close)

    return lifespan


def _asking(service: Service) -> APIRouter:
    routes = APIRouter(prefix="/v1", responses=_REFUSALS)

    @routes.post("/describe")
    async def describe(asked: Describe, request: Request) -> Texts:
        """Texts about items, users, histories or vectors, or about pairs of them."""
        return await _while_there(request, service.describe(asked))

    @routes.post("/ask", response_class=StreamingResponse, responses={200: _EVENTS})
    async def ask(asked: Ask, request: Request) -> StreamingResponse:
        """A question about a vector or a pair; the answer comes piece by piece as server-sent events."""
        pieces = service.ask(asked)
        first: str | None = await _while_there(
            request, anext(pieces, None)
        )  # errors of the question, while they have a status
        return StreamingResponse(_events(first, pieces), media_type="text/event-stream", headers=_UNBUFFERED)

    @routes.post("/profile")
    async def profile(asked: WriteProfile, request: Request) -> Profile:
        """A user in words, known or new."""
        return await _while_there(request, service.profile(asked))

    @routes.post("/recommend")
    async def recommend(asked: Recommend, request: Request) -> Ranked:
        """A list from a history, a profile, or both, bent by what is asked for."""
        return await _while_there(request, service.recommend(asked))

    @routes.post("/explain_edit")
    async def explain_edit(asked: ExplainEdit, request: Request) -> Edit:
        """What an edit of a profile did to the list, by its sentences."""
        return await _while_there(request, service.explain_edit(asked))

    @routes.post("/move")
    async def move(asked: Move, request: Request) -> Path:
        """The way from a vector along concepts, with text and list at each point."""
        return await _while_there(request, service.move(asked))

    @routes.post("/describe_groups")
    async def groups(asked: Groups, request: Request) -> dict[str, Any]:
        """What a group of entities shares, and what sets it apart."""
        return await _while_there(request, service.groups(asked))

    return routes


def _looking(service: Service, metrics: Metrics) -> APIRouter:
    routes = APIRouter(responses=_LOOKS)

    @routes.get("/v1/spaces")
    async def spaces() -> list[Space]:
        """The spaces that the model reads."""
        return service.spaces()

    @routes.get("/v1/tasks")
    async def tasks() -> list[TaskInfo]:
        """The tasks that the model learned."""
        return service.tasks()

    @routes.get("/v1/map")
    async def drawn(request: Request, kind: _Kind = "films", method: Literal["pca", "tsne"] = "pca") -> dict[str, Any]:
        """The vectors of a kind in the plane: ids, x, y, titles, and the beginning of a text."""
        return await _while_there(request, service.drawn(kind, method))

    @routes.get("/health", responses={503: {"model": Health, "description": "Stopping"}})
    async def health() -> JSONResponse:
        """Whether the server takes requests; never asks for a token."""
        found = service.health()
        return JSONResponse(vars(found), 503 if service.stopping else 200)

    @routes.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
    async def shown() -> Response:
        """Counts and times, as Prometheus reads them."""
        return Response(metrics.page(), media_type=METRICS)

    return routes


async def _while_there(request: Request, work: Coroutine[Any, Any, T] | Any) -> T:
    """What `work` gives; it is cancelled where the client leaves before."""
    task = asyncio.ensure_future(work)
    watch = asyncio.ensure_future(_left(request))
    try:
        await asyncio.wait((task, watch), return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            task.cancel()
            raise ClientGone
        result: T = task.result()
        return result
    finally:
        watch.cancel()
        task.cancel()


class ClientGone(ElmError):
    """Nobody is there to read the answer."""


async def _left(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


_UNBUFFERED = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
_EVENTS: dict[str, Any] = {
    "description": "Events: `piece` with a piece of the answer, then `done`, or `problem` where it broke off.",
    "content": {"text/event-stream": {"schema": {"type": "string"}}},
}


async def _events(first: str | None, pieces: AsyncIterator[str]) -> AsyncIterator[str]:
    closing: Any = pieces
    async with contextlib.aclosing(closing):
        try:
            if first is not None:
                yield _event("piece", {"text": first})
                async for piece in pieces:
                    yield _event("piece", {"text": piece})
            yield _event("done", {})
        except ElmError as error:
            yield _event("problem", of_error(error))
        except Exception:
            yield _event("problem", problem(500, "failed", "Failed", "the answer broke off; ask again"))


def _event(name: str, value: dict[str, Any]) -> str:
    return f"event: {name}\ndata: {json.dumps(value)}\n\n"
