"""Other versions of an item: funnier, sadder, scarier, or simply better (ELM, Appendix E)."""

from elm.tasks._task import VECTOR, Task, register


def _version(id: str, prompt: str, ask: str, third: str) -> Task:
    return register(
        Task(
            id,
            "item",
            prompt,
            temperature=0.5,
            ask=f"{ask} Do not name it.",
            questions=("The new version still fits the {item}.", "The new version hangs together.", third),
        )
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
