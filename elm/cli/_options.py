"""Options that several commands share, so that they are named and explained the same everywhere."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from elm._errors import CallError
from elm.cli._output import is_quiet, set_quiet

if TYPE_CHECKING:
    from elm.chat import Client


def _quiet(asked: bool) -> bool:
    set_quiet(asked or is_quiet())  # `elm --quiet embed` and `elm embed --quiet` are the same
    return is_quiet()


Json = Annotated[bool, typer.Option("--json", help="Print JSON on standard output, and nothing else there.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", callback=_quiet, help="No progress bars and no remarks.")]
Track = Annotated[
    str | None,
    typer.Option(help="Also show the metrics in tensorboard (files in tracked/ beside --out), trackio or wandb."),
]
Seed = Annotated[int, typer.Option(min=0, help="Seed of everything that is drawn.")]

# The best of several texts.
DrawnTexts = Annotated[int, typer.Option("--n", help="Texts drawn about each vector, one of which is chosen.")]
Choose = Annotated[str, typer.Option(help="Which of several texts: the one whose encoding is nearest to its vector.")]
ChoosingEncoder = Annotated[
    str | None,
    typer.Option("--encoder", help="Text encoder of the vectors' space, where it is not found."),
]

# The data set of a benchmark, and how its users are split.
DataName = Annotated[str, typer.Argument(help="A data set by name, such as demo or ml-100k, or its folder.")]
DataFolder = Annotated[Path | None, typer.Option(help="Where the files of a named data set lie.")]
RandomOrder = Annotated[
    bool, typer.Option("--random-order", help="A drawn order in place of time, for data sets without times.")
]
HeldOutUsers = Annotated[int | None, typer.Option(min=2, help="Users set aside, half for the test.")]
UserRatings = Annotated[int | None, typer.Option(min=1, help="Minimum number of ratings per user.")]
ItemRatings = Annotated[int | None, typer.Option(min=1, help="Minimum number of ratings per item.")]
Seeds = Annotated[int, typer.Option(min=1, help="How many seeds: splits and models change with them.")]
Texts = Annotated[
    Path | None, typer.Option(help="JSON of the users' texts from another writer, user id -> text (docs/summaries.md).")
]
TextStyle = Annotated[
    str | None,
    typer.Option("--style", help="Of the template's texts: prose or parts (default: prose for real data)."),
]
ResultsFolder = Annotated[Path | None, typer.Option(help="Keep results here; a second call resumes from them.")]

# A chat model behind an endpoint.
Endpoint = Annotated[
    str | None, typer.Option(help="URL of an OpenAI-compatible API, by default OpenAI's. Key: OPENAI_API_KEY.")
]
Prices = Annotated[tuple[float, float] | None, typer.Option(help="Prices of a million tokens read, and written.")]


def asked_model(ask: str | None, endpoint: str | None, cache: Path | None = None) -> Client | None:
    """The chat model that --ask names, with the options that go with it; None where no model is asked."""
    if ask is None:
        if endpoint is not None:
            raise CallError("--endpoint goes with --ask, the model to ask there")
        return None
    from elm.chat import Client

    return Client(ask, endpoint, cache=cache)
