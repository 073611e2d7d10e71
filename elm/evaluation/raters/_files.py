"""Forms on disk: one page that works without a network, a table to fill in, and the key in a file of its own."""

from __future__ import annotations

import base64
import csv
import hashlib
from collections.abc import Iterator
from importlib.resources import files
from itertools import groupby
from pathlib import Path
from typing import Any

from elm._errors import DataFileError
from elm._storage.csv import bare, disarmed, write_csv
from elm._storage.files import written_aside
from elm.evaluation.raters._forms import FormItem, Forms, form_id
from elm.evaluation.report._html import template

PAGE, TABLE, KEY_FILE = "forms.html", "forms.csv", "key.csv"
COLUMNS = tuple("form rater output kind task told text option_1 option_2 question statement answer".split())


def save_forms(forms: Forms, folder: str | Path) -> Path:
    """Write `forms.html` and `forms.csv` for raters and `key.csv`, which they must not see; returns the page's path."""
    folder = Path(folder)
    with written_aside(folder / PAGE) as aside:
        aside.write_text(forms_page(forms), encoding="utf-8")
    with written_aside(folder / TABLE) as aside, open(aside, "w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_ALL)
        rows.writerow(COLUMNS)
        rows.writerows([disarmed(cell) for cell in row] for row in _rows(forms))
    write_csv(folder / KEY_FILE, forms.key)
    return folder / PAGE


def forms_page(forms: Forms) -> str:
    """The page: keys 1 to 5 answer; answers are kept in the browser and saved as a CSV file, and sent nowhere."""
    script = files("elm.evaluation").joinpath("templates/forms.js").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    parts = [
        {"task": task, "kind": kind, "shown": list(items)}
        for (task, kind), items in groupby(forms.items, key=lambda item: (item.task, item.kind))
    ]
    return template("forms.html").render(
        title=forms.title,
        form=forms.form,
        parts=parts,
        script=_script(script),
        digest=digest,
        total=sum(len(i.questions) for i in forms.items),
    )


def read_forms(folder: str | Path) -> tuple[str, list[FormItem]]:
    """(form, items) of the table in a folder that `save_forms` wrote, for whoever answers by program.

    Raises `DataFileError` where it is missing or was changed since.
    """
    path = Path(folder) / TABLE
    if not path.is_file():
        raise DataFileError(f"{path} is missing; make forms with `elm bench forms RUN --out FOLDER`")
    with open(path, encoding="utf-8", newline="") as file:
        rows = [{name: bare(cell or "") for name, cell in row.items() if name} for row in csv.DictReader(file)]
    try:
        items = [_item(list(group)) for _, group in groupby(rows, key=lambda row: row["output"])]
        known = {row["form"] for row in rows}
    except KeyError as error:
        raise DataFileError(
            f"{path} should have the columns of a form and has no {error}; make the forms again"
        ) from error
    if known != {form_id(items)}:
        raise DataFileError(f"{path} was changed since it was made; make the forms again")
    return known.pop(), items


def _rows(forms: Forms) -> Iterator[list[str]]:
    for item in forms.items:
        first, second = item.options or ("", "")
        for number, statement in enumerate(item.questions, 1):
            yield [
                forms.form,
                "",
                item.output,
                item.kind,
                item.task,
                item.told,
                item.text,
                first,
                second,
                str(number),
                statement,
                "",
            ]


def _item(rows: list[dict[str, str]]) -> FormItem:
    row = rows[0]
    kind: Any = row["kind"]
    options = (row["option_1"], row["option_2"]) if kind == "choice" else ()
    return FormItem(
        row["output"], kind, row["task"], row["text"], tuple(r["statement"] for r in rows), row["told"], options
    )


def _script(source: str) -> Any:
    from markupsafe import Markup

    return Markup(source)
