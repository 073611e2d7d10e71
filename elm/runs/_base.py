"""What the folder of a model that was trained here says of its base."""

from __future__ import annotations

from typing import Any

from elm.model import base_reference, is_shipped, packaged

_MOST_REPEATS = 3  # of the same words in a row, in texts of a base that may go round in circles


def about_base(base: str) -> dict[str, Any]:
    """The base by its reference, and the watch over its repeats, which the shipped one does not need."""
    return {"base": base_reference(base), **({} if is_shipped(base) else {"most_repeats": _MOST_REPEATS})}


def license_of(base: str) -> dict[str, str]:
    """The licence of a packaged base, which binds what is made of it; of other bases none is known."""
    known = packaged(base)
    return {} if known is None else {"license": known.license}
