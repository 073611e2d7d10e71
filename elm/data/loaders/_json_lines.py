"""Files with one JSON object a line, read as a stream; what a damaged line means is the caller's choice."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from elm._errors import CallError, DataFileError

LONGEST = 32 * 2**20
"""No record comes near so many bytes: what has no end of line by then is no file of records."""

POLICIES = ("raise", "skip")


class Damage:
    """Damaged lines: the first one raises `DataFileError` with file and line, or all are skipped and counted."""

    def __init__(self, policy: str) -> None:
        if policy not in POLICIES:
            raise CallError(f"damaged lines are {' or '.join(map(repr, POLICIES))}, not {policy!r}")
        self._skip = policy == "skip"
        self._found: dict[Path, tuple[int, str]] = {}

    def meet(self, path: Path, line: int, why: str) -> None:
        """Note a damaged line, or raise."""
        if not self._skip:
            raise DataFileError(
                f"{path}, line {line}: {why}; fetch the file again, or skip such lines with damaged='skip'"
            )
        count, first = self._found.get(path, (0, f"line {line}: {why}"))
        self._found[path] = count + 1, first

    def notes(self) -> list[str]:
        """A sentence for each file that had damaged lines."""
        return [
            f"{path.name}: {count:,} damaged lines skipped, first {why}" for path, (count, why) in self._found.items()
        ]


def lines_of(path: Path) -> Iterator[tuple[int, bytes]]:
    """Number and bytes of each line that is not blank, from a plain or a gzipped file (recognised by its first bytes).

    Raises `DataFileError` for a file that is missing, cut off, or no text in lines.
    """
    number = 0
    try:
        with open(path, "rb") as raw:
            packed = raw.read(2) == b"\x1f\x8b"
            raw.seek(0)
            with gzip.open(raw) if packed else raw as file:
                while line := file.readline(LONGEST):
                    number += 1
                    if len(line) == LONGEST:
                        raise DataFileError(f"{path} should hold one record per line, but line {number} has no end")
                    if line.strip():
                        yield number, line
    except FileNotFoundError as error:
        raise DataFileError(f"{path} is missing; give the file of the release, as it was downloaded") from error
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise DataFileError(f"{path} is cut off or damaged after line {number:,} ({error}); fetch it again") from error


def records_of(
    path: Path,
    damage: Damage,
    read: Callable[[bytes], Any] = json.loads,
    wanted: Callable[[int, bytes], bool] = lambda number, line: True,
) -> Iterator[tuple[int, dict[str, Any]]]:
    """Number and object of each line that is `wanted`; a line that `read` cannot take counts as damaged."""
    for number, line in lines_of(path):
        if not wanted(number, line):
            continue
        try:
            record = read(line)
            if b"\\ud" in line.lower():  # an escape that may stand for half a character, which nothing can write
                json.dumps(record, ensure_ascii=False, default=str).encode()
        except (ValueError, SyntaxError, RecursionError, MemoryError) as error:
            damage.meet(path, number, f"this is not one JSON object ({str(error)[:80]})")
            continue
        if isinstance(record, dict):
            yield number, record
        else:
            damage.meet(path, number, f"this is not one JSON object, but {type(record).__name__}")
