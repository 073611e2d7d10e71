"""Task `five_positive`: five good points of a film, one a line (ELM, Appendix E, task 6)."""

from elm.tasks._film_words import by_source
from elm.tasks._task import VECTOR, Task, register

_KNOWN = (
    "- {hero}, a lead worth following\n- the world of {place}\n- the way {trouble} is told\n"
    "- a fine blend of {genres}\n- a mood that is {moods}",
    "- how {hero} is played\n- how {place} is filmed\n- a strong core: {trouble}\n"
    "- it works as {genres}\n- a tone that is {moods}",
    "- {hero} has depth\n- {place} feels alive\n- {trouble} drives the plot\n"
    "- a true {genres} film\n- {moods} from start to end",
)
_PLOT = (
    "- a true {genres} film\n- {plot}\n- a cast that believes in it\n- a story that moves\n- an end worth the wait",
    "- it works as {genres}\n- {plot}\n- pictures to remember\n- people one cares for\n- never a dull scene",
)
_THEMES = (
    "- a true {genres} film\n- it knows about {theme1}\n- it has room for {theme2}\n- it thinks about {theme3}\n"
    "- never a dull scene",
    "- it works as {genres}\n- {theme1}, well told\n- {theme2}, seen afresh\n- a feeling for {theme3}\n"
    "- pictures to remember",
)

FIVE_POSITIVE = register(Task("five_positive", "item", f"List five good points of the film {VECTOR}.",
                              lambda facts, rng: by_source(_KNOWN, _THEMES if len(facts.themes) >= 6 else _PLOT, facts, rng), temperature=0.5))  # fmt: skip
