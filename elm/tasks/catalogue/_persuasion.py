"""Speaking for an item or against it: to a producer, to the public, to a friend (ELM, Appendices A and E)."""

from elm.tasks._task import VECTOR, Task
from elm.tasks.catalogue._about_item import about_item

_ARGUMENT = ("The text fits the {item}.", "The text reads well.")
_DETAIL = ("The text says all that matters.", "The text is short and to the point.")


def _argument(id: str, prompt: str, ask: str, *aims: str) -> Task:
    return about_item(id, prompt, ask, *_ARGUMENT, *aims)


PITCH = _argument(
    "pitch",
    f"Pitch the {{item}} {VECTOR} to a producer.",
    "Suppose that the {item} {first} had not been made. Win a producer for it: say what will make it great, and how it "
    "compares with others of its kind.",
    "The pitch convinces.",
)
CRITICIZE = _argument(
    "criticize",
    f"Criticise the {{item}} {VECTOR}.",
    "Criticise the {item} {first}: what do people dislike about it, and how does it compare with others of its kind?",
    "The criticism is a good one.",
)
ENDORSEMENT = _argument(
    "endorsement",
    f"Endorse the {{item}} {VECTOR}.",
    "Write an endorsement of the {item} {first}, as a well-known person might sign it.",
    "The endorsement recommends the {item}.",
)
CONVINCE = tuple(
    _argument(
        f"convince{number}",
        f"Convince a {{person}} of the {{item}} {VECTOR}{how}.",
        f"Convince someone of the {{item}} {{first}}{how}.",
        "The text convinces.",
        *_DETAIL,
    )
    for number, how in ((1, ", in detail"), (2, ""), (3, ", briefly"))
)
DISSUADE = tuple(
    _argument(
        f"dissuade{number}",
        f"Dissuade a {{person}} from the {{item}} {VECTOR}{how}.",
        f"Dissuade someone from the {{item}} {{first}}{how}.",
        "The text dissuades.",
        *_DETAIL,
    )
    for number, how in ((1, ", in detail"), (2, ""))
)
TO_VIEWER = _argument(
    "movie_to_viewer",
    f"Which {{person}} would enjoy the {{item}} {VECTOR}?",
    "What kind of {person} would enjoy the {item} {first}? Describe them.",
    "The {person} who is described would enjoy the {item}.",
)
