"""What a GGUF file holds, read by the `gguf` library and by transformers, with errors in words of ours."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from elm._errors import CheckpointError, DataFileError
from elm._quiet import no_loading_bar
from elm._text.tokenizing import panics_unseen, tokenizing


@dataclass(frozen=True)
class Header:
    """architecture: as llama.cpp names it. numbers: how many weights the file stands for."""

    architecture: str
    numbers: int


def read_header(path: Path) -> Header:
    """What the file says of itself. Raises `CheckpointError` where it is cut off, is no GGUF file, has no tokenizer or
    is one of several parts, `DataFileError` where the library that reads it is missing.
    """
    reader = _reader(path)
    parts = reader.get_field("split.count")
    if parts is not None and int(parts.parts[parts.data[0]][0]) > 1:
        raise CheckpointError(f"{path} is one part of a GGUF file of several: merge them with llama-gguf-split first")
    if reader.get_field("tokenizer.ggml.tokens") is None or reader.get_field("tokenizer.ggml.model") is None:
        raise CheckpointError(
            f"a base comes with its tokenizer, and {path} has none: take a GGUF file of a whole language model"
        )
    field = reader.get_field("general.architecture")
    if field is None:
        raise CheckpointError(f"a GGUF file names its architecture, and {path} does not: fetch it again")
    architecture = bytes(field.parts[field.data[0]]).decode("utf-8", "replace")
    return Header(architecture, sum(int(tensor.n_elements) for tensor in reader.tensors))


def _reader(path: Path) -> Any:
    try:
        from gguf import GGUFReader
    except ImportError as error:
        raise DataFileError(
            f"GGUF files are read by the library gguf, which is not installed: {path} needs it; "
            'run: pip install "elm-toolkit[gemma]" (or pip install gguf)'
        ) from error
    try:
        return GGUFReader(path)
    except Exception as error:  # it takes what it reads at its word, and fails in any way
        raise CheckpointError(
            f"{path} is cut off, damaged, or no GGUF file ({_reason(error)}); fetch it again"
        ) from error


def read_weights(place: Path, path: Path) -> Any:
    """The language model of a file in float32. place: where transformers is to read it; path: where it lies."""
    import transformers

    options: dict[str, Any] = {}
    if settings := getattr(transformers, "GgufConfig", None):  # before there was one, it always did
        options["quantization_config"] = settings(dequantize=True)
    with _as_ours(path), no_loading_bar():
        read: Any = transformers.AutoModelForCausalLM.from_pretrained(
            place.parent, gguf_file=place.name, dtype=torch.float32, output_loading_info=True, **options
        )
    llm, report = read
    if odd := sorted([*report["missing_keys"], *(name for name, *_ in report["mismatched_keys"])]):
        raise CheckpointError(f"the weights in {path} do not fit its architecture: {', '.join(odd[:5])}")
    llm.hf_quantizer = None  # or saving is refused
    return llm


def read_tokenizer(place: Path, path: Path) -> Any:
    """The tokenizer of a file; its arguments as `read_weights` takes them."""
    from transformers import AutoTokenizer

    with _as_ours(path), no_loading_bar(), panics_unseen(), tokenizing(path):
        return AutoTokenizer.from_pretrained(place.parent, gguf_file=place.name)


@contextlib.contextmanager
def _as_ours(path: Path) -> Iterator[None]:
    try:
        yield
    except (CheckpointError, MemoryError):
        raise
    except Exception as error:  # a file that is not what transformers expects fails in any way
        raise CheckpointError(
            f"{path} is not a language model that transformers reads from GGUF: {_reason(error)}"
        ) from error


def _reason(error: BaseException) -> str:
    return (str(error).strip() or repr(error)).splitlines()[0][:200]
