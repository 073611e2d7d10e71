"""Concepts against people's judgements: does the direction order films as raters do (Balog et al., SIGIR 2021)?"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from elm._errors import CallError
from elm.cav import CAV
from elm.embeddings import VectorTable
from elm.metrics import pair_agreement


def soft_attribute_scores(
    concepts: Mapping[str, CAV], table: VectorTable, judged: pd.DataFrame, baseline: pd.Series | None = None
) -> pd.DataFrame:
    """Goodman-Kruskal gamma and accuracy of each concept's order of the judged pairs: a row an attribute.

    judged: columns attribute, lower, higher (`elm.data.load_soft_attributes`), and rater where known; attributes
    without a concept and pairs without vectors are left out. baseline: a number per item, such as its popularity, whose
    order is scored beside ("gamma_baseline"). "raters" counts who judged; "pairs" what is left of their pairs.

    Raises `CallError` where nothing is left to score.
    """
    here = judged[judged["attribute"].isin(list(concepts))]
    here = here[here["lower"].isin(table.ids) & here["higher"].isin(table.ids)]
    if here.empty:
        raise CallError(
            f"no judged pair is of a concept and of items of the table: {len(judged)} pairs on "
            f"{judged['attribute'].nunique()} attributes, {len(concepts)} concepts, {len(table)} items"
        )
    rows = {}
    for attribute, pairs in here.groupby("attribute", sort=True):
        concept = concepts[str(attribute)]
        low, high = (concept.score(table.rows(pairs[side])) for side in ("lower", "higher"))
        found = pair_agreement(low, high)
        row = {"pairs": found.n, "gamma": found.gamma, "accuracy": found.accuracy}
        if "rater" in pairs:
            row["raters"] = int(pairs["rater"].nunique())
        if baseline is not None:
            known = pairs[pairs["lower"].isin(baseline.index) & pairs["higher"].isin(baseline.index)]
            beside = [baseline.loc[known[side]].to_numpy() for side in ("lower", "higher")]
            row["gamma_baseline"] = pair_agreement(*beside).gamma if len(known) else float("nan")
        rows[str(attribute)] = row
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("attribute")
