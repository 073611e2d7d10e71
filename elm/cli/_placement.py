"""The options of every command that loads a model: where it lies, and in which numbers."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Annotated, Any, TypeVar, get_type_hints

import typer

Command = TypeVar("Command", bound=Callable[..., Any])

Device = Annotated[str, typer.Option(help="Where the model lies: cpu, cuda, cuda:1, or auto (a GPU if there is one).")]
Dtype = Annotated[str, typer.Option(help="Precision of the language model: float32, bfloat16 or float16.")]
DeviceMap = Annotated[
    str | None,
    typer.Option(help='In place of --device, for a model that one does not hold: "auto".'),
]
_OPTIONS: dict[str, tuple[Any, Any]] = {
    "device": (Device, "cpu"),
    "dtype": (Dtype, "float32"),
    "device_map": (DeviceMap, None),
}


def placed(command: Command) -> Command:
    """The command with the options --device, --dtype and --device-map, which it is given together as `placement`: those
    that differ from what a model has by itself, as `elm.model.Placement` takes them.
    """
    own = inspect.signature(command)
    hints = get_type_hints(command, include_extras=True)

    @functools.wraps(command)
    def call(**given: Any) -> Any:
        asked = {name: given.pop(name) for name in _OPTIONS}
        return command(placement={k: v for k, v in asked.items() if v != _OPTIONS[k][1]}, **given)

    kept = [one.replace(annotation=hints[name]) for name, one in own.parameters.items() if name != "placement"]
    more = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=kind)
        for name, (kind, default) in _OPTIONS.items()
    ]
    told: Any = call
    told.__signature__ = own.replace(parameters=[*kept, *more])
    told.__annotations__ = {**hints, **{name: kind for name, (kind, _) in _OPTIONS.items()}}
    told.__annotations__.pop("placement")
    del told.__wrapped__  # typer would read the options of what is wrapped
    result: Command = told
    return result
