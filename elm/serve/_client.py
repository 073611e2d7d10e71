"""A client of `elm serve --api`: the same calls as in Python, answered by a server."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

import httpx

from elm._errors import ServerError
from elm.serve._answers import Edit, Health, Path, Profile, Ranked, Space, TaskInfo, Texts, read
from elm.serve._problem_types import as_error

Entity = Mapping[str, Any]
"""What a call is about: {"item": id}, {"user": id}, {"history": {item: rating}}, or {"vector": [..], "space": name}."""


class Client:
    """url: where `elm serve` says that it is. token: what it printed, where it asks for one. timeout: seconds.

    Each method takes the fields of its route by name (docs/serve.md lists them) and gives a dataclass. Errors are ours:
    `UnknownNameError` with the nearest name, `CallError`, `VectorError`, `BusyError` where too many requests wait,
    `TimeLimitError`, and `ServerError` for a server that is not there, is stopping, or asks for a token.

        with Client("http://127.0.0.1:7860") as client:
            client.describe([{"item": "f7"}], "summary").texts[0].text
    """

    def __init__(
        self,
        url: str = "http://127.0.0.1:7860",
        token: str | None = None,
        timeout: float = 60.0,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        self._url = url
        self._http = httpx.Client(
            base_url=url, headers=headers, timeout=timeout, transport=transport, trust_env=False
        )  # a proxy of the environment is not asked for what is on this machine

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()

    def describe(self, entities: Sequence[Entity], task: str | None = None, **options: Any) -> Texts:
        """Texts about entities, or with `others` about pairs; options: temperature, n, seed, scores, neighbours."""
        asked = {"entities": list(entities), "task": task, **options}
        found: Texts = read(Texts, self._post("describe", asked))
        return found

    def ask(self, entity: Entity, question: str, **options: Any) -> str:
        """The answer to a question; options: other, temperature, seed, max_new_tokens."""
        return "".join(self.stream(entity, question, **options))

    def stream(self, entity: Entity, question: str, **options: Any) -> Iterator[str]:
        """The same in pieces, as they are written; who stops reading stops the writing."""
        asked = {"entity": entity, "question": question, **options}
        try:
            with self._http.stream("POST", "/v1/ask", json=asked) as answer:
                if answer.status_code != 200:
                    answer.read()
                    raise as_error(_json(answer), answer.status_code)
                name = ""
                for line in answer.iter_lines():
                    field, _, value = line.partition(": ")
                    if field == "event":
                        name = value
                    elif field == "data" and name == "piece":
                        yield json.loads(value)["text"]
                    elif field == "data" and name == "problem":
                        raise as_error(json.loads(value), 503)
                    elif field == "data" and name == "done":
                        return
            raise ServerError(f"the server at {self._url} broke off before its answer was whole; ask again")
        except httpx.HTTPError as error:
            raise self._away(error) from error

    def profile(self, user: str | None = None, history: Mapping[str, float] | None = None, **options: Any) -> Profile:
        """A user in words; options: task, seed, certify."""
        found: Profile = read(Profile, self._post("profile", {"user": user, "history": history, **options}))
        return found

    def recommend(
        self,
        user: str | None = None,
        history: Mapping[str, float] | None = None,
        profile: str | None = None,
        **options: Any,
    ) -> Ranked:
        """A list; options: alpha, k, request, standing, concepts, w_control, why."""
        asked = {"user": user, "history": history, "profile": profile, **options}
        found: Ranked = read(Ranked, self._post("recommend", asked))
        return found

    def explain_edit(
        self,
        before: str,
        after: str,
        user: str | None = None,
        history: Mapping[str, float] | None = None,
        **options: Any,
    ) -> Edit:
        """What an edit did; options: alpha, k, seed."""
        asked = {"before": before, "after": after, "user": user, "history": history, **options}
        found: Edit = read(Edit, self._post("explain_edit", asked))
        return found

    def move(self, entity: Entity, amounts: Mapping[str, float], **options: Any) -> Path:
        """The way along concepts; options: keep, steps, task, k, seed."""
        found: Path = read(Path, self._post("move", {"entity": entity, "amounts": dict(amounts), **options}))
        return found

    def describe_groups(self, ids: Sequence[str], **options: Any) -> dict[str, Any]:
        """What entities share: text, apart, nearest, size; options: kind, task, seed."""
        found: dict[str, Any] = self._post("describe_groups", {"ids": list(ids), **options})
        return found

    def spaces(self) -> list[Space]:
        """The spaces that the server's model reads."""
        found: list[Space] = read(list[Space], self._get("/v1/spaces"))
        return found

    def tasks(self) -> list[TaskInfo]:
        """The tasks that it learned."""
        found: list[TaskInfo] = read(list[TaskInfo], self._get("/v1/tasks"))
        return found

    def health(self) -> Health:
        """What the server says of itself, also while it stops."""
        found: Health = read(Health, self._get("/health", stopping=True))
        return found

    def metrics(self) -> str:
        """Counts and times, as Prometheus reads them."""
        return self._answer("GET", "/metrics").text

    def _post(self, route: str, asked: Mapping[str, Any]) -> Any:
        sent = {name: value for name, value in asked.items() if value is not None}
        return _json(self._answer("POST", f"/v1/{route}", json=sent))

    def _get(self, path: str, stopping: bool = False) -> Any:
        return _json(self._answer("GET", path, stopping))

    def _answer(self, method: str, path: str, stopping: bool = False, **how: Any) -> httpx.Response:
        try:
            answer = self._http.request(method, path, **how)
        except httpx.HTTPError as error:
            raise self._away(error) from error
        if answer.status_code != 200 and not stopping:
            raise as_error(_json(answer), answer.status_code)
        return answer

    def _away(self, error: httpx.HTTPError) -> ServerError:
        told = type(error).__name__
        return ServerError(f"no answer from {self._url} ({told}); start one with `elm serve --api`, or name its url")


def _json(answer: httpx.Response) -> Any:
    try:
        return answer.json()
    except ValueError:
        return None
