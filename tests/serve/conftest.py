"""A service over the small world, its app behind its guard, and a client in this process."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import small_served

pytest.importorskip("fastapi", reason="the extra `page` is not installed")

from fastapi.testclient import TestClient

from elm.serve.api._app import guarded, make_api
from elm.serve.core._service import Service


@pytest.fixture(scope="session")
def service() -> Iterator[Service]:
    made = small_served.service()
    yield made
    made.close()


@pytest.fixture(scope="session")
def app(service: Service) -> Any:
    return guarded(make_api(service), service)


@pytest.fixture(scope="session")
def http(app: Any) -> TestClient:
    return TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False)
