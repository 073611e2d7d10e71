"""Tasks over vectors of texts, of any domain: the text itself, its gist, its topics, and what texts share or lack."""

from elm.tasks._task import SECOND, VECTOR, Task, register

TEXT = register(
    Task(
        "text",
        "item",
        f"Write the text that {VECTOR} stands for.",
        max_new_tokens=96,
        ask="Write a text like {first}, in other words.",
        questions=("The text is about the same thing.", "The text reads well."),
    )
)
GIST = register(
    Task(
        "gist",
        "item",
        f"Say in one sentence what {VECTOR} is about.",
        max_new_tokens=64,
        ask="Say in one sentence what {first} is about.",
        questions=("The sentence says what the text is about.",),
    )
)
TOPICS = register(
    Task(
        "topics",
        "item",
        f"List the key words of {VECTOR}.",
        max_new_tokens=64,
        ask="List ten key words of {first}, comma-separated.",
        questions=("The key words are those of the text.",),
    )
)
COMMON = register(
    Task(
        "common",
        "item",
        f"List what the texts whose mean is {VECTOR} have in common.",
        max_new_tokens=64,
        ask="List key words of what these texts have in common: {first}",
        scored_by="text",
        questions=("The key words are what the texts have in common.",),
    )
)
DIFFERENCE = register(
    Task(
        "difference",
        "pair",
        f"List what {SECOND} has that {VECTOR} lacks.",
        max_new_tokens=64,
        ask="List key words of what the second text has and the first lacks. First: {first} Second: {second}",
        scored_by="text",
        questions=("The key words are of the second text and not of the first.",),
    )
)
TEXT_TASKS = (TEXT, GIST, TOPICS, COMMON, DIFFERENCE)
"""In the order that a reader of texts learns them in."""
