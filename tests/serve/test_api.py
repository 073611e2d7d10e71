"""The routes over a small world: what they answer, and how they say no."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Any

import httpx
import pytest
import small_served
from fastapi.testclient import TestClient

from elm.serve.api._app import guarded, make_api
from elm.serve.core._service import Service

KIND = "application/problem+json"


def post(http: TestClient, route: str, **asked: Any) -> Any:
    answer = http.post(f"/v1/{route}", json=asked)
    assert answer.status_code == 200, answer.text
    return answer.json()


def refused(answer: httpx.Response, status: int, kind: str) -> dict[str, Any]:
    assert (answer.status_code, answer.headers["content-type"]) == (status, KIND), answer.text
    told: dict[str, Any] = answer.json()
    assert told["type"] == f"urn:elm:problem:{kind}"
    assert told["status"] == status
    return told


def test_a_text_is_the_models(http: TestClient) -> None:
    served = small_served.served()
    asked = {"entities": [{"item": "i10"}, {"item": "i3"}], "task": "say", "seed": 5, "neighbours": 2}
    found = post(http, "describe", **asked)
    wanted = served.model.describe(served.tables["films"].rows(["i10", "i3"]), "say", seed=5)
    assert [text["text"] for text in found["texts"]] == list(wanted)
    near = found["texts"][0]["neighbours"]
    assert len(near) == 2
    assert near[0]["title"] == small_served.HOSTILE[int(near[0]["id"][1:])]


def test_a_vector_far_outside_is_said_to_be(http: TestClient) -> None:
    found = post(http, "describe", entities=[{"vector": [1e4] * 6}], task="say")
    assert found["texts"][0]["outside"]
    pair = post(http, "describe", entities=[{"item": "i1"}], others=[{"item": "i2"}])
    assert pair["task"] == "both"
    assert not pair["texts"][0]["outside"]


def test_a_profile_of_a_known_and_of_a_new_user(http: TestClient) -> None:
    assert post(http, "profile", user="u1")["rated"] == 6
    assert post(http, "profile", history={"i1": 5, "i2": 1.5})["task"] == "tell"


def test_a_list_bends_and_says_why(http: TestClient) -> None:
    plain = post(http, "recommend", user="u1", k=4)
    asked = {"user": "u1", "k": 4, "request": "horror films", "standing": ["never comedies"], "why": True}
    bent = post(http, "recommend", **asked)
    rated = set(small_served.served().history("u1"))
    assert not rated & {place["item"] for place in plain["items"]}
    assert all(int(place["item"][1:]) >= 6 for place in bent["items"])
    assert {"brought", "left_out"} <= set(bent)


def test_an_edit_is_told_by_its_sentences(http: TestClient) -> None:
    before, after = "They love comedies. They watch at night.", "They love horror. They watch at night."
    found = post(http, "explain_edit", user="u1", before=before, after=after, alpha=1.0, k=3)
    assert [(part["before"], part["after"]) for part in found["parts"]] == [
        ("They love comedies.", "They love horror.")
    ]
    assert found["parts"][0]["undone"] == before
    places = [place["place"] for place in found["entered"]]
    assert places == sorted(places)


def test_a_question_is_answered_in_events(http: TestClient) -> None:
    with http.stream("POST", "/v1/ask", json={"entity": {"item": "i1"}, "question": "Is it sad?"}) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        events = [line for line in answer.iter_lines() if line.startswith("event: ")]
    assert events[-1] == "event: done"
    assert "event: piece" in events
    refused(http.post("/v1/ask", json={"entity": {"item": "i1"}, "question": "   "}), 422, "call")


def test_spaces_tasks_map_and_health(http: TestClient) -> None:
    spaces = {space["name"]: space["kinds"] for space in http.get("/v1/spaces").json()}
    assert spaces == {"toy": {"films": 12}, "wals": {"users": 20, "items": 12}}
    assert {task["id"]: task["reads"] for task in http.get("/v1/tasks").json()}["both"] == "pair"
    points = http.get("/v1/map", params={"kind": "films"}).json()
    assert points["ids"] == small_served.ITEMS
    assert len(points["x"]) == len(points["y"]) == 12
    health = http.get("/health").json()
    assert (health["status"], health["serves"]) == ("ready", "demo")
    group = post(http, "describe_groups", ids=["i1", "i2", "i3"])
    assert group["size"] == 3
    assert group["text"]


def test_an_unknown_id_comes_back_with_the_nearest(http: TestClient) -> None:
    for route, asked, near in (
        ("describe", {"entities": [{"item": "i1x"}], "task": "say"}, "i1"),
        ("describe", {"entities": [{"item": "i1"}], "task": "sayy"}, "say"),
        ("profile", {"user": "u19x"}, "u19"),
        ("recommend", {"history": {"i9x": 5}}, "i9"),
        ("describe_groups", {"ids": ["i1", "i2y"]}, "i2"),
    ):
        told = refused(http.post(f"/v1/{route}", json=asked), 404, "unknown-name")
        assert told["nearest"] == near
        assert near in told["detail"]


@pytest.mark.parametrize(
    ("route", "asked", "said"),
    [
        ("describe", {"entities": []}, "entities"),
        ("describe", {"entities": [{}]}, "exactly one of"),
        ("describe", {"entities": [{"item": "i1", "user": "u1"}]}, "exactly one of"),
        ("describe", {"entities": [{"item": "i1"}, {"vector": [1.0] * 6}]}, "all vectors"),
        ("describe", {"entities": [{"vector": [1.0] * 5}]}, "no adapter reads vectors of 5"),
        ("describe", {"entities": [{"item": "i1"}], "n": 2, "temperature": 0}, "temperature above 0"),
        ("describe", {"entities": [{"item": "i1"}], "colour": "red"}, "colour"),
        ("recommend", {}, "nothing to recommend from"),
        ("recommend", {"user": "u1", "history": {"i1": 5}}, "two ways"),
        ("recommend", {"user": "u1", "profile": "A. " * 200}, "at most 60 sentences"),
        ("recommend", {"user": "u1", "profile": "word " * 50_000}, "8000"),
        ("recommend", {"user": "u1", "profile": "  "}, "is empty"),
        ("recommend", {"user": "u1", "request": "qqq zzz"}, "understood no word"),
        ("recommend", {"history": {"i1": 9}}, "history.i1"),
        ("move", {"entity": {"item": "i1"}, "amounts": {}}, "amounts"),
    ],
)
def test_a_call_that_cannot_work_says_why(http: TestClient, route: str, asked: dict[str, Any], said: str) -> None:
    answer = http.post(f"/v1/{route}", json=asked)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == KIND
    assert said in answer.json()["detail"]


def test_size_kind_and_path(http: TestClient) -> None:
    large = b'{"question": "' + b"a" * 1_100_000 + b'"}'
    json_kind = {"content-type": "application/json"}
    refused(http.post("/v1/ask", content=large, headers=json_kind), 413, "too-large")
    pieces = (large[at : at + 65_536] for at in range(0, len(large), 65_536))
    refused(http.post("/v1/ask", content=pieces, headers=json_kind), 413, "too-large")
    refused(http.post("/v1/ask", content=b"a=1", headers={"content-type": "text/plain"}), 415, "media-type")
    refused(http.post("/v1/ask", content=b"{", headers=json_kind), 422, "call")
    refused(http.get("/v1/nothing"), 404, "no-such-path")
    refused(http.get("/v1/ask"), 405, "method")
    for path in ("/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/v1/..%2f..%2fetc/passwd", "//etc/passwd"):
        assert "root:" not in http.get(path).text


def test_a_body_that_comes_too_slowly_is_not_waited_for() -> None:
    service = small_served.service(body_seconds=0.05)
    app, sent = guarded(make_api(service), service), list[Any]()

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(0.03)
        return {"type": "http.request", "body": b" ", "more_body": True}

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"host", b"127.0.0.1"), (b"content-type", b"application/json")]
    scope = {"type": "http", "method": "POST", "path": "/v1/ask", "headers": headers, "query_string": b""}
    asyncio.run(app(scope, receive, send))
    assert sent[0]["status"] == 408
    assert json.loads(sent[1]["body"])["type"] == "urn:elm:problem:slow-body"
    service.close()


def test_only_this_machine_is_answered_without_a_token(service: Service, app: Any) -> None:
    elsewhere = TestClient(app, base_url="http://evil.example")
    refused(elsewhere.get("/v1/tasks"), 421, "host")
    assert TestClient(app, base_url="http://localhost:7860").get("/v1/tasks").status_code == 200
    assert TestClient(app, base_url="http://[::1]:7860").get("/v1/tasks").status_code == 200


def test_a_token_is_asked_for_and_a_browser_keeps_it(service: Service) -> None:
    http = TestClient(
        guarded(make_api(service), service, "secret-token"), base_url="http://box:1", follow_redirects=False
    )
    refused(http.get("/v1/tasks"), 401, "token")
    refused(http.get("/v1/tasks", headers={"Authorization": "Bearer sécret".encode()}), 401, "token")
    refused(http.get("/v1/tasks", headers={"Cookie": 'elm_token="; a=b; ='}), 401, "token")
    assert http.get("/v1/tasks", headers={"Authorization": "Bearer secret-token"}).status_code == 200
    assert http.get("/health").status_code == 200
    came = http.get("/v1/tasks?token=secret-token&x=1")
    assert (came.status_code, came.headers["location"]) == (303, "?x=1")
    assert "HttpOnly" in came.headers["set-cookie"]
    assert http.get("/v1/tasks").status_code == 200  # by the cookie


def test_answers_forbid_what_is_from_elsewhere(http: TestClient) -> None:
    headers = http.get("/health").headers
    assert "default-src 'self'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-request-id"]


def test_a_full_queue_is_told_with_when_to_come_again() -> None:
    service = small_served.service(waiting=1)
    http = TestClient(guarded(make_api(service), service), base_url="http://127.0.0.1")
    import threading

    go = threading.Event()
    service.lists.submit(lambda stop: go.wait(5))
    while len(service.lists):
        pass
    service.lists.submit(lambda stop: None)
    answer = http.post("/v1/recommend", json={"user": "u1"})
    refused(answer, 429, "busy")
    assert answer.headers["retry-after"] == "1"
    go.set()
    service.close()
    refused(http.post("/v1/recommend", json={"user": "u1"}), 503, "stopping")
    assert http.get("/health").json()["status"] == "stopping"


def test_metrics_count_and_logs_hold_no_words(http: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    from elm.serve.api._logs import JsonLines

    caplog.set_level(logging.INFO, "elm.serve")
    post(http, "recommend", user="u1", profile="They love walruses.")
    refused(http.post("/v1/recommend", json={"user": "walrus"}), 404, "unknown-name")
    http.get("/walrus")
    shown = http.get("/metrics").text
    assert 'elm_requests_total{method="POST",route="/v1/recommend",status="200"}' in shown
    assert 'elm_lane_requests_total{lane="lists"}' in shown
    lines = [JsonLines().format(record) for record in caplog.records if record.name == "elm.serve"]
    assert len(lines) >= 4
    assert all(json.loads(line)["event"] for line in lines)
    assert "walrus" not in shown + "".join(lines)


def test_two_who_edit_one_user_do_not_see_each_other(http: TestClient) -> None:
    texts = ["They love comedies.", "They love horror films."] * 4

    async def all_at_once() -> list[Any]:
        transport = httpx.ASGITransport(http.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as many:
            asked = [{"user": "u1", "profile": text, "alpha": 1.0, "k": 3} for text in texts]
            return list(await asyncio.gather(*(many.post("/v1/recommend", json=one) for one in asked)))

    found = [answer.json()["items"] for answer in asyncio.run(all_at_once())]
    alone = [post(http, "recommend", user="u1", profile=text, alpha=1.0, k=3)["items"] for text in texts[:2]]
    assert found == alone * 4


def test_the_schema_has_examples_that_work(http: TestClient) -> None:
    schema = http.get("/openapi.json").json()
    assert schema["components"]["schemas"]["Describe"]["examples"]
    for path in ("describe", "recommend", "explain_edit", "move", "profile", "ask"):
        answers = schema["paths"][f"/v1/{path}"]["post"]["responses"]
        assert {"200", "422", "429", "413", "408", "503"} <= set(answers)
        assert KIND in answers["422"]["content"]
