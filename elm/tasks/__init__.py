"""Tasks: named prompts over vectors, the words of a domain, the facts a teacher may use, and the teachers."""

from typing import Any

from elm.tasks._domain import Domain, all_domains, domain_named, domain_of, register_domain
from elm.tasks._english import listed, shortened
from elm.tasks._task import SECOND, VECTOR, Reads, Task, all_tasks, get, register, task
from elm.tasks._task_file import load_task
from elm.tasks.catalogue import _pairs, _persuasion, _points, _reviews, _rewrites, _stories  # noqa: F401  (they register tasks)
from elm.tasks.catalogue._profiles import USER_PROFILE, USER_SUMMARY
from elm.tasks.catalogue._texts import COMMON, DIFFERENCE, GIST, TEXT, TEXT_TASKS, TOPICS
from elm.tasks.domains._books import BOOKS
from elm.tasks.domains._films import FILMS
from elm.tasks.domains._items import ITEMS
from elm.tasks.domains._products import PRODUCTS
from elm.tasks.domains._templates import patterns
from elm.tasks.examples._build import ExampleSource, build_examples
from elm.tasks.examples._files import load_examples, save_examples
from elm.tasks.examples._leakage import LeakageReport, leakage_report
from elm.tasks.examples._plan import PAPER, SMALL, ExamplePlan
from elm.tasks.facts._briefs import ItemBrief, UserBrief, item_briefs, user_briefs
from elm.tasks.facts._facts import ItemFacts, UserFacts, generated_facts, item_facts
from elm.tasks.facts._found import found_facts, found_qualities, opening
from elm.tasks.facts._key_words import KeyWords
from elm.tasks.facts._profile_writer import ProfileWriter
from elm.tasks.facts._themes import plot_themes
from elm.tasks.facts._topics import text_topics
from elm.tasks.facts._traits import TraitReader, trait_matrix
from elm.tasks.facts._user_summaries import TasteWriter
from elm.tasks.teachers._chat_teacher import ChatTeacher
from elm.tasks.teachers._dialogue import Failure
from elm.tasks.teachers._pipeline_teacher import PipelineTeacher
from elm.tasks.teachers._teacher import Entity, Teacher, TemplateTeacher
from elm.tasks.teachers._text_teacher import NOTHING, TextTeacher
from elm.tasks.teachers._title_leaks import names_in

__all__ = [
    "BOOKS",
    "COMMON",
    "DIFFERENCE",
    "FILMS",
    "GIST",
    "ITEMS",
    "NOTHING",
    "PAPER",
    "PRODUCTS",
    "SECOND",
    "SMALL",
    "TEXT",
    "TEXT_TASKS",
    "TOPICS",
    "USER_PROFILE",
    "USER_SUMMARY",
    "VECTOR",
    "ChatTeacher",
    "Domain",
    "Entity",
    "ExamplePlan",
    "ExampleSource",
    "Failure",
    "ItemBrief",
    "ItemFacts",
    "KeyWords",
    "LeakageReport",
    "PipelineTeacher",
    "ProfileWriter",
    "Reads",
    "Task",
    "TasteWriter",
    "Teacher",
    "TemplateTeacher",
    "TextTeacher",
    "TraitReader",
    "UserBrief",
    "UserFacts",
    "all_domains",
    "all_tasks",
    "build_examples",
    "domain_named",
    "domain_of",
    "found_facts",
    "found_qualities",
    "generated_facts",
    "get",
    "item_briefs",
    "item_facts",
    "leakage_report",
    "listed",
    "load_examples",
    "load_task",
    "names_in",
    "opening",
    "patterns",
    "plot_themes",
    "register",
    "register_domain",
    "save_examples",
    "shortened",
    "task",
    "text_topics",
    "trait_matrix",
    "user_briefs",
]

_OF_CHAT = {
    name: name for name in "Answer AnswerCache Asking ChatJudge Chosen answer_key chat_client complete spoken".split()
}
_OF_CHAT["Spending"] = "Usage"
"""Names that were here before `elm.chat` was a room of its own, and theirs there."""


def __getattr__(name: str) -> Any:
    if name not in _OF_CHAT:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from elm import chat

    return getattr(chat, _OF_CHAT[name])
