"""Where the LangPTune paper and the code that its authors published differ, by name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from elm._errors import UnknownNameError


@dataclass(frozen=True)
class Conventions:
    """name: as RLSO takes it, which decides when the KL penalty is taken off, before or after rewards are standardised.
    similarity: of a profile's and an item's vector. temperature: of InfoNCE. false_negatives: whether a batch's items
    that the user has chosen, or the very target, count as negatives. ranks_history: whether the items of the history
    are ranked among the others. quality: of a list, over the whole catalogue.
    """

    name: str
    similarity: Literal["dot", "cosine"]
    temperature: float
    false_negatives: bool
    ranks_history: bool
    quality: Literal["ndcg", "mrr"]


CONVENTIONS = {
    "paper": Conventions("paper", "dot", 1.0, False, True, "ndcg"),
    "repo-compat": Conventions("repo-compat", "cosine", 0.1, True, False, "mrr"),
}


def conventions(name: str) -> Conventions:
    """The conventions "paper" or "repo-compat"; `UnknownNameError` for others.

    >>> conventions("repo-compat").temperature
    0.1
    """
    if name not in CONVENTIONS:
        raise UnknownNameError("protocol", name, CONVENTIONS)
    return CONVENTIONS[name]
