"""Vector stores: faiss indexes (objects and files), and LanceDB tables (objects and folders)."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from elm._errors import CallError, DataFileError
from elm.embeddings.search._lance import opened_lance
from elm.embeddings.sources import _frames
from elm.embeddings.sources._found import Found


def find(source: Any, of: str) -> Found | None:
    """The vectors of a store; None for anything else."""
    if hasattr(source, "ntotal") and hasattr(source, "reconstruct_n"):
        return _faiss(source)
    if hasattr(source, "to_arrow") and hasattr(source, "schema"):
        return _frames.of_frame(source.to_arrow().to_pandas(), "a LanceDB table")
    if not isinstance(source, str | os.PathLike):
        return None
    path = Path(source)
    if path.is_file() and path.suffix.lower() in (".faiss", ".index"):
        return _faiss(_read_faiss(path))
    if path.is_dir() and path.suffix.lower() == ".lance":
        return _frames.of_frame(opened_lance(path).to_arrow().to_pandas(), str(path))
    return None


def _faiss(index: Any) -> Found:
    """All vectors of an index, as it keeps them: a compressed one gives them back nearly."""
    try:
        vectors = index.reconstruct_n(0, index.ntotal)
    except RuntimeError as error:
        raise CallError(
            "a faiss index gives its vectors back where it keeps them (a flat one does, an IVF index after "
            "make_direct_map()); this one does not: give the vectors themselves"
        ) from error
    return Found(None, vectors, "a faiss index", "dot" if getattr(index, "metric_type", 1) == 0 else "cosine")


def _read_faiss(path: Path) -> Any:
    try:
        import faiss
    except ImportError as error:
        raise CallError("a faiss file is read by the package faiss-cpu: pip install faiss-cpu") from error
    try:
        return faiss.read_index(str(path))
    except RuntimeError as error:
        raise DataFileError(f"{path} is not a whole faiss index ({' '.join(str(error).split())[:120]})") from error
