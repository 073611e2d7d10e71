"""What a folder of a sentence encoder may hold, looked at before anything of it is loaded: no code, no pickle, nothing
outside the folder.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from elm._errors import DataFileError
from elm._storage.files import read_json
from elm._storage.model_files import code_asked, fields_of, outside_problems

_KINDS = ("Transformer", "Pooling", "Normalize", "Dense", "LayerNorm", "Dropout", "WeightedLayerPooling", "CNN", "LSTM")
_KIND = re.compile(rf"sentence_transformers\.([a-z_]+\.)*({'|'.join(_KINDS)})")
"""Modules of sentence-transformers itself, wherever one of its versions keeps them. It imports any other name, and some
versions look for it in the encoder's own folder.
"""

_ACTIVATION = re.compile(r"torch\.nn\.modules\.(activation\.[A-Z]\w+|linear\.Identity)")
_PICKLES = {".bin", ".pt", ".pth", ".pkl", ".pickle", ".ckpt", ".npy", ".npz", ".joblib", ".h5", ".msgpack"}
_ELSEWHERE = set(
    """
    trust_remote_code code_revision use_safetensors weights_only gguf_file subfolder variant cache_dir state_dict
    quantization_config
""".split()
)


def check_encoder(folder: Path) -> None:
    """Raise `DataFileError` about the first thing in an encoder's folder that is not read."""
    if problem := next(_problems(folder), None):
        raise DataFileError(f"the sentence encoder in {folder} cannot be loaded: {problem}")


def _problems(folder: Path) -> Iterator[str]:
    yield from outside_problems(folder)
    if (folder / "adapter_config.json").exists():
        yield "adapter_config.json names weights elsewhere: merge the adapter into its encoder, and save that"
    for path in sorted(folder.glob("*.json")):
        if path.name.startswith(("config", "sentence_")):
            yield from _settings_problems(path)
    if not (folder / "modules.json").is_file():
        return  # a plain transformers folder, whose tokens are averaged
    modules = read_json(folder / "modules.json")
    if not isinstance(modules, list) or not modules or not all(isinstance(module, dict) for module in modules):
        yield "modules.json must list the encoder's modules"
        return
    for module in modules:
        yield from _module_problems(folder, module.get("type"), module.get("path"))


def _settings_problems(path: Path) -> Iterator[str]:
    settings = read_json(path)
    for name in code_asked(settings, strict=False):
        yield f"{path.name} asks for code of its own ({name}), and none is run"
    for name, value in fields_of(settings) if path.name.startswith("sentence_") else ():
        if (name in _ELSEWHERE or name.endswith("name_or_path")) and value not in (None, False):
            yield f"{path.name} sets {name}, which leads to other files or code; without that field it loads"


def _module_problems(folder: Path, kind: Any, place: Any) -> Iterator[str]:
    if not isinstance(kind, str) or not _KIND.fullmatch(kind):
        yield (
            f"modules.json names {str(kind)[:80]!r}, and a module is one of sentence-transformers' own "
            f"({', '.join(_KINDS)}): code of a folder is never run"
        )
        return
    if not isinstance(place, str) or not re.fullmatch(r"([\w-][\w. -]*(/[\w-][\w. -]*)*)?", place):
        yield f"modules.json must name folders inside the encoder's, and names {str(place)[:80]!r}"
        return
    where = folder / PurePosixPath(place)
    pickles = sorted(path.name for path in where.glob("*") if path.suffix in _PICKLES)
    if pickles and not list(where.glob("*.safetensors")):
        yield (
            f"the weights of module {place or '.'!r} are pickled ({pickles[0]}), which could run code and is not read: "
            "save the encoder with safetensors"
        )
    if where != folder and (where / "config.json").is_file():
        yield from _settings_problems(where / "config.json")
        activation = dict(fields_of(read_json(where / "config.json"))).get("activation_function")
        if activation is not None and not _ACTIVATION.fullmatch(str(activation)):
            yield f"{place}/config.json names {str(activation)[:80]!r}, and an activation is one of torch.nn's own"
