"""The shape of most tasks: a text of some freedom about one item, which must not name it."""

from typing import Any

from elm.tasks._task import Task, register


def about_item(id: str, prompt: str, ask: str, *questions: str, **options: Any) -> Task:
    """Register it. ask: what a teacher is asked, without the rule about names; options: other fields of `Task`."""
    return register(
        Task(id, "item", prompt, temperature=0.5, ask=f"{ask} Do not name it.", questions=questions, **options)
    )
