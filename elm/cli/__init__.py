"""The `elm` command."""

from __future__ import annotations

from elm.cli._main import main

__all__ = ["main"]
