"""How many training examples are made of which entities, and the paper's numbers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from elm._errors import CallError
from elm.data import PARTS, EntitySplit, split_entities


@dataclass(frozen=True)
class ExamplePlan:
    """How many examples a space gives to each part, over all its tasks together; None takes all that there are.

    All are: each entity of the part once in each task and `variants` times over, with another wording, another partner
    or, for neighbour tasks, the next of its `near` nearest neighbours each time.
    item_shares, user_shares: (validation, test), the shares of entities that are held out. steps (of stage one and of
    stage two) and batch: what the plan is meant to be trained for.
    """

    train: int | None = None
    validation: int | None = None
    test: int | None = None
    variants: int = 1
    near: int = 1
    item_shares: tuple[float, float] = (0.05, 0.1)
    user_shares: tuple[float, float] = (0.1, 0.1)
    steps: tuple[int, int] = (300, 700)
    batch: int = 32

    def __post_init__(self) -> None:
        if self.variants < 1 or self.near < 1:
            raise CallError(f"a plan has one variant and one neighbour or more, got {self.variants} and {self.near}")
        for part in PARTS:
            if (self.count(part) or 0) < 0:
                raise CallError(f"a part holds 0 examples or more (None: all), got {part}={self.count(part)}")

    def count(self, part: str) -> int | None:
        """How many examples of one space the part holds at most."""
        value: int | None = getattr(self, part)
        return value

    def split(self, ids: Iterable[str], users: bool = False, seed: int = 0) -> EntitySplit:
        """The entities in three parts that share none, with the plan's shares."""
        return split_entities(ids, *(self.user_shares if users else self.item_shares), seed=seed)


PAPER = ExamplePlan(
    validation=1000, test=1000, item_shares=(0.01, 0.02), user_shares=(0.0, 0.2), steps=(20_000, 300_000)
)
"""ELM, Sections 3.1 and 4: 1,000 test examples, users 80/20, 20k and 300k steps of 32, about seven epochs.

That is one text for each film of MovieLens 25M and each task. The paper splits examples, which lets a film be trained
on in one task and tested in another; here films are split, and two in a hundred are enough for 1,000 test examples.
"""

SMALL = ExamplePlan(train=2000, validation=200, test=200)
"""Made in seconds by a template teacher: to try things out."""
