"""The model card, written from what the folder itself holds: config, adapters, and the scores of its run."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

from elm._errors import CallError
from elm._storage.files import json_bytes, read_json
from elm.adapters import AdapterConfig, FolderConfig, read_adapter_config, read_config, rewritten
from elm.evaluation import SECTIONS, scores_figure
from elm.model import model_folder, terms_of
from elm.runs.share._card_data import front_matter

SCORES, PICTURE, LOSSES = "scores.json", "scores.png", "losses.png"

_READING = """
SC is the cosine of the text, encoded again, and the vector it came from; BC is the Spearman correlation of a ranking by
the text with held-out ratings. rSC and rBC say where the model stands between a control (0: the nearest training film's
text, another user's text) and the teacher's own text (1). A score means something only beside its controls.
"""


def write_card(folder: str | Path, scores: Mapping[str, Any] | None = None, license: str | None = None) -> str:
    """Write the card of a model folder (or a run's) anew, and return its text.

    scores: what `RunScores.to_dict` gives; they are kept in the folder as `scores.json` and drawn as `scores.png`.
    Without them, those that the folder has count. license: an identifier of the Hub, such as "mit"; it is kept too.
    A signature of the folder does not hold any more and is removed. Raises errors of `rewritten`, and `CallError` for
    a licence that cannot be one.
    """
    folder = model_folder(folder)
    config = read_config(folder)
    files: dict[str, bytes] = {}
    if license is not None:
        config = licensed(config, license)
        files["config.json"] = json_bytes(config.to_dict())
    if scores is not None:
        files[SCORES] = json_bytes(scores)
        files[PICTURE] = _picture(scores)
    text = card_of(folder, config, scores)
    rewritten(folder, {**files, "README.md": text.encode()})
    return text


def licensed(config: FolderConfig, license: str) -> FolderConfig:
    """The config with a licence among its notes; `CallError` for one that the Hub could not know."""
    if not re.fullmatch(r"[a-z0-9][a-z0-9.-]{1,40}", license):
        raise CallError(f"a licence is named as on the Hub, such as apache-2.0 or mit, got {license!r}")
    return replace(config, notes={**config.notes, "license": license})


def card_of(
    folder: Path, config: FolderConfig, scores: Mapping[str, Any] | None = None, updates_only: bool | None = None
) -> str:
    """The card of a folder's adapters, scores and pictures under this config, which may be that of a copy to come.

    scores: new ones, which come with their picture; by default those of the folder. updates_only: as in `model_card`;
    by default as the folder is.
    """
    pictures = [n for n in (PICTURE, LOSSES) if (folder / n).is_file() or (n == PICTURE and scores is not None)]
    if scores is None and (folder / SCORES).is_file():
        scores = read_json(folder / SCORES)
    adapters = {name: read_adapter_config(folder / "adapters" / name) for name in config.adapters}
    only = (folder / "lora").is_dir() if updates_only is None else updates_only
    return model_card(config, adapters, scores, pictures, only)


def model_card(
    config: FolderConfig,
    adapters: Mapping[str, AdapterConfig],
    scores: Mapping[str, Any] | None = None,
    pictures: Sequence[str] = (),
    updates_only: bool = False,
) -> str:
    """Front matter of the Hub, what the model reads, how it was made, its scores with their controls, use and limits.

    scores: what `RunScores.to_dict` gives; pictures: files beside the card; updates_only: whether the folder holds
    low-rank updates (lora/) rather than a whole language model (llm/).
    """
    made = config.notes.get("made")
    made = made if isinstance(made, dict) else {}
    parts = [
        f"# {_words(made.get('title') or f'Reads vectors of {_data(made)}')}",
        f"{_parts(config, updates_only)}\n\n{_spaces(adapters)}",
        *([f"## How it was made\n\n{_making(made, pictures)}"] if made else []),
        f"## Measured\n\n{_measured(scores or {}, pictures)}",
        f"## Use\n\n{_usage(adapters, made)}",
        "## Limits\n\n" + "\n".join(f"- {line}" for line in _limits(config, scores or {}, made)),
    ]
    head = front_matter(config, adapters, scores or {}, updates_only)
    return f"---\n{head}---\n\n" + "\n\n".join(part.strip() for part in parts) + "\n"


def _parts(config: FolderConfig, updates_only: bool) -> str:
    base = (config.base or {}).get("id")
    model = "low-rank updates of a language model" if updates_only else "a language model"
    known = f", trained from `{_words(base)}`" if base else ""
    version = _words(config.version) or "of unknown version"
    return (
        f"An embedding language model: {model}{known}, and adapters that put vectors of other spaces into its prompts. "
        f"It writes in words what a vector holds. Made with elm-toolkit {version}."
    )


def _spaces(adapters: Mapping[str, AdapterConfig]) -> str:
    rows = [
        [name, str(c.dim), c.metric, f"`{c.fingerprint}`", ", ".join(c.tasks) or "any", str(c.soft_tokens)]
        for name, c in adapters.items()
    ]
    return _grid(["space", "numbers", "metric", "fingerprint", "tasks", "soft tokens"], rows)


def _data(made: Mapping[str, Any]) -> str:
    return _words(made.get("dataset") or "a space of its own")


def _making(made: Mapping[str, Any], pictures: Sequence[str]) -> str:
    lines = [f"- {_words(name)}: {_words(value)}" for name, value in made.items() if name != "title"]
    picture = f"\n\n![Loss by step, both stages]({LOSSES})" if LOSSES in pictures else ""
    return "\n".join(lines) + picture


def _measured(scores: Mapping[str, Any], pictures: Sequence[str]) -> str:
    parts = []
    for section in SECTIONS.values():
        if (rows := scores.get(section.name)) and section.carded:
            columns = section.card_columns()
            count = next(iter(rows.values()))["n"]
            table = [[task, *(_figure(row.get(key)) for key in columns.values())] for task, row in rows.items()]
            parts.append(f"On {count} held-out {section.entity}s:\n\n{_grid(['task', *columns], table)}")
    if not parts:
        return "Nothing yet: `elm bench consistency RUN` scores a run on what it has never seen, and writes it here."
    picture = [f"![Scores beside their controls]({PICTURE})"] if PICTURE in pictures else []
    return "\n\n".join([_READING.strip(), *parts, *picture])


def _usage(adapters: Mapping[str, AdapterConfig], made: Mapping[str, Any]) -> str:
    name, config = next(iter(adapters.items()))
    task = (config.tasks or ("summary",))[0]
    return f"""```python
import elm

model = elm.load(".")  # this folder; elsewhere its path, or "owner/name" on the Hub
space = model.adapter({json.dumps(name)}).space()
vectors = space.mean[None]  # in the place of yours: (n, {config.dim}) numbers of this very space
print(model.describe(vectors, {json.dumps(task)}))
```

Vectors are of this space when their table carries its fingerprint: `elm describe --vectors TABLE --run FOLDER`."""


def _limits(config: FolderConfig, scores: Mapping[str, Any], made: Mapping[str, Any]) -> Iterator[str]:
    yield "It reads the spaces above alone: another encoder, or another fit of the factors, is another space."
    yield f"It says what its teacher's texts about {_data(made)} say, in their words, and nothing beyond them."
    if terms := terms_of((config.base or {}).get("id")):
        yield f"Of its base: {terms}"
    if config.allow_space_mismatch:
        yield "It was trained on vectors of another space than its adapters name."
    for task, row in (scores.get("consistency") or {}).items():
        if (row.get("rsc") or 0) <= 0:
            yield f"`{task}`: the nearest film's text leads back to a vector at least as well; do not trust this task."
    for task, row in (scores.get("profile") or {}).items():
        if (row.get("rbc") or 0) <= 0:
            yield f"`{task}`: another user's text ranks as well; do not trust this task."
    if not scores:
        yield "Its texts have not been measured, so they are not to be trusted yet."


def _picture(scores: Mapping[str, Any]) -> bytes:
    figure = scores_figure(scores.get("consistency") or {}, scores.get("profile"))
    data = BytesIO()
    figure.savefig(data, dpi=80, bbox_inches="tight", format="png", metadata={"Software": None})
    return data.getvalue()


def losses_picture(stages: Mapping[str, Sequence[float]]) -> bytes:
    """Training loss by step of each stage, smoothed over a hundredth of its steps, as PNG."""
    import numpy as np
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5, 2.8), layout="constrained")
    axis, start = figure.subplots(), 0
    for name, losses in stages.items():
        if not len(losses):
            continue
        width = max(1, len(losses) // 100)
        smooth = np.convolve(losses, np.ones(width) / width, mode="valid")
        axis.plot(np.arange(start + width, start + width + len(smooth)), smooth, label=name)
        start += len(losses)
    axis.set(xlabel="step", ylabel="loss (nats per token)")
    if axis.lines:
        axis.legend(frameon=False)
    axis.spines[["top", "right"]].set_visible(False)
    data = BytesIO()
    figure.savefig(data, dpi=80, format="png", metadata={"Software": None})
    return data.getvalue()


def _grid(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *([_words(cell) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _words(value: object) -> str:
    """Text that stays text in Markdown: on one line, no table, no tag, no link."""
    line = " ".join(str(value).split())
    return re.sub(r"([|<>\[\]])", r"\\\1", line)


def _figure(value: float | Mapping[str, float | None] | None) -> str:
    if isinstance(value, Mapping):
        value = value.get("overall")
    return "-" if value is None else f"{value:.3f}"
