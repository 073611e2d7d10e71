"""Five points for an item, or five against it (ELM, Appendix E)."""

from elm.tasks._task import VECTOR, Task
from elm.tasks.catalogue._about_item import about_item


def _points(id: str, tone: str, effect: str) -> Task:
    return about_item(
        id,
        f"List five {tone} points of the {{item}} {VECTOR}.",
        f"List five properties of the {{item}} {{first}} that {effect}, one per line.",
        "The points fit the {item}.",
        "The points read well.",
        f"The points are {tone} ones.",
    )


FIVE_POSITIVE = _points("five_positive", "good", "people love")
FIVE_NEGATIVE = _points("five_negative", "bad", "people dislike")
