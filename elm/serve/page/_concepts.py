from __future__ import annotations

from elm.serve.core._service import Service


def concepts_tab(service: Service) -> None:
    pass
