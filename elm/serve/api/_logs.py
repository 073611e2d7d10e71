"""Structured logs: a JSON object a line on standard error, about requests and never with their words."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime

_TOLD = ("method", "route", "status", "ms", "bytes", "id", "error", "serves", "address")


class JsonLines(logging.Formatter):
    """Time, level, event, and those fields of a record that a log may hold; messages of others are left out."""

    def format(self, record: logging.LogRecord) -> str:
        told = {"time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")}
        told |= {"level": record.levelname.lower(), "event": record.getMessage()}
        return json.dumps(told | {name: record.__dict__[name] for name in _TOLD if name in record.__dict__})


def log_to_stderr(level: int = logging.INFO) -> None:
    """Have the server's own log written, once."""
    log = logging.getLogger("elm.serve")
    log.handlers = [logging.StreamHandler()]
    log.handlers[0].setFormatter(JsonLines())
    log.propagate = False
    log.setLevel(level)
