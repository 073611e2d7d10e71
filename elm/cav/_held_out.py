"""How real a concept is: entities held out of the fit, and how well the fit tells them apart."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.stats import mannwhitneyu

from elm._errors import CallError
from elm._typing import Floats, Integers
from elm.cav._labels import Bools, Labels
from elm.cav._solve import blocks


class Quality(NamedTuple):
    """Arrays (C,): AUC, mean accuracy over the two classes, and the p value of the AUC."""

    auc: Floats
    accuracy: Floats
    p_value: Floats

    def of(self, concept: int) -> Quality:
        """The numbers of one concept."""
        return Quality(self.auc[concept], self.accuracy[concept], self.p_value[concept])


def held_out(labels: Labels, leader: Integers, seed: int, share: float = 0.3) -> Bools:
    """(C, n) the rows to hold out of each concept's fit: this share of its positives and of its negatives.

    leader: (n,) for each row the first row with the same vector; copies stay on one side, so that no fit sees what it
    is scored on. One order, drawn by `seed`, serves all concepts: a concept's split does not depend on the others.
    """
    n = labels.label.shape[1]
    order = np.random.default_rng(seed).permutation(n)
    first = leader == np.arange(n)
    held = np.zeros(labels.label.shape, dtype=bool)
    for block in blocks(len(labels)):
        drawn = np.where(first, labels.label[block], np.int8(-1))[:, order]
        chosen = np.zeros(drawn.shape, dtype=bool)
        for side in (0, 1):
            members = drawn == side
            count = np.maximum(np.rint(share * members.sum(1, keepdims=True)), 1)
            chosen |= members & (np.cumsum(members, axis=1, dtype=np.int32) <= count)
        held[block][:, order] = chosen
    if not first.all():
        held = held[:, leader]
    return held


def quality(x: Floats, labels: Labels, held: Bools, weights: Floats, leader: Integers) -> Quality:
    """Score the held-out entities of each concept by weights (C, d) that were fitted on the others.

    A boundary halfway between the training classes' mean scores gives the accuracy. The p value is that of all
    permutations of the held-out labels, by the Mann-Whitney statistic: exact where a class has 8 entities or fewer and
    no score comes twice, else from its normal limit with ties corrected. Of copies of a vector one is scored.
    """
    first = leader == np.arange(len(x))
    found = np.empty((3, len(labels)))
    for block in blocks(len(labels)):
        scores = weights[block] @ x.T
        for i, (score, label, out) in enumerate(
            zip(scores, labels.label[block], held[block], strict=True), start=block.start
        ):
            seen = [score[(label == side) & ~out] for side in (1, 0)]
            new = [score[(label == side) & out & first] for side in (1, 0)]
            if any(len(part) == 0 for part in (*seen, *new)):
                raise CallError("too few different vectors to hold some out; bring more entities of either kind")
            middle = (seen[0].mean() + seen[1].mean()) / 2
            found[:, i] = (*auc_and_p(*new), ((new[0] > middle).mean() + (new[1] <= middle).mean()) / 2)
    return Quality(found[0], found[2], found[1])


def auc_and_p(positive: Floats, negative: Floats) -> tuple[float, float]:
    """AUC of two samples of scores, and the chance of one as high if their labels meant nothing (see `quality`)."""
    test = mannwhitneyu(positive, negative, alternative="greater")
    p_value = float(test.pvalue)
    return float(test.statistic) / (len(positive) * len(negative)), p_value if np.isfinite(p_value) else 1.0
