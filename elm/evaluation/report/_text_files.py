"""Texts that any system wrote, as a file of JSON lines: what has to be written about, and what came back."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from elm._errors import DataFileError, UnknownNameError
from elm._storage.files import written_aside
from elm.data import items_named
from elm.embeddings import VectorTable
from elm.tasks import get as get_task

LONGEST = 2**20
"""Bytes of a line; no text of a task comes near, and a file without line ends is no such file."""


def write_entities(
    path: str | Path, asked: Mapping[str, Sequence[str]], tables: Mapping[str, VectorTable], domain: str = "films"
) -> int:
    """Write what a system has to write about, and return the number of lines.

    A line is {"task", "prompt", "id", "vector"}; of a pair id and vector are two each. asked: task -> ids, "a,b" for a
    pair (see `entities_asked`). tables: task -> the table of its vectors. Raises `UnknownNameError` for an unknown task
    or id.
    """
    count = 0
    with written_aside(path) as aside, open(aside, "w", encoding="utf-8") as file:
        for task, ids in asked.items():
            prompt = get_task(task, domain).prompt
            for id in ids:
                parts = items_named(id, tables[task]) if _is_pair(task, domain) else [id]
                vectors = [[float(f"{v:.7g}") for v in row] for row in tables[task].rows(parts)]
                one = {"id": parts[0], "vector": vectors[0]} if len(parts) == 1 else {"id": parts, "vector": vectors}
                file.write(json.dumps({"task": task, "prompt": prompt, **one}, ensure_ascii=False) + "\n")
                count += 1
    return count


def read_texts(
    path: str | Path, asked: Mapping[str, Sequence[str]], domain: str = "films"
) -> dict[str, dict[str, str]]:
    """Read texts, one JSON object a line: {"task": "summary", "id": "f1", "text": "..."}, of pairs "id": ["f1", "f2"].

    Fields besides these are passed over. asked: task -> the ids that a text is needed of; a task without any text is
    left out, one with some needs all. Returns task -> id ("a,b" for a pair) -> text.

    Raises `DataFileError` that names the line: broken JSON, a missing field, an unknown task or id, an id that comes
    twice, an empty text; and where texts are missing, or the file holds none.
    """
    path, known = Path(path), {task: dict.fromkeys(ids) for task, ids in asked.items()}
    texts: dict[str, dict[str, str]] = {}
    first: dict[tuple[str, str], int] = {}
    for line, record in _records(path):
        task, id, text = _fields(path, line, record, known, domain)
        if earlier := first.get((task, id)):
            raise _wrong(path, line, f"{task} of {id!r} has a text already, in line {earlier}; keep one of them")
        first[task, id] = line
        texts.setdefault(task, {})[id] = text
    if not texts:
        raise DataFileError(f"{path} holds no text; write one JSON object a line, with task, id and text")
    for task, found in texts.items():
        missing = [id for id in asked[task] if id not in found]
        if missing:
            raise DataFileError(
                f"{path}: a scored task needs a text of each held-out entity, but {task} lacks {len(missing)} of "
                f"{len(asked[task])}, such as {missing[0]!r}; `elm bench entities` lists them all"
            )
    return {task: texts[task] for task in asked if task in texts}


def _records(path: Path) -> Iterator[tuple[int, Any]]:
    """The number and the value of each line that is not blank."""
    if not path.is_file():
        raise DataFileError(f"{path} does not exist; name a file with one JSON object a line")
    with open(path, "rb") as file:
        number = 0
        while raw := file.readline(LONGEST):
            number += 1
            if len(raw) == LONGEST:
                raise _wrong(path, number, f"a line has at most {LONGEST} bytes, and this one is longer")
            if not raw.strip():
                continue
            try:
                yield number, json.loads(raw.decode("utf-8-sig" if number == 1 else "utf-8"))
            except (ValueError, RecursionError) as error:
                raise _wrong(path, number, f"this is not one JSON object ({str(error)[:80]})") from error


def _fields(
    path: Path, line: int, record: Any, known: Mapping[str, Mapping[str, Any]], domain: str
) -> tuple[str, str, str]:
    """(task, id, text) of a record that is as it should be."""
    if not isinstance(record, dict):
        raise _wrong(path, line, f"this is not one JSON object, but {type(record).__name__}")
    if lacks := [name for name in ("task", "id", "text") if name not in record]:
        raise _wrong(path, line, f"a text comes with task, id and text, and this line has no {' and no '.join(lacks)}")
    task, id, text = record["task"], record["id"], record["text"]
    if not isinstance(task, str) or task not in known:
        raise _wrong(path, line, str(UnknownNameError("scored task", task, known)))
    if _is_pair(task, domain):
        if not isinstance(id, list) or len(id) != 2 or not all(isinstance(part, str) for part in id):
            raise _wrong(path, line, f'{task} is about two entities, so "id" is a list of two ids, not {_shown(id)}')
        id = ",".join(id)
    elif not isinstance(id, str):
        raise _wrong(path, line, f'{task} is about one entity, so "id" is a string, not {_shown(id)}')
    if id not in known[task]:
        raise _wrong(path, line, str(UnknownNameError(f"held-out entity of {task}", id, known[task])))
    if not isinstance(text, str) or not text.strip():
        what = "an empty one" if isinstance(text, str) else type(text).__name__
        raise _wrong(path, line, f"a text is a string with words in it, but that of {id!r} is {what}")
    if any("\ud800" <= letter <= "\udfff" for letter in text):  # JSON can spell half a character
        raise _wrong(path, line, f"a text is whole Unicode, but that of {id!r} holds half a surrogate pair")
    return task, id, text


def _is_pair(task: str, domain: str) -> bool:
    return len(get_task(task, domain).marks) == 2


def _shown(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)[:60]


def _wrong(path: Path, line: int, why: str) -> DataFileError:
    return DataFileError(f"{path}, line {line}: {why}")
