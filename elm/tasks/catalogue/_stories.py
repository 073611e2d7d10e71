"""Tasks that tell what an item is: briefly, at length, or for a shop's page (ELM, Appendices A and E)."""

from elm.tasks._task import VECTOR
from elm.tasks.catalogue._about_item import about_item

SUMMARY = about_item(
    "summary",
    f"Summarise the {{item}} {VECTOR} in a few sentences.",
    "Sum up the {item} {first} in one paragraph.",
    "The summary fits the {item}.",
    "The summary reads well.",
    "The summary is a good one.",
)
LONG_DESCRIPTION = about_item(
    "long_description",
    f"Describe the {{item}} {VECTOR} at length.",
    "Describe the {item} {first} at length and in detail, from beginning to end.",
    "The description agrees with the original one.",
    "The description hangs together.",
    "The description is as good as the original one.",
    max_new_tokens=224,
)
DESCRIPTION = about_item(
    "description",
    f"Describe the {{item}} {VECTOR} for those who may buy it.",
    "Write the text of a shop's page about the {item} {first}.",
    "This description and the shop's own mean the same {item}.",
    "The two descriptions are alike.",
    "The description reads well.",
    "The description tells all that a buyer needs.",
    "The description is about this {item}.",
)
