"""Tasks: named prompts over a vector, the facts a teacher may use, and the template teacher."""

from elm.tasks._facts import FilmFacts, UserFacts, film_facts, generated_facts
from elm.tasks._five_positive import FIVE_POSITIVE
from elm.tasks._negative_review import NEGATIVE_REVIEW
from elm.tasks._phrases import genre_word, shortened, trait_phrase
from elm.tasks._positive_review import POSITIVE_REVIEW
from elm.tasks._summary import SUMMARY
from elm.tasks._task import VECTOR, Task, all_tasks, get, register
from elm.tasks._themes import plot_themes
from elm.tasks._teacher import TemplateTeacher
from elm.tasks._user_profile import USER_PROFILE
from elm.tasks._user_summary import USER_SUMMARY
from elm.tasks._user_traits import TraitReader, trait_matrix

__all__ = ["FIVE_POSITIVE", "NEGATIVE_REVIEW", "POSITIVE_REVIEW", "SUMMARY", "USER_PROFILE", "USER_SUMMARY", "VECTOR",
           "FilmFacts", "Task", "TemplateTeacher", "TraitReader", "UserFacts", "all_tasks", "film_facts", "generated_facts", "genre_word",
           "get", "plot_themes", "register", "shortened", "trait_matrix", "trait_phrase"]  # fmt: skip
