"""Read, question, edit and steer embedding vectors in plain language.

Heavy libraries load on first use: `import elm` itself imports nothing but the standard library.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Literal, Unpack, overload

from elm._errors import (
    CallError,
    CheckpointError,
    ConsistencyWarning,
    DataFileError,
    ElmError,
    FolderBusyError,
    HubError,
    LeakageError,
    OutsideDataWarning,
    TeacherError,
    TermsWarning,
    UnknownNameError,
    UnusableTextError,
    VectorError,
)
from elm._version import __version__ as __version__

_ROOMS = tuple("adapters cav chat data embeddings evaluation metrics model recommend runs tasks training".split())

if TYPE_CHECKING:
    from pathlib import Path

    from elm import adapters, cav, chat, data, embeddings, evaluation, metrics, model, recommend, runs, tasks, training
    from elm.evaluation import Certificate
    from elm.model import EmbeddingLanguageModel
    from elm.model._reading import Many, One, ReadOptions, Unshaped


@overload
def describe(vector: Unshaped, task: str, *, certify: bool = False, **options: Unpack[ReadOptions]) -> Any: ...
@overload
def describe(vector: One, task: str, *, certify: Literal[False] = False, **options: Unpack[ReadOptions]) -> str: ...
@overload
def describe(
    vector: Many, task: str, *, certify: Literal[False] = False, **options: Unpack[ReadOptions]
) -> list[str]: ...
@overload
def describe(vector: One, task: str, *, certify: Literal[True], **options: Unpack[ReadOptions]) -> Certificate: ...
@overload
def describe(
    vector: Many, task: str, *, certify: Literal[True], **options: Unpack[ReadOptions]
) -> list[Certificate]: ...
@overload
def describe(vector: Any, task: str, *, certify: bool = False, **options: Unpack[ReadOptions]) -> Any: ...
def describe(vector: Any, task: str, *, certify: bool = False, **options: Any) -> Any:
    """Describe vectors of the demo spaces with the model that ships with the package: (d,) -> str, (n, d) -> list.

    certify: give each text as an `elm.evaluation.Certificate`, which says how far it may be trusted; its `text` is the
    text. Options are those of `EmbeddingLanguageModel.describe`; errors are too, and `CallError` where a task over two
    vectors is to be certified. Vectors outside what was learned, such as those of texts of another kind by the same
    encoder, draw an `OutsideDataWarning`.

    >>> import elm
    >>> films = elm.model.shipped_vectors("films")
    >>> isinstance(elm.describe(films["f7"], "summary"), str)
    True
    """
    from elm.model import shipped_model

    if certify and (options.get("n", 1) != 1 or options.get("return_all")):
        raise CallError("certificates are calibrated on one text a vector: certify without n and return_all")
    text = shipped_model().describe(vector, task, **options)
    if not certify:
        return text
    from elm.runs import certifier

    rows = getattr(vector, "vectors", vector)
    found = certifier(None, task, progress=False).certificates([text] if isinstance(text, str) else text, rows, task)
    return found[0] if isinstance(text, str) else found


def load(name: str | Path, **options: Any) -> EmbeddingLanguageModel:
    """The model of a run folder, of a model folder, or of a repository on the Hub.

    `elm.load("owner/name", revision=..., token=..., local_files_only=...)`; see
    `elm.model.EmbeddingLanguageModel.from_pretrained` for the options and the errors.
    """
    from elm.model import EmbeddingLanguageModel

    return EmbeddingLanguageModel.from_pretrained(name, **options)


def __getattr__(name: str) -> Any:
    if name in _ROOMS:
        return importlib.import_module(f"elm.{name}")
    raise AttributeError(f"module 'elm' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_ROOMS])
