"""One word, several meanings: does a user's own direction for a concept beat the one that all users share?"""

from __future__ import annotations

import numpy as np
import pandas as pd

from elm._errors import CallError
from elm.cav._held_out import auc_and_p, held_out
from elm.cav._labels import Labels, first_copies
from elm.cav._solve import Engine, Method, check_choice, solve
from elm.data import id_column
from elm.embeddings import VectorTable


def own_against_common(
    table: VectorTable,
    judgements: pd.DataFrame,
    method: Method = "logistic",
    min_each: int = 6,
    seed: int = 0,
    l2: float | None = None,
    engine: Engine = "auto",
) -> pd.DataFrame:
    """For one concept: each user's own CAV against the common one, on that user's held-out judgements.

    judgements: columns user, item (of `table`) and value, 1 where this user finds the concept in the item and 0 where
    not; one row per user and item. Users with at least `min_each` of both are asked, copies of a vector counting once.
    30 % of their judgements are held out of every fit; the common direction is fitted on all others' and their
    remaining ones, the own one on theirs.

    A row per user: n, auc_common, auc_own, gain (own minus common). A concept is subjective in degree as the gain is
    above zero (`elm.metrics.paired_test` of both columns), objective where users share one sense of it (Göpfert et
    al. 2022). Raises `CallError` for missing columns, values other than 0 and 1, a pair twice, or too few judgements;
    `UnknownNameError` for an item that is not in the table.
    """
    check_choice(method, engine)
    frame = _checked(judgements)
    value = frame["value"].to_numpy(dtype=np.int8)
    vectors = table.rows(frame["item"])
    numbers = pd.factorize(frame["user"])[0].astype(np.float32)
    first, leader = first_copies(np.column_stack([vectors, numbers]))  # one user's copies stay on one side
    counts = frame[first].groupby("user")["value"].agg(["sum", "size"])
    asked = counts.index[(counts["sum"] >= min_each) & (counts["size"] - counts["sum"] >= min_each)]
    if min_each < 2 or asked.empty:
        raise CallError(
            f"no user has {min_each} judgements of either kind (at least 2 must be asked); bring more or lower min_each"
        )
    user = frame["user"].to_numpy()
    x = table.space.normalise(vectors).astype(np.float64)
    own = Labels(np.stack([np.where(user == name, value, np.int8(-1)) for name in asked]))
    held = held_out(own, leader, seed)
    common = Labels(np.where(held.any(0), np.int8(-1), value)[None])
    if not all((common.label == side).any() for side in (0, 1)):
        raise CallError("the common direction needs judgements of either kind outside the held-out ones")
    penalty = np.full(len(asked), float(table.space.dim if l2 is None else l2))
    shared, _ = solve(x, common, method, penalty[:1], engine, seed)
    each, _ = solve(x, own.only(~held), method, penalty, engine, seed)
    rows = []
    for i, name in enumerate(asked):
        both = [auc_and_p(*(x[held[i] & (value == side)] @ w for side in (1, 0)))[0] for w in (shared[0], each[i])]
        rows.append((name, int((user == name).sum()), both[0], both[1], both[1] - both[0]))
    return pd.DataFrame(rows, columns=["user", "n", "auc_common", "auc_own", "gain"]).set_index("user")


def _checked(judgements: pd.DataFrame) -> pd.DataFrame:
    absent = {"user", "item", "value"} - set(judgements.columns)
    if absent:
        raise CallError(f"judgements need the columns user, item and value, {', '.join(sorted(absent))} is missing")
    frame = judgements[["user", "item", "value"]].reset_index(drop=True)
    frame = frame.assign(**{what: id_column(frame[what], what).astype(str) for what in ("user", "item")})
    if not frame["value"].isin([0, 1]).all():
        raise CallError("the value of a judgement must be 0 or 1")
    if frame.duplicated(["user", "item"]).any():
        twice = frame[frame.duplicated(["user", "item"])].iloc[0]
        raise CallError(f"a user judges an item once, but user {twice['user']!r} has item {twice['item']!r} twice")
    return frame
