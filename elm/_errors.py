"""The errors that a caller can meet. Each message says the invariant, what came, and what to do."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Iterable


class ElmError(Exception):
    """Base class of every error that the toolkit raises on purpose."""

    exit_code = 1
    """What the command line exits with: 1 for a failed run, 2 for a wrong call."""


class CallError(ElmError, ValueError):
    """A wrong call: an argument that can never work."""

    exit_code = 2


class VectorError(CallError):
    """A vector that cannot be read: wrong size, not finite, or of another space."""


class UnknownNameError(CallError, LookupError):
    """A name that is not among the known ones; the message suggests the nearest."""

    def __init__(self, what: str, name: object, known: Iterable[object], hint: str = "") -> None:
        choices = [str(k) for k in known]
        near = difflib.get_close_matches(str(name), choices, n=1, cutoff=0.5)
        self.nearest = near[0] if near else None
        message = f"unknown {what} {str(name)!r}"
        if near:
            message += f"; did you mean {near[0]!r}?"
        elif len(choices) <= 30:
            message += f"; known: {', '.join(choices)}"
        else:
            message += f"; there are {len(choices)} of them, such as {', '.join(choices[:3])}"
        super().__init__(f"{message} {hint}".strip())


class DataFileError(ElmError):
    """A data file that is missing, cut off or not in its documented form."""


class LeakageError(ElmError):
    """Something that is scored was also trained on."""


class CheckpointError(ElmError):
    """A folder of weights that is incomplete, damaged or of another model."""


class FolderBusyError(CheckpointError):
    """A folder that another process is writing."""


class HubError(ElmError):
    """The Hub did not give or take a model: no access, no such repository, no connection."""


class TeacherError(ElmError):
    """A teacher that gave no text that can be used: no connection, no access, or an answer that broke its rules."""


class UnusableTextError(TeacherError):
    """None of a teacher's answers about one entity was whole, willing and without the name: others may do."""


class EngineError(ElmError):
    """An engine that stopped before all texts were written: no connection, workers that died, an answer that is none.

    What was written is kept.
    """


class ServerError(ElmError):
    """A server of `elm serve` that did not answer: not there, stopping, or not let in."""


class BusyError(ServerError):
    """A server that has as much to do as it takes on: the same call works a little later."""


class TimeLimitError(ServerError):
    """A call that took a server longer than it gives to one."""


class OutsideDataWarning(UserWarning):
    """A vector that lies far outside the data of its space: text about it is a guess."""


class ConsistencyWarning(UserWarning):
    """The loss of a training falls, but its texts do not get nearer to what they are about."""


class RequestWarning(UserWarning):
    """A request of which something was left out, or that a judge may read wrong."""


class TermsWarning(UserWarning):
    """A base whose owner's terms of use bind its users, given when it is first used."""


def callers_depth() -> int:
    """How far up the first code outside the toolkit is, as `warnings.warn` counts in the function that calls this."""
    depth, frame = 1, sys._getframe(1)
    while frame.f_back is not None and (frame.f_globals.get("__name__", "") + ".").startswith("elm."):
        depth, frame = depth + 1, frame.f_back
    return depth
