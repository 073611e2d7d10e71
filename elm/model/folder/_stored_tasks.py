"""Tasks as a folder stores them: asked as in training, whatever this version of the registry says."""

from __future__ import annotations

from dataclasses import replace

from elm.tasks import Reads, Task, all_tasks


def stored_task(name: str, *, reads: Reads, prompt: str, max_new_tokens: int, temperature: float) -> Task:
    """The task with its stored prompt; the teacher of the registered one of that name, where there is one.

    Raises `CallError` for a prompt that has no place for a vector, or too many.
    """
    known = {task.id: task for task in all_tasks()}.get(name) or Task(name, reads, prompt)
    return replace(known, reads=reads, prompt=prompt, max_new_tokens=max_new_tokens, temperature=temperature)
