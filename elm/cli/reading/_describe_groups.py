"""`elm describe --groups`: the groups of a table in words."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from elm.embeddings import VectorTable
    from elm.model import EmbeddingLanguageModel


def show_groups(
    model: EmbeddingLanguageModel,
    table: VectorTable,
    labels: Path,
    texts: Path | None,
    task: str,
    reading: dict[str, Any],
    json_mode: bool,
) -> None:
    """Print a group after the other: label and size, its text, what sets it apart, its nearest members.

    Raises `DataFileError` for files without the columns id and label, or id and text, `CallError` where they do not
    pair up with the table.
    """
    from elm.cli._output import emit
    from elm.model import GroupOptions, describe_groups

    told = _column(labels, "label", set(table.ids))
    known = None if texts is None else {id: _joined(found) for id, found in _column(texts, "text").items()}
    each = [told[id][-1] if id in told else None for id in table.ids]
    frame = describe_groups(model, table, each, task, GroupOptions(texts=known, reading=reading))
    value = {"task": task, "groups": frame.to_dict("records"), "left_out": frame.attrs["left_out"]}
    emit(value, json_mode, lambda: _show(value))


def _column(path: Path, name: str, known: set[str] | None = None) -> dict[str, list[str]]:
    """id -> the cells of a column; with `known` each id comes once, and is one of these."""
    from elm._errors import CallError, DataFileError, UnknownNameError
    from elm._storage.csv import read_csv_texts

    if not path.is_file():
        raise DataFileError(f"{path} does not exist")
    try:
        frame = read_csv_texts(path)
    except (ValueError, OSError) as error:
        raise DataFileError(f"{path} is not a CSV file: {str(error).splitlines()[0][:200]}") from error
    if not {"id", name} <= set(frame.columns):
        came = ", ".join(map(str, frame.columns))[:80]
        raise DataFileError(f"{path} must have the columns id and {name}, and has {came}")
    found: dict[str, list[str]] = {}
    for id, cell in zip(frame["id"], frame[name], strict=True):
        if known is not None and id not in known:
            raise UnknownNameError("id", id, sorted(known), f"(in {path})")
        if known is not None and id in found:
            raise CallError(f"an entry of the table is of one group, and {path} names {id!r} more than once")
        found.setdefault(str(id), []).append(str(cell))
    return found


def _joined(texts: list[str]) -> str:
    return " ".join(texts)


def _show(value: dict[str, Any]) -> None:
    from elm.cli._output import echo, echo_lines

    for group in value["groups"]:
        echo(f"{group['label']} ({group['size']:,} vectors; nearest: {', '.join(group['nearest'])})")
        echo_lines(group["text"])
        if group["apart"]:
            echo_lines(f"apart: {group['apart']}")
        echo()
    if value["left_out"]:
        echo(f"{value['left_out']:,} vectors are of no group")
