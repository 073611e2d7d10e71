"""What the template teacher writes of films: their stories, and other versions of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from elm.tasks.domains._templates import patterns
from elm.tasks.facts._facts import ItemFacts

_SUMMARY = tuple(
    f"{story} {kind}"
    for story in (
        "{protagonist} leads a calm life in {setting} until {conflict} puts an end to it.",
        "In {setting}, {protagonist} is confronted with {conflict}.",
        "When {conflict} comes to {setting}, {protagonist} has to choose a side.",
        "All of {setting} whispers about {conflict}, but only {protagonist} acts.",
        "The hero is {protagonist}, the scene is {setting}, the matter is {conflict}.",
    )
    for kind in (
        "This {kinds} film is {qualities}.",
        "It is told as {a_kinds} film, {qualities}.",
        "The result is {qualities}, {a_kinds} film to the last scene.",
    )
)
_LONG = tuple(
    f"{opening} {middle} {ending}"
    for opening in (
        "At the centre of this {kinds} film stands {protagonist}, who asks for nothing but quiet days in {setting}.",
        "{setting} is the scene of this {kinds} film, and {protagonist} knows every corner of it.",
        "This {kinds} film begins on an ordinary morning: {protagonist} walks through {setting} and suspects nothing.",
    )
    for middle in (
        "Then comes {conflict}. At first nobody believes it, but soon there is no other talk, and friends turn into "
        "rivals.",
        "By nightfall {conflict} has changed everything. Old plans are worth nothing, and every door seems to be "
        "locked.",
    )
    for ending in (
        "Only when all seems lost does a way out appear, and it has its price. The film is {qualities} from the first "
        "scene to the last.",
        "In the last act the matter is settled for good, though not everyone is there to see it. The telling is "
        "{qualities} throughout.",
    )
)

_MORE = {
    "funnier": ("funny", ("frightening", "dark")),
    "sadder": ("dark", ("funny", "uplifting")),
    "scarier": ("frightening", ("funny", "uplifting")),
}
"""version -> (the quality that it gains, those that do not go with it)"""


def _turned(version: str) -> Callable[[ItemFacts], ItemFacts]:
    """The facts with the version's quality foremost, and one of the film's own behind it."""
    gained, lost = _MORE[version]

    def change(facts: ItemFacts) -> ItemFacts:
        kept = [found for found in facts.qualities if found[0] not in (gained, *lost)][:1]
        return replace(facts, qualities=((gained, 0), *kept))

    return change


_FUNNIER = (
    "Now it is a joke from start to end: {protagonist} trips through {setting}, and {conflict} turns into one long "
    "prank. "
    "This {kinds} film is {qualities}, and the audience roars with laughter.",
    "Take the same {kinds} film and laugh: {protagonist} gets everything wrong, {setting} is full of clowns, and "
    "{conflict} "
    "ends in a pie fight. It is {qualities}.",
    "In the comic version {conflict} is a misunderstanding, {protagonist} has the best jokes, and all of {setting} "
    "giggles. "
    "{a_kinds} film, but {qualities}.",
)
_SADDER = (
    "Now nobody is saved: {protagonist} loses everything in {setting}, and {conflict} ends in tears. This {kinds} "
    "film is "
    "{qualities}, bleak and full of grief.",
    "Take the same {kinds} film and weep: {protagonist} dies alone, {setting} falls silent, and {conflict} leaves only "
    "graves. It is {qualities}.",
    "In the sad version there is no comfort in {setting}: {conflict} breaks {protagonist}, and the last scene is a "
    "funeral. {a_kinds} film, but {qualities}.",
)
_SCARIER = (
    "Now something waits in the dark of {setting}: {protagonist} hears it breathe, and {conflict} turns into a "
    "nightmare. "
    "This {kinds} film is {qualities}, full of screams.",
    "Take the same {kinds} film and shudder: {protagonist} is hunted through {setting}, and behind {conflict} lurks a "
    "monster. It is {qualities}.",
    "In the scary version {setting} is haunted, {conflict} is the work of a killer, and {protagonist} does not dare to "
    "sleep. {a_kinds} film, but {qualities}.",
)
_IMPROVED = (
    "I would give {protagonist} a clearer goal, show more of {setting}, and bring {conflict} in sooner. The {kinds} "
    "film "
    "would stay {qualities}, only tighter.",
    "Cut the first half hour, so that {conflict} strikes at once; let {setting} play a part of its own; let "
    "{protagonist} "
    "fail once more. {a_kinds} film as {qualities} as before, and better.",
    "Better with a stronger rival for {protagonist}, with more at stake in {conflict}, and with {setting} seen at "
    "night. "
    "It remains {a_kinds} film, {qualities}.",
)

STORIES = {
    "summary": patterns(_SUMMARY, ("A film of the kind {kinds}. {text}", "This is {a_kinds} film. {text}")),
    "long_description": patterns(
        _LONG,
        (
            "This film belongs to {kinds}. {text} It takes its time, and every scene leads to the next.",
            "At length, then: {a_kinds} film. {text} So it goes to the end.",
        ),
    ),
    "funnier": patterns(
        _FUNNIER,
        (
            "The same {kinds} film, played for laughs. {text} Everybody slips, and the audience roars.",
            "A comic {kinds} film. {text} All of it is a joke now.",
        ),
        change=_turned("funnier"),
    ),
    "sadder": patterns(
        _SADDER,
        (
            "The same {kinds} film, without hope. {text} It ends in tears.",
            "A sad {kinds} film. {text} Nobody is saved now.",
        ),
        change=_turned("sadder"),
    ),
    "scarier": patterns(
        _SCARIER,
        (
            "The same {kinds} film, as a nightmare. {text} Something waits in the dark.",
            "A frightening {kinds} film. {text} All of it ends in screams now.",
        ),
        change=_turned("scarier"),
    ),
    "improve": patterns(
        _IMPROVED,
        (
            "A {kinds} film that could be tighter. {text} I would begin later and end sooner.",
            "More time for the people of this {kinds} film would help. {text} Then it would stay with us.",
        ),
    ),
}
"""Task id -> writer."""
