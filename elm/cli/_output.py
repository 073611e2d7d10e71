"""What a command prints: results on standard output, progress and remarks on standard error.

In JSON mode standard output carries one JSON value and nothing else.
"""

from __future__ import annotations

import io
import json
import math
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout, suppress
from dataclasses import asdict, dataclass, is_dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, TextIO, TypeVar

from elm._text.printed import escaped, escaped_lines, one_line

if TYPE_CHECKING:
    from rich.console import Console

T = TypeVar("T")


@dataclass
class _State:
    quiet: bool = False
    results: TextIO | None = None
    emitted: bool = False


_state = _State()


def set_quiet(quiet: bool) -> None:
    """Switch progress bars and remarks off (or on again) for the whole command."""
    _state.quiet = quiet


def is_quiet() -> bool:
    """True where the person asked for no progress (`elm --quiet`)."""
    return _state.quiet


def echo(text: str = "") -> None:
    """Print a line of the result on standard output; what is no plain letter in it is escaped (`elm._text.printed`)."""
    print(escaped(text), file=_results())


def echo_lines(text: str) -> None:
    """Print a text of several lines, such as a model's, on standard output, escaped."""
    print(escaped_lines(text), file=_results())


def write(text: str) -> None:
    """Print a piece of a text at once, without a line's end, escaped."""
    print(escaped_lines(text), end="", file=_results(), flush=True)


def remark(text: str) -> None:
    """Print a line about the work on standard error; nothing in quiet mode."""
    if not _state.quiet:
        print(escaped(text), file=sys.stderr, flush=True)


def complain(text: str) -> None:
    """Print what went wrong on standard error."""
    print(escaped_lines(text), file=sys.stderr, flush=True)


def emitted() -> bool:
    """Whether a result was printed as JSON already."""
    return _state.emitted


def warn(text: str) -> None:
    """Print a one-line warning on standard error, in quiet mode too."""
    print(f"elm: warning: {one_line(text)}", file=sys.stderr, flush=True)


def emit(value: Mapping[str, Any], json_mode: bool, text: Callable[[], None]) -> None:
    """Print a command's result: `value` as JSON, or what `text` prints.

    Not a number and infinity become null; numpy's and torch's numbers and arrays become plain ones.
    """
    if not json_mode:
        text()
        return
    stream, _state.emitted = _results(), True
    unicode = (getattr(stream, "encoding", None) or "utf-8").lower().replace("-", "") == "utf8"
    told = json.dumps(plain(value), indent=2, ensure_ascii=not unicode, allow_nan=False)
    print(_RAW_IN_JSON.sub(lambda found: f"\\u{ord(found[0]):04x}", told), file=stream, flush=True)


_RAW_IN_JSON = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
"""What JSON lets stand as it is, though a terminal obeys it, or no encoding can write it."""


def plain(value: Any) -> Any:
    """`value` in the types that JSON knows.

    >>> import numpy as np
    >>> plain({"a": np.float32(0.5), "b": (np.nan, np.arange(2)), 3: None})
    {'a': 0.5, 'b': [None, [0, 1]], '3': None}
    """
    if isinstance(value, Enum):
        return plain(value.value)
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(plain(key)): plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(entry) for entry in value]
    if is_dataclass(value) and not isinstance(value, type):
        return plain(asdict(value))
    if hasattr(value, "tolist"):  # numpy, pandas and torch, without importing them
        return plain(value.tolist())
    text = str(value)
    return None if text in ("<NA>", "NaT") else text


def progress(work: Iterable[T], label: str, total: int | None = None) -> Iterable[T]:
    """`work` with a progress bar on standard error; without one in quiet mode."""
    if _state.quiet:
        return work
    from tqdm import tqdm

    bar: Iterable[T] = tqdm(work, desc=escaped(label), total=total, leave=False, file=sys.stderr, dynamic_ncols=True)
    return bar


def console() -> Console:
    """A rich console on standard output, made on first use; as wide as the terminal, 100 columns elsewhere."""
    from rich.console import Console

    stream = _results()
    return Console(file=stream, highlight=False, width=None if stream.isatty() else 100)


def table(
    columns: Sequence[str], rows: Iterable[Sequence[Any]], title: str | None = None, words: Sequence[int] = (0,)
) -> None:
    """Print a table on standard output: columns of `words` to the left, numbers (three decimals) to the right."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    drawn = Table(
        title=None if title is None else Text(escaped(title)), box=box.SIMPLE_HEAD, title_justify="left", pad_edge=False
    )
    for position, name in enumerate(columns):
        drawn.add_column(Text(escaped(name)), justify="left" if position in words else "right")
    for row in rows:
        drawn.add_row(*(Text(_cell(entry)) for entry in row))
    console().print(drawn)


def _cell(entry: Any) -> str:
    entry = plain(entry)
    if entry is None:
        return "-"
    return f"{entry:.3f}" if isinstance(entry, float) else escaped(entry)


def heading(text: str) -> None:
    """Print a line in bold."""
    from rich.text import Text

    console().print(Text(escaped(text), style="bold"))


def _results() -> TextIO:
    return _state.results or sys.stdout


@contextmanager
def forgiving_streams() -> Iterator[None]:
    """Letters that an encoding lacks become "?" for the time of the block; a closed standard error takes everything."""
    if sys.stderr is None:  # else `print(file=None)` would write remarks among the results
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115  (it stays open as long as the process)
    strict = [
        stream
        for stream in (sys.stdout, sys.stderr)
        if isinstance(stream, io.TextIOWrapper) and stream.errors == "strict"
    ]
    for stream in strict:
        stream.reconfigure(errors="replace")
    try:
        yield
    finally:
        for stream in strict:
            if not stream.closed:
                with suppress(OSError):  # what it still holds may not be writable, of which `main` told
                    stream.reconfigure(errors="strict")


@contextmanager
def only_results_on_stdout() -> Iterator[None]:
    """Send whatever a library prints to standard error; `echo` and `emit` still write to standard output."""
    _state.results, _state.emitted = sys.stdout, False
    try:
        with redirect_stdout(sys.stderr):
            yield
    finally:
        _state.results = None
