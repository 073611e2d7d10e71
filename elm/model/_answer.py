"""Questions to a model that learned tasks alone: answered from the facts that its own texts state, or not at all."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from elm._text.sentences import sentences
from elm.tasks import Domain, Task, all_domains, found_facts, found_qualities, listed

_TELLING = ("summary", "long_description", "description", "user_profile", "user_summary")  # in the order of preference
_PAIRS = {
    "similarities": frozenset(
        "common share alike similar similarities differ different difference differences".split()
    ),
    "why_like_nn": frozenset("why".split()),
    "interpolation": frozenset("between halfway mix cross".split()),
}
"""Words of a question about two that ask for a task."""

_ALIKE = 0.6  # of the words of a question and of a task's prompt: the question asks for that task
_IDLE = frozenset(
    "a an about and are at be by can could do does for from had has have how i in is it its me of on or please say "
    "tell that the their them there they this to was were which with would you your".split()
)
_PLAIN = frozenset(
    "any actually become main major central exactly first happen happening happens known kind kinds make much name "
    "named or really see so some something take takes tell there very what when work".split()
)
"""Words that leave a question for a fact what it is: the *main* character, where it *takes* place."""
_LIKES = frozenset("like likes enjoy enjoys love loves prefer prefers taste tastes favourite watch buy read".split())
_DISLIKES = frozenset("dislike dislikes hate hates avoid avoids".split())
_AGAINST = re.compile(r"\b(?:avoids?|dislikes?|hates?|not|never|little for|no taste)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Plan:
    """How a question is answered: by the text of a task, of which `answer` makes the answer; None: not at all."""

    task: Task | None
    answer: Callable[[str], str]


def plan(question: str, tasks: Sequence[Task]) -> Plan:
    """The plan for a question about one vector, or about a pair, given the tasks that its adapter learned.

    A question that is worded as a task is answered by that task. One that asks for facts of a domain (where a film is
    set, whether it is funny, what a viewer likes) is answered from the text of a task that tells them.
    """
    domain, telling = _domain(tasks), _telling(tasks)
    if not tasks:
        return Plan(None, lambda text: _cannot(tasks, domain, telling))
    if (task := _worded_as(question, tasks, domain)) is not None:
        return Plan(task, str)
    if telling is not None and telling.reads == "user":
        wanted = _asked_traits(question, domain)
        verbs = _LIKES | _DISLIKES
        if wanted or (_words(question) & verbs and not _unexplained(question, domain, []) - verbs):
            return Plan(telling, lambda text: _tastes(text, question, wanted))
    elif telling is not None and (kinds := _asked_kinds(question, domain)):
        return Plan(telling, lambda text: " ".join(_told(kind, question, text, domain) for kind in kinds))
    return Plan(None, lambda text: _cannot(tasks, domain, telling))


def _worded_as(question: str, tasks: Sequence[Task], domain: Domain) -> Task | None:
    """The task whose prompt says what the question says: most of its words, or all that the question has after the same
    first word; of two vectors, the task that a word of the question asks for.
    """
    nouns = frozenset((domain.item, domain.items, domain.person))
    asked, first = _words(question) - nouns, frozenset(re.findall(r"\w+", question.lower()))
    for task in tasks:
        said = _words(task.prompt) - nouns
        if asked and asked <= said and task.prompt.split()[0].lower() in first:
            return task
        if len(asked & said) >= _ALIKE * len(asked | said):
            return task
        if len(task.marks) > 1 and asked & _PAIRS.get(task.id, frozenset()):
            return task
    return None


def _words(text: str) -> frozenset[str]:
    """The words of a text that carry its meaning, without the places of vectors."""
    return frozenset(re.findall(r"[a-z]+(?:-[a-z]+)*", re.sub(r"<\|.*?\|>|\{\w+\}", " ", text.lower()))) - _IDLE


def _domain(tasks: Sequence[Task]) -> Domain:
    """The domain whose nouns the prompts use most."""
    said = " ".join(task.prompt.lower() for task in tasks)

    def named(domain: Domain) -> int:
        nouns = (domain.item, domain.items, domain.person)
        return sum(len(re.findall(rf"\b{noun}\b", said)) for noun in nouns)

    return max(all_domains(), key=named)


def _telling(tasks: Sequence[Task]) -> Task | None:
    """The task over one vector whose texts tell the facts."""
    single = {task.id: task for task in tasks if len(task.marks) == 1}
    return next((single[id] for id in _TELLING if id in single), None)


def _asked_kinds(question: str, domain: Domain) -> list[str]:
    """The kinds of facts that a question asks for: by a value that it names, else by its words."""
    values = found_facts(question, domain.name)
    named = [kind for kind, found in values.items() if found]
    if _asked_qualities(question, domain):
        named.append("quality")
    if _unexplained(question, domain, [value for found in values.values() for value in found]):
        return []
    words = " ".join(re.findall(r"\w+", question.lower()))
    asks = {kind: "|".join(map(re.escape, known)) for kind, known in domain.asks.items()}
    return named or [kind for kind, ask in asks.items() if re.search(rf"\b(?:{ask})(?!\w)", f"{words}?")][:2]


def _unexplained(question: str, domain: Domain, values: Sequence[str]) -> frozenset[str]:
    """Words of a question that no fact answers: "who *directed* it" does not ask for the lead.

    >>> from elm.tasks import domain_named
    >>> sorted(_unexplained("Who directed it?", domain_named("films"), []))
    ['directed']
    """
    said = [*values, *map(domain.kind_word, values), *_asked_qualities(question, domain)]
    said += [word for known in domain.asks.values() for word in known]
    said += [domain.item, domain.items, domain.person, domain.kind, domain.kinds, *domain.labels.values()]
    known = {word for text in said for word in re.findall(r"[a-z]+", text.lower().replace("_", " "))}
    asked = {part for word in _words(question) for part in word.split("-")}
    return frozenset(word for word in asked if not {word, word.removesuffix("s"), f"{word}s"} & known) - _IDLE - _PLAIN


def _asked_qualities(question: str, domain: Domain) -> list[str]:
    said = question.lower().replace("-", " ")
    return [name for name in domain.vocabulary.qualities if re.search(rf"\b{name.replace('_', ' ')}\b", said)]


def _told(kind: str, question: str, text: str, domain: Domain) -> str:
    """What a text tells of one kind of fact, with a yes or no where the question names a value."""
    if kind == "quality":
        said, asked = found_qualities(text, domain.name), set(_asked_qualities(question, domain))
        what = f"it is {listed(list(said.values()))}" if said else "its text names none of its qualities"
        return _judged(asked, set(said), what)
    found = found_facts(text, domain.name)[kind]
    if kind == domain.kinds:
        words = [domain.kind_word(name) for name in sorted(found)]
        what = f"the {domain.kinds} are {listed(words)}" if len(words) > 1 else f"the {domain.kind} is {listed(words)}"
    else:
        what = f"the {domain.labels.get(kind, kind)} is {listed(sorted(found))}"
    if not found:
        return f"Its text tells no {domain.labels.get(kind, kind)}."
    return _judged(set(found_facts(question, domain.name)[kind]), set(found), what)


def _judged(asked: set[str], found: set[str], what: str) -> str:
    if not asked:
        return f"{what[0].upper()}{what[1:]}."
    return f"{'Yes' if asked <= found else 'No'}: {what}."


def _asked_traits(question: str, domain: Domain) -> list[str]:
    """How the traits that a question names are said as things to like."""
    said = question.lower().replace("-", " ").replace("ies ", "y ").replace("ies?", "y?")  # comedies: comedy
    words = {name: domain.kind_word(name).replace("-", " ") for name in domain.vocabulary.kinds}
    words |= {name: name.replace("_", " ") for name in domain.vocabulary.qualities}
    return [domain.trait(name) for name, word in words.items() if re.search(rf"\b{re.escape(word)}s?\b", said)]


def _tastes(text: str, question: str, wanted: Sequence[str]) -> str:
    """The sentences of a profile that speak of the traits that are asked for; where none is named, those of likes or of
    dislikes, or all.
    """
    lines = [line.lstrip("-* ") for line in sentences(text)]
    if wanted:
        lines = [line for line in lines if any(trait.lower() in line.lower() for trait in wanted)]
    elif (asked := _words(question)) & _DISLIKES:
        lines = [line for line in lines if _AGAINST.search(line)]
    elif asked & _LIKES:
        lines = [line for line in lines if not _AGAINST.search(line)]
    return " ".join(lines) or f"The profile says nothing of {listed(list(wanted)) if wanted else 'that'}."


def _cannot(tasks: Sequence[Task], domain: Domain, telling: Task | None) -> str:
    """What is said in place of an answer."""
    names = listed([task.id for task in tasks][:4])
    knows = f"It learned tasks, such as {names}, and no free questions"
    if telling is not None and telling.reads == "user":
        tells = f"what a {domain.person} likes and dislikes"
    elif telling is not None and domain.aspects:
        told = [domain.kinds, *(domain.labels.get(name, name) for name in domain.aspects), domain.quality]
        tells = f"the {listed(told)} of a {domain.item}"
    else:
        return f"This model cannot answer that. {knows}."
    return f"This model cannot answer that. {knows}; it can be asked for {tells}."
