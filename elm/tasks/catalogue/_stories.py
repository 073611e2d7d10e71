"""Tasks that tell what an item is: briefly, at length, or for a shop's page (ELM, Appendices A and E)."""

from elm.tasks._task import VECTOR, Task, register

SUMMARY = register(
    Task(
        "summary",
        "item",
        f"Summarise the {{item}} {VECTOR} in a few sentences.",
        temperature=0.5,
        ask="Sum up the {item} {first} in one paragraph. Do not name it.",
        questions=(
            "The summary fits the {item}.",
            "The summary reads well.",
            "The summary is a good one.",
        ),
    )
)
LONG_DESCRIPTION = register(
    Task(
        "long_description",
        "item",
        f"Describe the {{item}} {VECTOR} at length.",
        max_new_tokens=224,
        temperature=0.5,
        ask="Describe the {item} {first} at length and in detail, from beginning to end. Do not name it.",
        questions=(
            "The description agrees with the original one.",
            "The description hangs together.",
            "The description is as good as the original one.",
        ),
    )
)
DESCRIPTION = register(
    Task(
        "description",
        "item",
        f"Describe the {{item}} {VECTOR} for those who may buy it.",
        temperature=0.5,
        ask="Write the text of a shop's page about the {item} {first}. Do not name it.",
        questions=(
            "This description and the shop's own mean the same {item}.",
            "The two descriptions are alike.",
            "The description reads well.",
            "The description tells all that a buyer needs.",
            "The description is about this {item}.",
        ),
    )
)
