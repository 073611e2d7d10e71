"""Read, question, edit and steer embedding vectors in plain language.

Heavy libraries load on first use: `import elm` itself imports nothing but the standard library.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Literal, Unpack, overload

from elm._errors import (
    BusyError,
    CallError,
    CheckpointError,
    ConsistencyWarning,
    DataFileError,
    ElmError,
    EngineError,
    FolderBusyError,
    HubError,
    LeakageError,
    OutsideDataWarning,
    RequestWarning,
    ServerError,
    TeacherError,
    TermsWarning,
    TimeLimitError,
    UnknownNameError,
    UnusableTextError,
    VectorError,
)
from elm._version import __version__ as __version__

_ROOMS = tuple(
    "adapters bulk cav chat data embeddings evaluation metrics model recommend runs serve tasks training".split()
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pandas as pd

    from elm import (
        adapters,
        bulk,
        cav,
        chat,
        data,
        embeddings,
        evaluation,
        metrics,
        model,
        recommend,
        runs,
        serve,
        tasks,
        training,
    )
    from elm.embeddings import VectorTable
    from elm.evaluation import Certificate
    from elm.model import BestOf, EmbeddingLanguageModel, PlacementOptions
    from elm.model._reading import Many, One, ReadOptions, Unshaped
    from elm.runs import Reader

    class DescribeOptions(ReadOptions, PlacementOptions, total=False):
        """Options of `describe`, for its overloads."""

        model: EmbeddingLanguageModel | str | Path | None


@overload
def describe(
    vector: Unshaped, task: str, *, certify: bool = False, return_all: bool = False, **options: Unpack[DescribeOptions]
) -> Any: ...
@overload
def describe(
    vector: One,
    task: str,
    *,
    certify: Literal[False] = False,
    return_all: Literal[False] = False,
    **options: Unpack[DescribeOptions],
) -> str: ...
@overload
def describe(
    vector: Many,
    task: str,
    *,
    certify: Literal[False] = False,
    return_all: Literal[False] = False,
    **options: Unpack[DescribeOptions],
) -> list[str]: ...
@overload
def describe(vector: One, task: str, *, certify: Literal[True], **options: Unpack[DescribeOptions]) -> Certificate: ...
@overload
def describe(
    vector: Many, task: str, *, certify: Literal[True], **options: Unpack[DescribeOptions]
) -> list[Certificate]: ...
@overload
def describe(vector: One, task: str, *, return_all: Literal[True], **options: Unpack[DescribeOptions]) -> BestOf: ...
@overload
def describe(
    vector: Many, task: str, *, return_all: Literal[True], **options: Unpack[DescribeOptions]
) -> list[BestOf]: ...
@overload
def describe(
    vector: Any, task: str, *, certify: bool = False, return_all: bool = False, **options: Unpack[DescribeOptions]
) -> Any: ...
def describe(
    vector: Any,
    task: str,
    *,
    model: EmbeddingLanguageModel | str | Path | None = None,
    certify: bool = False,
    **options: Any,
) -> Any:
    """Describe vectors: (d,) -> str, (n, d) -> list.

    model: a model, its folder, or "owner/name" on the Hub; None: the demo model that ships with the package, which
    reads vectors of the demo spaces. device, dtype, device_map: where one that is loaded lies, and in which numbers, as
    `elm.load` takes them. certify: give each text as an `elm.evaluation.Certificate`, which says how far it may be
    trusted; its `text` is the text; the model is the shipped one, or that of a run folder.

    Other options are those of `EmbeddingLanguageModel.describe`, such as n=8 for the best of eight texts; errors are,
    too, and `CallError` where a task over two vectors, or one of several texts, is to be certified. Vectors outside
    what was learned, such as those of texts of another kind by the same encoder, draw an `OutsideDataWarning`.

    >>> import elm
    >>> films = elm.model.shipped_vectors("films")
    >>> isinstance(elm.describe(films["f7"], "summary"), str)
    True
    """
    from elm.model import EmbeddingLanguageModel, opened, split_placement

    if certify and (options.get("n", 1) != 1 or options.get("return_all")):
        raise CallError("certificates are calibrated on one text per vector: certify without n and return_all")
    placement, reading = split_placement(options)
    text = opened(model, **placement).describe(vector, task, **reading)
    if not certify:
        return text
    from elm.runs import certifier

    if isinstance(model, EmbeddingLanguageModel):
        raise CallError("certificates are calibrated on a run's held-out entities: name the run folder as the model")

    rows = getattr(vector, "vectors", vector)
    found = certifier(model, task, progress=False).certificates([text] if isinstance(text, str) else text, rows, task)
    return found[0] if isinstance(text, str) else found


def fit(vectors: Any, texts: Any = None, **options: Any) -> Reader:
    """Train a model that reads anyone's vectors in words: `elm.fit(vectors, texts, base="gemma-3-270m", out="reader")`.

    vectors: an array (n, dim), a file, a table, word vectors, factors of a recommender (see
    `elm.embeddings.vector_table`). texts: one or more of each, joined by id. The reader that comes back says in one
    line whether it beats copying the nearest text. Options and errors are those of `elm.runs.fit`.
    """
    from elm.runs import fit as fit_reader

    return fit_reader(vectors, texts, **options)


def ask(vector: Any, question: str, *, model: EmbeddingLanguageModel | str | Path | None = None, **options: Any) -> Any:
    """The answer to a question about a vector (d,), several (n, d), or a pair; see `EmbeddingLanguageModel.ask`.

    model, device, dtype, device_map: as `elm.describe` takes them.

    >>> import elm
    >>> elm.ask(elm.model.shipped_vectors("films")["f7"], "Where is it set?")
    'The setting is a chess academy.'
    """
    from elm.model import opened, split_placement

    placement, reading = split_placement(options)
    return opened(model, **placement).ask(vector, question, **reading)


def describe_groups(
    table: VectorTable,
    labels: Sequence[Any],
    *,
    model: EmbeddingLanguageModel | str | Path | None = None,
    task: str = "summary",
    **options: Any,
) -> pd.DataFrame:
    """Clusters in words: one row per group, with its label, size, a text for its centroid, what sets it apart from all
    other groups, and the ids of its nearest members.

    model, device, dtype, device_map: as `describe` takes them. labels: one per row of the table; -1, None and NaN are
    of no group. apart, texts, members: fields of `elm.model.GroupOptions`; further options are those of `describe`. See
    `elm.model.describe_groups` for the columns and the errors.

    >>> import elm
    >>> films = elm.model.shipped_vectors("films")
    >>> films = films.subset(films.ids[:6])
    >>> found = elm.describe_groups(films, ["a", "a", "b", "b", "b", -1])
    >>> list(found.columns), found["label"].tolist(), found["size"].tolist(), found.attrs["left_out"]
    (['label', 'size', 'text', 'apart', 'nearest'], ['b', 'a'], [3, 2], 1)
    """
    from elm.model import GroupOptions, opened, split_placement
    from elm.model import describe_groups as described

    placement, rest = split_placement(options)
    own = {name: rest.pop(name) for name in ("apart", "texts", "members") if name in rest}
    return described(opened(model, **placement), table, labels, task, GroupOptions(**own, reading=rest))


def load(name: str | Path, **options: Any) -> EmbeddingLanguageModel:
    """The model of a run folder, of a model folder, of a repository on the Hub, or one that the package carries by name
    ("minilm-reader").

    `elm.load("owner/name", revision=..., token=..., local_files_only=...)`, `elm.load(folder, device="cuda",
    dtype="bfloat16")`; see `elm.model.EmbeddingLanguageModel.from_pretrained` for the options and the errors.
    """
    from elm.model import EmbeddingLanguageModel

    return EmbeddingLanguageModel.from_pretrained(name, **options)


def __getattr__(name: str) -> Any:
    if name in _ROOMS:
        return importlib.import_module(f"elm.{name}")
    raise AttributeError(f"module 'elm' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_ROOMS])
