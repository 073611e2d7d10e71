"""Renders one chat template, read from standard input, as a program of its own: `elm._text.chat_template` starts it.

It imports nothing of the toolkit, and before the template runs it gives up opening files, and all but a little time and
memory.
"""

from __future__ import annotations

import contextlib
import encodings.unicode_escape  # read now, as the next two: no file can be opened later
import json
import sys
import textwrap
import unicodedata
from typing import Any

import jinja2
import jinja2.debug
import jinja2.exceptions
import jinja2.ext
import jinja2.nodes
import jinja2.sandbox

_NEEDED = (encodings.unicode_escape, textwrap, unicodedata, jinja2.debug)
_CPU_SECONDS, _MEMORY, _LONGEST = 2, 2**30, 4_000_000
_DAY = "1 January 2025"


class _Generation(jinja2.ext.Extension):
    """`{% generation %}`, which marks an assistant's words for training, as a plain block."""

    def parse(self, parser: Any) -> Any:
        line = next(parser.stream).lineno
        body = parser.parse_statements(("name:endgeneration",), drop_needle=True)
        return jinja2.nodes.Scope(body, lineno=line)


_Generation.tags = {"generation"}


class _Names(jinja2.utils.Namespace):
    """Variables that a template may set inside loops; none that Python gives a meaning."""

    def __setitem__(self, name: str, value: Any) -> None:
        if name.startswith("_"):
            raise jinja2.exceptions.SecurityError(f"a template cannot set {name}")
        super().__setitem__(name, value)


def _namespace(*args: Any, **names: Any) -> _Names:
    made = _Names()
    for name, value in dict(*args, **names).items():
        made[name] = value
    return made


def _refuse(message: str) -> None:
    raise jinja2.TemplateError(message)


def _json(
    value: Any, ensure_ascii: bool = False, indent: Any = None, separators: Any = None, sort_keys: bool = False
) -> str:
    """As it stands: jinja2's own filter would escape it for web pages."""
    return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)


def render(template: str, variables: dict[str, Any]) -> str:
    """The text of a template in jinja2's sandbox, with what chat templates expect to find there."""
    sandbox = jinja2.sandbox.ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[_Generation, jinja2.ext.loopcontrols]
    )
    sandbox.filters["tojson"] = _json
    sandbox.globals.update(
        raise_exception=_refuse,
        namespace=_namespace,
        strftime_now=lambda form: _DAY,
        dict=lambda *values, **names: dict(*values, **names),
    )
    return sandbox.from_string(template).render(**variables)


def _limit() -> None:
    try:
        import resource
    except ImportError:  # Windows; the time limit of the parent holds there, too
        return
    for what, most in (
        (resource.RLIMIT_CPU, _CPU_SECONDS),
        (resource.RLIMIT_AS, _MEMORY),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, 3),
    ):
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(what, (most, most + 1))


def main() -> None:
    asked = json.load(sys.stdin)
    _limit()
    try:
        text = render(asked["template"], asked["variables"])
    except MemoryError:
        sys.exit("it asks for more than 1 GiB of memory")
    except Exception as error:
        reason = (str(error).strip() or repr(error)).splitlines()[0][:200]
        print(json.dumps({"problem": reason}))
        return
    if len(text) > _LONGEST:
        sys.exit(f"it writes {len(text):,} characters")
    print(json.dumps({"text": text}))


if __name__ == "__main__":
    main()
