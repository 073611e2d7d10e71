"""Tasks: named prompts over vectors, the words of a domain, the facts a teacher may use, and the teachers."""

from elm.tasks import _pairs, _persuasion, _points, _reviews, _rewrites, _stories  # noqa: F401  (they register tasks)
from elm.tasks._answer_cache import AnswerCache, answer_key
from elm.tasks._asking import Answer, Asking, Failure, spoken
from elm.tasks._books import BOOKS
from elm.tasks._briefs import ItemBrief, UserBrief, item_briefs, user_briefs
from elm.tasks._chat_endpoint import chat_client, complete
from elm.tasks._chat_teacher import ChatTeacher
from elm.tasks._domain import Domain, domain_named, register_domain
from elm.tasks._example_files import load_examples, save_examples
from elm.tasks._example_plan import PAPER, SMALL, ExamplePlan
from elm.tasks._examples import ExampleSource, build_examples
from elm.tasks._facts import ItemFacts, UserFacts, generated_facts, item_facts
from elm.tasks._films import FILMS
from elm.tasks._judge_client import ChatJudge, Chosen
from elm.tasks._leakage import LeakageReport, leakage_report
from elm.tasks._names import names_in
from elm.tasks._phrases import shortened
from elm.tasks._pipeline_teacher import PipelineTeacher
from elm.tasks._products import PRODUCTS
from elm.tasks._profiles import USER_PROFILE, USER_SUMMARY
from elm.tasks._spending import Spending
from elm.tasks._task import SECOND, VECTOR, Reads, Task, all_tasks, get, register, task
from elm.tasks._task_file import load_task
from elm.tasks._taste_writer import TasteWriter
from elm.tasks._teacher import Entity, Teacher, TemplateTeacher
from elm.tasks._themes import plot_themes
from elm.tasks._user_traits import TraitReader, trait_matrix
from elm.tasks._wording import patterns

__all__ = [
           "BOOKS",
           "FILMS",
           "PAPER",
           "PRODUCTS",
           "SECOND",
           "SMALL",
           "USER_PROFILE",
           "USER_SUMMARY",
           "VECTOR",
           "Answer",
           "AnswerCache",
           "Asking",
           "ChatJudge",
           "ChatTeacher",
           "Chosen",
           "Domain",
           "Entity",
           "ExamplePlan",
           "ExampleSource",
           "Failure",
           "ItemBrief",
           "ItemFacts",
           "LeakageReport",
           "PipelineTeacher",
           "Reads",
           "Spending",
           "Task",
           "TasteWriter",
           "Teacher",
           "TemplateTeacher",
           "TraitReader",
           "UserBrief",
           "UserFacts",
           "all_tasks",
           "answer_key",
           "build_examples",
           "chat_client",
           "complete",
           "domain_named",
           "generated_facts",
           "get",
           "item_briefs",
           "item_facts",
           "leakage_report",
           "load_examples",
           "load_task",
           "names_in",
           "patterns",
           "plot_themes",
           "register",
           "register_domain",
           "save_examples",
           "shortened",
           "spoken",
           "task",
           "trait_matrix",
           "user_briefs",
]  # fmt: skip
