"""Answers of language models, kept on disk: what was paid for once is never asked for again."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from elm._errors import DataFileError
from elm.chat._types import Answer

_TABLE = """CREATE TABLE IF NOT EXISTS answers (
    key TEXT PRIMARY KEY, text TEXT NOT NULL, finish TEXT NOT NULL,
    tokens_in INTEGER NOT NULL, tokens_out INTEGER NOT NULL) WITHOUT ROWID"""
_PATIENCE = 60.0  # seconds that a writer waits for another


def answer_key(about: Mapping[str, Any]) -> str:
    """The key of a call: a hash of everything that decides its answer, whatever the order that it is named in.

    >>> answer_key({"model": "a", "attempt": 0}) == answer_key({"attempt": 0, "model": "a"})
    True
    """
    exact = json.dumps(about, sort_keys=True, ensure_ascii=True, separators=(",", ":"), default=str)
    return hashlib.sha256(exact.encode()).hexdigest()


class AnswerCache:
    """A file of answers by key (SQLite), shared by threads and processes; each answer is on disk when `keep` returns.

    >>> import tempfile
    >>> cache = AnswerCache(Path(tempfile.mkdtemp()) / "answers.sqlite")
    >>> cache.keep("k", Answer("A text.", tokens_out=3))
    >>> cache.find("k").text, cache.find("another"), len(cache)
    ('A text.', None, 1)
    """

    def __init__(self, path: str | Path) -> None:
        """Open the file, made where it is not there. Raises `DataFileError` for a file that holds something else."""
        self.path = Path(path)
        self._lock = threading.Lock()
        self._open: dict[int, sqlite3.Connection] = {}  # by process; that of a parent is never used, nor closed
        self._run("SELECT count(*) FROM answers")

    def find(self, key: str) -> Answer | None:
        """The answer kept under `key`, or None."""
        rows = self._run("SELECT text, finish, tokens_in, tokens_out FROM answers WHERE key = ?", key)
        return Answer(*rows[0]) if rows else None

    def keep(self, key: str, answer: Answer) -> None:
        """Keep an answer; one that is there under that key stays."""
        row = (key, answer.text, answer.finish, answer.tokens_in, answer.tokens_out)
        self._run("INSERT OR IGNORE INTO answers VALUES (?, ?, ?, ?, ?)", *row)

    def __len__(self) -> int:
        return int(self._run("SELECT count(*) FROM answers")[0][0])

    def _run(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        try:
            with self._lock, self._connection() as connection:
                return connection.execute(statement, values).fetchall()
        except sqlite3.DatabaseError as error:
            raise DataFileError(f"{self.path} {_told(error)}") from error

    def _connection(self) -> sqlite3.Connection:
        process = os.getpid()
        if process not in self._open:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._open[process] = sqlite3.connect(self.path, timeout=_PATIENCE, check_same_thread=False)
            self._open[process].execute(_TABLE)
        return self._open[process]


def _told(error: sqlite3.DatabaseError) -> str:
    """What a failure of the file means. Answers were paid for, so no message here ever asks to delete the file."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the rest of the number says where it happened
    if code in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR):
        return f"cannot be written ({error}): free some space and run the same call again; what it keeps stays"
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return f"is held by another process ({error}): wait for that one, and run the same call again"
    if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH):
        return f"cannot be opened for writing ({error}): see to its permissions, or name another file"
    return f"should be a file of kept answers ({error}): name another, and keep this one where answers are in it"
