"""Two items at once: drawn at random, or an item and one of its nearest neighbours (ELM, Section 3.1, Appendix E)."""

from typing import Literal

from elm.tasks._task import SECOND, VECTOR, Reads, Task, register


def _pair(
    id: str, reads: Reads, prompt: str, ask: str, aim: str, scored_by: Literal["text", "mixture"] = "text"
) -> Task:
    return register(
        Task(
            id,
            reads,
            prompt,
            max_new_tokens=160,
            temperature=0.5,
            ask=f"{ask} Name neither: call them the first and the second {{item}}.",
            scored_by=scored_by,
            questions=("The text fits both {items}.", "The text reads well.", aim),
        )
    )


SIMILARITIES = _pair(
    "similarities",
    "pair",
    f"List three similarities and three differences of the {{items}} {VECTOR} and {SECOND}.",
    "List three similarities and three differences of the {items} {first} and {second}.",
    "The comparison names what matters, alike and different.",
)
INTERPOLATION = _pair(
    "interpolation",
    "pair",
    f"Describe a new {{item}} halfway between {VECTOR} and {SECOND}.",
    "Describe at length a new {item} that lies halfway between {first} and {second}.",
    "The new {item} combines the two in a sensible way.",
    "mixture",
)
WHY_LIKE_NN = _pair(
    "why_like_nn",
    "neighbours",
    f"Why would someone who likes the {{item}} {VECTOR} also like {SECOND}?",
    "I like the {item} {first}. Explain why I would also like {second}.",
    "The text explains why the second {item} would please, too.",
)
DIFF_THAN_NN = _pair(
    "diff_than_nn",
    "neighbours",
    f"Name three differences between the {{items}} {VECTOR} and {SECOND}.",
    "In which three important respects do the {items} {first} and {second} differ?",
    "The differences are real and important ones.",
)
COMMON_WITH_NN = _pair(
    "common_with_nn",
    "neighbours",
    f"Name three things that the {{items}} {VECTOR} and {SECOND} have in common.",
    "Which three important things do the {items} {first} and {second} have in common?",
    "The things in common are real and important ones.",
)
