"""Counts and times for Prometheus: of routes, and of the lanes as they are when they are asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

from elm.serve.core._lane import Lane

KIND = "text/plain; version=0.0.4; charset=utf-8"
_BOUNDS = (0.005, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)


class Metrics:
    """A registry of its own, so that two apps in one process do not mix."""

    def __init__(self, lanes: Sequence[Lane]) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "elm_requests", "Requests answered.", ("route", "method", "status"), registry=self._registry
        )
        self._seconds = Histogram(
            "elm_request_seconds",
            "Seconds to the end of an answer.",
            ("route",),
            buckets=_BOUNDS,
            registry=self._registry,
        )
        self._registry.register(_Lanes(lanes))

    def seen(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count a request; status 0: its client left first."""
        method = method if method in ("GET", "POST", "HEAD", "OPTIONS") else "other"
        self._requests.labels(route, method, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def page(self) -> bytes:
        """All of them, as Prometheus reads them."""
        return generate_latest(self._registry)


class _Lanes:
    def __init__(self, lanes: Sequence[Lane]) -> None:
        self._lanes = lanes

    def collect(self) -> Iterator[Any]:
        waiting = GaugeMetricFamily("elm_lane_waiting", "Requests that wait.", labels=("lane",))
        done = CounterMetricFamily("elm_lane_requests", "Requests done.", labels=("lane",))
        batches = CounterMetricFamily("elm_lane_batches", "Times that some were done together.", labels=("lane",))
        busy = CounterMetricFamily("elm_lane_busy_seconds", "Seconds at work.", labels=("lane",))
        for lane in self._lanes:
            for family, value in (
                (waiting, len(lane)),
                (done, lane.done),
                (batches, lane.batches),
                (busy, lane.seconds),
            ):
                family.add_metric((lane.name,), value)
        yield from (waiting, done, batches, busy)
