"""A page and a service over a run: `elm serve`, `elm serve --api`, and the client of the latter."""

from elm.serve._answers import (
    Edit,
    Health,
    Moved,
    Neighbour,
    Part,
    Path,
    Place,
    Point,
    Profile,
    Ranked,
    Space,
    TaskInfo,
    Text,
    Texts,
)
from elm.serve._client import Client
from elm.serve._run import ServeOptions, serve

__all__ = [
    "Client",
    "Edit",
    "Health",
    "Moved",
    "Neighbour",
    "Part",
    "Path",
    "Place",
    "Point",
    "Profile",
    "Ranked",
    "ServeOptions",
    "Space",
    "TaskInfo",
    "Text",
    "Texts",
    "serve",
]
