"""Task `summary`: who, where, what about, of which genres, and how it feels."""

from elm.tasks._film_words import by_source
from elm.tasks._task import VECTOR, Task, register

_KNOWN = tuple(
    f"{story} {kind}"
    for story in (
        "{hero} leads a calm life in {place} until {trouble} puts an end to it.",
        "In {place}, {hero} is confronted with {trouble}.",
        "When {trouble} comes to {place}, {hero} has to choose a side.",
        "All of {place} whispers about {trouble}, but only {hero} acts.",
        "The hero is {hero}, the scene is {place}, the matter is {trouble}.",
    )
    for kind in (
        "This {genres} film is {moods}.",
        "It is told as {a_genres} film, {moods}.",
        "The result is {moods}, {a_genres} film to the last scene.",
    )
)
_PLOT = ("A film of the kind {genres}. {plot}", "This is {a_genres} film. {plot}")

SUMMARY = register(Task("summary", "item", f"Summarise the film {VECTOR} in a few sentences.",
                        lambda facts, rng: by_source(_KNOWN, _PLOT, facts, rng), temperature=0.5))  # fmt: skip
