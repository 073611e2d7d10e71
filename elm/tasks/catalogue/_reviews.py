"""Reviews of an item: by someone who loved it, whom it left cold, or who saw both sides (ELM, Appendices A and E)."""

from elm.tasks._task import VECTOR, Task, register


def _review(id: str, tone: str, voice: str) -> Task:
    return register(
        Task(
            id,
            "item",
            f"Write a {tone} review of the {{item}} {VECTOR}.",
            temperature=0.5,
            ask=f"Write a long {tone} review of the {{item}} {{first}}, as someone {voice}. Do not name it.",
            questions=(
                "The review fits the {item}.",
                "The review reads well.",
                f"The review is {tone}.",
            ),
        )
    )


POSITIVE_REVIEW = _review("positive_review", "positive", "who loved it")
NEGATIVE_REVIEW = _review("negative_review", "negative", "whom it disappointed")
NEUTRAL_REVIEW = _review("neutral_review", "neutral", "who weighs its strengths against its weaknesses")
