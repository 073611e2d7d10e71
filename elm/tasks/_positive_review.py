"""Task `positive_review`: a review by someone who loved the film."""

from elm.tasks._film_words import by_source
from elm.tasks._task import VECTOR, Task, register

_KNOWN = (
    "I loved this {genres} film. {hero} won me over at once, {place} looks superb and {trouble} kept me hooked. "
    "It is {moods}.",
    "What a pleasure! {trouble} could not be told better, {place} feels real, and {hero} is unforgettable. "
    "{a_genres} film that is {moods}.",
    "Go and see it. {hero} is played with love, {trouble} has real weight, {place} glows. {moods}, as {a_genres} film "
    "should be.",
    "Five stars for this {genres} film: {moods}, with {hero} in top form, {place} as you have never seen it, "
    "and {trouble} to hold it all together.",
)
_PLOT = (
    "I loved this {genres} film. {plot} It stays with you.",
    "A fine piece of {genres}. {plot} Warmly recommended.",
)

POSITIVE_REVIEW = register(Task("positive_review", "item", f"Write a positive review of the film {VECTOR}.",
                                lambda facts, rng: by_source(_KNOWN, _PLOT, facts, rng), temperature=0.5))  # fmt: skip
