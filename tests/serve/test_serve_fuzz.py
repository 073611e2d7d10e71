"""Requests drawn from the schema: what it allows, and what it does not, is answered as it says."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import pytest
import small_served
from hypothesis import HealthCheck, Phase, settings

from elm.serve.api._app import guarded, make_api

schemathesis = pytest.importorskip("schemathesis", reason="a library of development")
CHECKS = pytest.importorskip("schemathesis.specs.openapi.checks", reason="a library of development")

AS_SAID = [
    schemathesis.checks.not_a_server_error,
    CHECKS.status_code_conformance,
    CHECKS.content_type_conformance,
    CHECKS.response_schema_conformance,
]
SERVICE = small_served.service(waiting=200)
APP: Any = make_api(SERVICE)
APP.router.lifespan_context = lambda app: contextlib.nullcontext()  # each call would start and stop the app
SCHEMA = schemathesis.openapi.from_dict(APP.openapi())
SCHEMA.app = guarded(APP, SERVICE)


@pytest.fixture(scope="module", autouse=True)
def _closed() -> Iterator[None]:
    yield
    SERVICE.close()


@SCHEMA.parametrize()
@settings(
    max_examples=5,
    deadline=None,
    derandomize=True,
    database=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)
def test_every_request_is_answered_as_the_schema_says(case: Any) -> None:
    answer = case.call(base_url="http://127.0.0.1")
    case.validate_response(answer, checks=AS_SAID)
