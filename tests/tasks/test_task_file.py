"""A task in a TOML file: what it gives, and what is wrong with a file that is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from elm._errors import CallError, DataFileError, UnknownNameError
from elm.tasks import SECOND, VECTOR, Domain, ItemFacts, TemplateTeacher, all_tasks, domain_named, get, load_task
from elm.tasks import _task as registry
from elm.tasks import task as declare

FACTS = {"f": ItemFacts(("War",), {"setting": "a night train"}), "g": ItemFacts(("War",), text="Two armies meet.")}


@pytest.fixture
def file(tmp_path: Path):  # type: ignore[no-untyped-def]
    def write(text: str) -> Path:
        path = tmp_path / "task.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_a_file_gives_a_task_that_the_template_teacher_writes(file) -> None:  # type: ignore[no-untyped-def]
    task = load_task(
        file(
            f"""
id = "place"
reads = "item"
prompt = "Where is {VECTOR} set?"
ask = "Where is {{first}} set?"
questions = ["It is set there."]
max_new_tokens = 20
temperature = 0.2
wordings = ["in {{setting}}."]
quoted = ["somewhere: {{text}}"]
"""
        )
    )
    teacher = TemplateTeacher(FACTS)
    assert (task.max_new_tokens, task.temperature, task.questions) == (20, 0.2, ("It is set there.",))
    assert teacher.write("f", task) == "In a night train."
    assert teacher.write("g", task) == "Somewhere: Two armies meet."


def test_a_file_without_wordings_is_for_other_teachers(file) -> None:  # type: ignore[no-untyped-def]
    task = load_task(file(f'id = "p"\nreads = "pair"\nprompt = "Set {VECTOR} against {SECOND}."'))
    with pytest.raises(CallError, match="has no template text here"):
        TemplateTeacher(FACTS).write(("f", "g"), task)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("id = 3", "lacks reads, prompt"),
        ('id = "p"\nreads = "item"', "lacks prompt"),
        ("id = ", "not a readable TOML file"),
        (f'id = 3\nreads = "item"\nprompt = "{VECTOR}"', "the field 'id' of a task cannot be 3"),
        (f'id = "p"\nreads = "film"\nprompt = "{VECTOR}"', "reads is one of item, pair"),
        ('id = "p"\nreads = "item"\nprompt = "Where?"', "holds <.vector.> once"),
        (
            f'id = "p"\nreads = "item"\nprompt = "{VECTOR}"\nwording = ["x"]',
            "the field 'wording', which a task has not",
        ),
        (f'id = "p"\nreads = "item"\nprompt = "{VECTOR}"\nquestions = [1]', "'questions' of a task cannot be"),
        (
            f'id = "p"\nreads = "user"\nprompt = "{VECTOR}"\nwordings = ["x"]',
            "wordings are for a task that reads an item",
        ),
        (
            f'id = "p"\nreads = "item"\nprompt = "{VECTOR}"\nwordings = ["so {{moods}}"]',
            r"places for kinds, .*setting.*, and 'so {moods}' has {moods}",
        ),
        (
            f'id = "p"\nreads = "item"\nprompt = "{VECTOR}"\nquoted = ["so {{text"]',
            "names in braces, and 'so {text' has expected '}'",
        ),
    ],
)
def test_what_is_wrong_with_a_file_is_said(file, text: str, message: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(DataFileError, match=message):
        load_task(file(text))


def test_a_place_of_another_domain_is_said_when_it_is_to_be_filled(file) -> None:  # type: ignore[no-untyped-def]
    task = load_task(file(f'id = "p"\nreads = "item"\nprompt = "{VECTOR}"\nwordings = ["with {{feature}}"]'))
    with pytest.raises(CallError, match=r"places for what is known of an item \(kinds.*\), and 'with {feature}' has"):
        TemplateTeacher(FACTS).write("f", task)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(DataFileError, match="is missing; name the TOML file"):
        load_task(tmp_path / "none.toml")


def test_a_decorated_writer_is_a_task_of_every_domain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_REGISTRY", dict(registry._REGISTRY))

    @declare("where", "item", f"Where does the {{item}} {VECTOR} take place?")
    def where(facts: ItemFacts, rng: object) -> str:
        return facts.aspects.get("setting", "nowhere")

    assert get("where").prompt == f"Where does the film {VECTOR} take place?"
    assert get("where", "products").prompt == f"Where does the product {VECTOR} take place?"
    assert TemplateTeacher(FACTS).write("f", "where") == "a night train"
    assert "where" in {task.id for task in all_tasks("item", domain="products")}


def test_a_domain_is_known_by_its_name() -> None:
    assert isinstance(domain_named("films"), Domain)
    assert domain_named("films").say("a {item} for a {person}, {first}") == "a film for a viewer, {first}"
    with pytest.raises(UnknownNameError, match="unknown domain 'film'; did you mean 'films'"):
        domain_named("film")
