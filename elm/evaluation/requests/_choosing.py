"""Choosing how a judge is distilled, by requests and items of the training side, never by those that score."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from elm._errors import CallError
from elm.embeddings import VectorTable
from elm.evaluation.requests._one_judge import PartOfJudge
from elm.evaluation.requests._quality import distillation_quality
from elm.recommend import Cards, Distillation, Distilled, RequestWriter, distil, item_table

_PARTS: dict[str, dict[str, Any]] = {
    "frozen": {"requests": "frozen"},
    "lora": {"requests": "lora"},
    "all": {"requests": "all", "encoder_rate": 1e-4},
    "words": {"items": "words"},
    "items": {"items": "lora", "item_batch": 64},
    "within": {"within": 0.5},
    "longer": {},
}
_CHECKED = 200  # requests that a way is judged by


def way(name: str, start: Distillation) -> Distillation:
    """Settings by name: parts joined by "+", such as "lora+words+within"; `CallError` for an unknown part.

    frozen, lora, all: of the request side. words, items: word pieces or low-rank updates on the item side. within: a
    list-wise loss. longer: twice the steps.
    """
    how = replace(start, requests="frozen", items="frozen", within=0.0)
    for part in name.split("+"):
        if part not in _PARTS:
            raise CallError(f"a way to distil is made of {', '.join(_PARTS)}, joined by '+', got {part!r}")
        how = replace(how, **_PARTS[part])
        how = replace(how, steps=2 * how.steps) if part == "longer" else how
    return how


def choose(
    encoder: Any,
    cards: Cards,
    judge: PartOfJudge,
    base: VectorTable,
    ways: Sequence[str],
    start: Distillation,
    requests: int,
    progress: bool = False,
) -> list[dict[str, Any]]:
    """A row a way, best first: how well it follows the judge on wordings and items that it was not trained on.

    Four fifths of the items and of the training wordings are learned from; the rest of both is what `spearman` is
    over (`seen_words`: new items alone; `seen_items`: new wordings alone).
    """
    rng = np.random.default_rng(start.seed)
    known = [item for item in cards.items if item in base]
    order = rng.permutation(len(known))
    cut = len(known) * 4 // 5
    learned, held = ([known[place] for place in np.sort(part)] for part in (order[:cut], order[cut:]))
    asked = _drawn("learn", requests, start.seed + 1)
    checks = {
        "spearman": ("check", held),
        "seen_words": ("learn", held),
        "seen_items": ("check", learned),
    }
    rows = []
    for name in ways:
        texts = [wish.text for wish in asked]
        how = way(name, start)
        model, _ = distil(
            encoder, cards.subset(learned), judge.subset(learned), texts, how, base=base.subset(learned),
            progress=progress,
        )  # fmt: skip
        row: dict[str, Any] = {"way": name}
        for measure, (share, items) in checks.items():
            wishes = _drawn(share, _CHECKED, start.seed + 7)
            moved = _over(model, cards.subset(items), base.subset(items))
            told = [wish.text for wish in wishes]
            found = distillation_quality(moved.values(told), judge.subset(items).values(told), wishes)
            row[measure] = found["spearman"]
            if measure == "spearman":
                row["per_request"] = found["per_request"]
        rows.append(row)
    return sorted(rows, key=lambda row: -row["spearman"])


def _drawn(share: Any, count: int, seed: int) -> list[Any]:
    return RequestWriter("train", share=share).draw(count, np.random.default_rng(seed))


def _over(model: Distilled, cards: Cards, base: VectorTable) -> Distilled:
    """A distilled model over the items of other cards."""
    return Distilled(model.f, model.g, item_table(model.g, cards, base), model.offset, cards.items)
