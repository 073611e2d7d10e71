"""Task `negative_review`: a review by someone whom the film left cold."""

from elm.tasks._film_words import by_source
from elm.tasks._task import VECTOR, Task, register

_KNOWN = (
    "This {genres} film left me cold. {hero} never convinces, {place} looks cheap and {trouble} leads nowhere. "
    "It wants to be {moods}, and is not.",
    "What a waste! {trouble} is told without care, {place} feels like cardboard, and {hero} is a bore. "
    "{a_genres} film sold as {moods}.",
    "Stay at home. {hero} is miscast, {trouble} has no weight, {place} is badly lit. {moods}, says the poster of this "
    "{genres} film; it lies.",
    "One star for this {genres} film: meant to be {moods}, it gives us {hero} half asleep, {place} out of focus, "
    "and {trouble} that nobody believes.",
)
_PLOT = (
    "This {genres} film left me cold. {plot} None of it works.",
    "A weak piece of {genres}. {plot} Better stay at home.",
)

NEGATIVE_REVIEW = register(Task("negative_review", "item", f"Write a negative review of the film {VECTOR}.",
                                lambda facts, rng: by_source(_KNOWN, _PLOT, facts, rng), temperature=0.5))  # fmt: skip
