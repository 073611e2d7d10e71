"""Five points for an item, or five against it (ELM, Appendix E)."""

from elm.tasks._task import VECTOR, Task, register


def _points(id: str, tone: str, effect: str) -> Task:
    return register(
        Task(
            id,
            "item",
            f"List five {tone} points of the {{item}} {VECTOR}.",
            temperature=0.5,
            ask=f"List five properties of the {{item}} {{first}} that {effect}, one per line. Do not name it.",
            questions=(
                "The points fit the {item}.",
                "The points read well.",
                f"The points are {tone} ones.",
            ),
        )
    )


FIVE_POSITIVE = _points("five_positive", "good", "people love")
FIVE_NEGATIVE = _points("five_negative", "bad", "people dislike")
