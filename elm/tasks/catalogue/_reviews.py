"""Reviews of an item: by someone who loved it, whom it left cold, or who saw both sides (ELM, Appendices A and E)."""

from elm.tasks._task import VECTOR, Task
from elm.tasks.catalogue._about_item import about_item


def _review(id: str, tone: str, voice: str) -> Task:
    return about_item(
        id,
        f"Write a {tone} review of the {{item}} {VECTOR}.",
        f"Write a long {tone} review of the {{item}} {{first}}, as someone {voice}.",
        "The review fits the {item}.",
        "The review reads well.",
        f"The review is {tone}.",
    )


POSITIVE_REVIEW = _review("positive_review", "positive", "who loved it")
NEGATIVE_REVIEW = _review("negative_review", "negative", "whom it disappointed")
NEUTRAL_REVIEW = _review("neutral_review", "neutral", "who weighs its strengths against its weaknesses")
