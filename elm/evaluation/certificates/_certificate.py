"""A text with a certificate: what speaks for it, what against, and whether to trust it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

Verdict = Literal["trust", "doubt", "abstain"]


@dataclass(frozen=True)
class Certificate:
    """The text of a task about one vector, and how far it may be trusted.

    verdict: "trust" and "doubt" come with `stated`, the share of texts with that verdict that were right among entities
    that neither the model nor the rule was trained on; "abstain" where the vector lies outside what was seen. What
    "right" means is `claim`. "trust" is given where the share is above `least` with 95 % confidence, and never to a
    text whose `sc` is below `sc_nearest`. chance: that of this text alone.

    sc: cosine of the text and the vector; percentile: the share of held-out entities whose text scored lower.
    sc_nearest, sc_others: of the training neighbour's text and of texts about other entities with this vector. near:
    cosine of the vector and the nearest training vector. against: facts in the text that a linear probe does not find
    in the vector. bc: how the text orders items, for users.
    """

    task: str
    text: str
    verdict: Verdict
    stated: float | None
    chance: float
    claim: str
    sc: float
    percentile: float
    sc_nearest: float
    sc_others: float
    near: float
    against: tuple[str, ...] = ()
    bc: float | None = None
    least: float = 0.8

    @property
    def reason(self) -> str:
        """The verdict in a sentence.

        >>> own = dict(task="summary", text="A war film.", claim="no false fact", sc=0.6, percentile=0.7,
        ...            sc_nearest=0.5, sc_others=0.3, near=0.8)
        >>> Certificate(verdict="trust", stated=0.957, chance=0.97, **own).reason
        'trust: 96 % of such texts have no false fact, more than 80 % with 95 % confidence'
        """
        if self.stated is None:
            return f"abstain: the vector lies outside what was seen (nearest training vector {self.near:.2f})"
        above = f", more than {self.least:.0%} with 95% confidence" if self.verdict == "trust" else ""
        rate = "over 99%" if self.stated >= 0.995 else f"{self.stated:.0%}"  # nothing is sure
        return f"{self.verdict}: {rate} of such texts have {self.claim}{above}".replace("%", " %")

    def lines(self) -> list[str]:
        """The certificate for a terminal, without the text."""
        found = [
            self.reason,
            f"text against vector {self.sc:.2f}, above {self.percentile:.0%} of held-out texts; "
            f"neighbour's text {self.sc_nearest:.2f}, others' {self.sc_others:.2f}",
        ]
        if self.against:
            found.append(f"the vector does not seem to hold: {', '.join(self.against)}")
        if self.bc is not None:
            found.append(f"the text orders items as the vector does: {self.bc:.2f} (Spearman)")
        return found

    def to_dict(self) -> dict[str, Any]:
        """All fields as plain values, with `reason`."""
        return {**asdict(self), "against": list(self.against), "reason": self.reason}
