"""The card's front matter in the Hub's form, and what of the Hub's rules can be checked without it."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from elm._storage.names import is_own_name
from elm.adapters import AdapterConfig, FolderConfig
from elm.evaluation import SECTIONS
from elm.model import packaged

_METRICS = {"SC": "semantic_consistency", "BC": "behavioural_consistency"}  # what a measure is on the Hub

_TAGS = ["elm", "embeddings", "interpretability", "recommender-systems"]


def front_matter(
    config: FolderConfig, adapters: Mapping[str, AdapterConfig], scores: Mapping[str, Any], updates_only: bool
) -> str:
    """The YAML between the two lines of dashes, written by `huggingface_hub`, which quotes what has to be."""
    from huggingface_hub import ModelCardData

    notes = config.notes
    made = notes.get("made")
    made = made if isinstance(made, dict) else {}
    dataset = str(made.get("dataset") or "")
    base = (config.base or {}).get("id")
    if carried := packaged(base):
        base = carried.hub
    results = list(_results(scores, dataset or "unknown"))
    known: dict[str, Any] = {"base_model": base} if is_repository_id(base) else {}
    if known:
        known["base_model_relation"] = "adapter" if updates_only else "finetune"
    data = ModelCardData(
        library_name="elm",
        license=str(notes.get("license") or "unknown"),
        language="en",
        tags=[*_TAGS, *(f"space:{slug(name)}" for name in adapters)],
        datasets=[slug(dataset)] if dataset else None,
        model_name=slug(f"elm-{dataset or 'model'}") if results else None,
        eval_results=results or None,
        **known,
    )
    return f"{data.to_yaml()}\n"


def _results(scores: Mapping[str, Any], dataset: str) -> Iterator[Any]:
    from huggingface_hub import EvalResult

    for section in (section for section in SECTIONS.values() if section.on_hub):
        for task, row in (scores.get(section.name) or {}).items():
            for name, key in section.hub_results().items():
                # The Hub tells results apart by data set, configuration and split, hence the task as configuration.
                if isinstance(row.get(key), int | float) and math.isfinite(row[key]):
                    yield EvalResult(
                        task_type="text-generation",
                        task_name=task,
                        dataset_type=slug(dataset),
                        dataset_name=dataset,
                        dataset_config=task,
                        dataset_split="test",
                        metric_type=_METRICS[section.headline.name],
                        metric_name=name,
                        metric_value=round(float(row[key]), 4),
                    )


def slug(text: str) -> str:
    """A name as the Hub allows it: letters, digits, dots, dashes and underlines, at most 96.

    >>> slug("My films: (2024) / new")
    'My-films-2024-new'
    """
    plain = re.sub(r"[^\w.-]+", "-", text, flags=re.ASCII)
    return re.sub(r"([-.])[-.]+", r"\1", plain).strip("-.")[:96].strip("-.") or "unknown"


def is_repository_id(name: object) -> bool:
    """Whether the Hub could have a repository of that name, owner included; a path on this machine is none."""
    from huggingface_hub.errors import HFValidationError
    from huggingface_hub.utils import validate_repo_id

    if not isinstance(name, str) or name.count("/") != 1 or Path(name).exists():
        return False
    try:
        validate_repo_id(name)
    except HFValidationError:
        return False
    return True


def card_problems(text: str, folder: str | Path | None = None) -> list[str]:
    """What of a card the Hub would not take, as far as that can be said without asking it.

    Front matter that is YAML and that `huggingface_hub` reads, with results that have their fields; ids that can be
    ids; with `folder`, pictures and links that are there. The Hub itself is asked when the card is sent.
    """
    from huggingface_hub import ModelCard

    try:
        data = ModelCard(text).data.to_dict()
    except Exception as error:  # of the YAML parser, and of huggingface_hub for results without their fields
        return [f"its front matter cannot be read: {str(error).splitlines()[0][:200]}"]
    problems = [f"it names no {name}" for name in ("library_name", "license", "language", "tags") if not data.get(name)]
    if not re.fullmatch(r"[a-z0-9][a-z0-9.-]*", str(data.get("license"))):
        problems.append(f"{data.get('license')!r} is no licence of the Hub, such as apache-2.0")
    language = data.get("language")
    codes = language if isinstance(language, list) else [language]
    problems += [f"{c!r} is no language code" for c in codes if not re.fullmatch(r"[a-z]{2,3}|multilingual", str(c))]
    tags = data.get("tags") or []
    if not isinstance(tags, list) or not all(isinstance(tag, str) and 0 < len(tag) <= 256 for tag in tags):
        problems.append("its tags are not a list of words")
    base = data.get("base_model")
    if base is not None and not is_repository_id(base):
        problems.append(f"its base_model {base!r} cannot be a repository")
    problems += [f"its data set {d!r} cannot be one of the Hub" for d in data.get("datasets") or [] if not _data_id(d)]
    if folder is not None:
        links = [link for link in re.findall(r"\]\(([^)#\s]+)\)", text) if "://" not in link]
        outside = [link for link in links if not is_own_name(link, depth=8)]
        problems += [f"it shows {link}, which is not in its folder" for link in outside]
        problems += [
            f"it shows {link}, which is not there"
            for link in links
            if link not in outside and not (Path(folder) / link).is_file()
        ]
    return problems


def _data_id(name: object) -> bool:
    return isinstance(name, str) and all(slug(part) == part for part in name.split("/")) and name.count("/") < 2
