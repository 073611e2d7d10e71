"""Other versions of an item: funnier, sadder, scarier, or simply better (ELM, Appendix E)."""

from elm.tasks._task import VECTOR, Task
from elm.tasks.catalogue._about_item import about_item


def _version(id: str, prompt: str, ask: str, third: str) -> Task:
    return about_item(
        id, prompt, ask, "The new version still fits the {item}.", "The new version hangs together.", third
    )


FUNNIER, SADDER, SCARIER = (
    _version(
        id,
        f"Tell a {id} version of the {{item}} {VECTOR}.",
        f"Retell the {{item}} {{first}} so that it becomes {id}.",
        f"The new version is {id} than the {{item}}.",
    )
    for id in ("funnier", "sadder", "scarier")
)
IMPROVE = _version(
    "improve",
    f"Improve the {{item}} {VECTOR} and say how.",
    "Improve the {item} {first}: say what you change, and why it is better for it.",
    "Some would find the new version better than the {item}.",
)
