"""Controls beside recommenders that read texts, by name: what must rank worse if the texts are read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from elm._errors import CallError
from elm.metrics import partners
from elm.recommend.backbones._registry import BACKBONES

OTHER, PERMUTED = "other", "permuted"


def others_texts(profiles: Any, seed: int) -> Any:
    """Each profile given to another user; those of one user alone stay.

    >>> sorted(others_texts(["a", "b", "c"], seed=0)), others_texts(["a"], seed=0)
    (['a', 'b', 'c'], ['a'])
    """
    if len(profiles) < 2:
        return profiles
    order = partners(len(profiles), seed)
    return profiles[order] if isinstance(profiles, np.ndarray) else [profiles[place] for place in order.tolist()]


def parted_name(name: str) -> tuple[str, float | str | None]:
    """A model's name, and what stands behind an "@": an alpha, or one of the controls "other" and "permuted".

    Raises `CallError` for anything else, and for an alpha that the model cannot rank at.

    >>> parted_name("tears-recvae@1"), parted_name("tears-recvae@other"), parted_name("recvae")
    (('tears-recvae', 1.0), ('tears-recvae', 'other'), ('recvae', None))
    """
    plain, at, word = name.partition("@")
    if not at:
        return plain, None
    if word in (OTHER, PERMUTED) and not plain.startswith("tuned-"):
        return plain, word
    try:
        alpha = float(word)
    except ValueError:
        alpha = float("nan")
    only = 1.0 if plain.endswith("-base") and "+" not in plain else 0.0 if plain.startswith("tuned-") else alpha
    if not 0 <= alpha <= 1 or alpha != only:
        raise CallError(
            f"behind @ stands an alpha from 0 to 1 (of a base 1, of a tuned backbone 0), as in tears-recvae@1, or "
            f"other or permuted, got {name!r}"
        )
    return plain, alpha


def parted_scorer(plain: str) -> tuple[str, str]:
    """What ranks the history beside a text model ("" where the text model does), and the text model.

    Raises `CallError` for shares of genres beside a scorer, or a control that has no text.

    >>> parted_scorer("ease+tears-recvae"), parted_scorer("tears-recvae")
    (('ease', 'tears-recvae'), ('', 'tears-recvae'))
    """
    scorer, plus, text = plain.partition("+")
    if not plus:
        return "", plain
    if scorer not in BACKBONES or not text.startswith("tears-"):
        raise CallError(
            f"beside + stand a model of histories and a TEARS model, as in ease+tears-recvae, got {plain!r}; models of "
            f"histories are {', '.join(BACKBONES)}"
        )
    return scorer, text


def with_controls(names: Sequence[str], backbones: Sequence[str]) -> list[str]:
    """The names of a comparison with what belongs beside models that read texts.

    EASE and the backbones of text models come first. Behind each text model stand the same at alpha 0, with another
    user's text at test time, and trained on texts that were permuted. Names that stand for a way of ranking already
    ("@") get none; without a text model nothing is added. backbones: the names that a text model may stand on.

    >>> with_controls(["tears-recvae"], ["recvae"])
    ['ease', 'recvae', 'tears-recvae', 'tears-recvae@0', 'tears-recvae@other', 'tears-recvae@permuted']
    """
    read = [
        name for name in names if name.partition("+")[2].startswith("tears-") or name.startswith(("tears-", "gers-"))
    ]
    read = [name for name in read if "@" not in name]
    if not read:
        return list(names)
    under = [part for name in read for part in (name.partition("+")[0], name.partition("-")[2])]
    found = ["ease", *(name for name in under if name in backbones)]
    for name in names:
        found.append(name)
        if name in read:
            alone = [] if name.endswith("-base") and "+" not in name else [f"{name}@0"]
            found += [*alone, f"{name}@{OTHER}", f"{name}@{PERMUTED}"]
    return list(dict.fromkeys(found))


def natural_pairs(names: Sequence[str]) -> list[tuple[str, str]]:
    """What the paper compares among these models: each with its backbone, its control and its twin.

    >>> natural_pairs(["recvae", "tuned-recvae", "tears-recvae"])
    [('tuned-recvae', 'recvae'), ('tears-recvae', 'recvae'), ('tears-recvae', 'tuned-recvae')]
    """
    found = []
    for name in names:
        plain, at, word = name.partition("@")
        if at and word in ("0", OTHER, PERMUTED):
            found += [(plain, name)] if plain in names else []
            continue
        scorer, plus, text = plain.partition("+")
        if plus:
            found += [(name, rival) for rival in (scorer, text) if rival in names]
            continue
        kind, _, own = plain.partition("-")
        beside = {"tears": [f"tuned-{own}", f"gers-{own}", "tears-base"], "gers": ["gers-base"], "tuned": []}
        rivals = [own, *beside[kind]] if kind in beside else []
        found += [(name, rival) for rival in rivals if rival in names and rival != name]
    return found
