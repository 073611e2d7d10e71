"""A task of one's own in a TOML file: what it asks, and how its texts are worded."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from elm._errors import CallError, DataFileError
from elm.tasks._domain import all_domains
from elm.tasks._task import READS, SCORED_BY, Task, no_text
from elm.tasks.domains._templates import patterns, places, words_of
from elm.tasks.facts._facts import ItemFacts

_NEEDED = {"id": str, "reads": str, "prompt": str}
_FREE: dict[str, type | tuple[type, ...]] = {
    "ask": str,
    "scored_by": str,
    "max_new_tokens": int,
    "temperature": (int, float),
    "questions": list,
    "wordings": list,
    "quoted": list,
}
_TEXTS = ("questions", "wordings", "quoted")


def load_task(path: str | Path) -> Task:
    """The task that a TOML file describes; hand it to `describe`, to `Lessons`, or to `register`.

    Fields: id, reads ("item", "pair", "neighbours" or "user") and prompt; further ask, scored_by, questions,
    max_new_tokens, temperature; wordings (patterns for items with known facts) and quoted (for those with a text),
    where the template teacher shall write it. Raises `DataFileError` for a file that is missing, no TOML, or has a
    field that is missing, unknown or of another kind.

    >>> import tempfile, pathlib
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "tone.toml"
    >>> _ = path.write_text('id = "tone"\\nreads = "item"\\nprompt = "How does <|vector|> feel?"')
    >>> load_task(path).id
    'tone'
    """
    try:
        with open(path, "rb") as file:
            fields = tomllib.load(file)
    except FileNotFoundError as error:
        raise DataFileError(f"{path} is missing; name the TOML file of a task") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise DataFileError(f"{path} is not a readable TOML file: {error}") from error
    _check(path, fields)
    known, quoted = fields.pop("wordings", ()), fields.pop("quoted", ())
    if (known or quoted) and fields["reads"] != "item":
        raise DataFileError(f"{path}: wordings are for a task that reads an item; write another in Python, with `task`")
    for text in (*known, *quoted):
        _check_places(path, text)
    try:
        given: dict[str, Any] = {n: tuple(value) if n in _TEXTS else value for n, value in fields.items()}
        return Task(**given, write=patterns(known, quoted or known) if known or quoted else no_text)
    except CallError as error:
        raise DataFileError(f"{path}: {error}") from error


def _check_places(path: str | Path, text: str) -> None:
    """The domain is not known yet, so a place may be an aspect of any."""
    known = list(words_of(ItemFacts())) + [aspect for domain in all_domains() for aspect in domain.aspects]
    try:
        strange = [place for place in places(text) if place not in known]
    except ValueError as error:
        raise DataFileError(f"{path}: the places of a wording are names in braces, and {text!r} has {error}") from error
    if strange:
        raise DataFileError(
            f"{path}: wordings have places for {', '.join(dict.fromkeys(known))}, and {text!r} has {{{strange[0]}}}"
        )


def _check(path: str | Path, fields: dict[str, Any]) -> None:
    if missing := [name for name in _NEEDED if name not in fields]:
        raise DataFileError(f"{path} needs the fields {', '.join(_NEEDED)} of a task, and lacks {', '.join(missing)}")
    for name, value in fields.items():
        kind = {**_NEEDED, **_FREE}.get(name)
        if kind is None:
            raise DataFileError(f"{path} has the field {name!r}, which a task has not; it may have {', '.join(_FREE)}")
        texts = name not in _TEXTS or all(isinstance(text, str) and text for text in value)
        if not isinstance(value, kind) or isinstance(value, bool) or not texts:
            raise DataFileError(f"{path}: the field {name!r} of a task cannot be {value!r}")
    if fields["reads"] not in READS or fields.get("scored_by", "vector") not in SCORED_BY:
        raise DataFileError(f"{path}: reads is one of {', '.join(READS)}, scored_by one of {', '.join(SCORED_BY)}")
