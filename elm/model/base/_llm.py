"""The language model in transformers form: written as an ordinary folder, read without running anything from it."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import isfinite, isnan
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError

from elm._errors import CheckpointError, DataFileError, ElmError
from elm._files import disk_errors, read_json, sha256
from elm._names import is_own_name
from elm._quiet import no_loading_bar
from elm.adapters import FLOATS, require_finite, tensor_kinds

SHIPPED_BASE = Path(__file__).parents[1] / "shipped" / "base"
BASE_ID = "elm-toolkit/demo-base"

_CODE = ("auto_map", "trust_remote_code", "custom_generate", "use_kernels", "quantization_config")
_DEPTHS = ("num_hidden_layers", "num_layers", "n_layer", "n_layers", "num_decoder_layers")


@dataclass(frozen=True)
class Access:
    """How the Hub is asked: a token, a cache folder, whether to stay with what is cached, or to fetch all again."""

    token: str | bool | None = None
    cache_dir: str | Path | None = None
    local_files_only: bool = False
    force_download: bool = False


def save_llm(llm: Any, tokenizer: Any, folder: str | Path, dtype: torch.dtype = torch.float32) -> None:
    """Write an ordinary transformers folder, in safetensors. The model in memory stays as it is."""
    if next(llm.parameters()).dtype != dtype:
        llm = copy.deepcopy(llm).to(dtype)
    with disk_errors(folder), no_loading_bar():
        llm.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def load_llm(
    folder: str | Path,
    revision: str | None = None,
    strict: bool = False,
    access: Access | None = None,
    dtype: torch.dtype = torch.float32,
) -> tuple[Any, Any]:
    """(model, tokenizer) from a transformers folder or a Hub id; runs no code from there.

    dtype: of the weights. A base that stays frozen, as with LoRA, may be read in bfloat16, for half the memory.

    Raises `DataFileError` where there is none, `CheckpointError` for weights that are cut off, missing, misshapen or
    not finite, for a description that asks for code, and with `strict` also for weights that the model has no place
    for.
    """
    tokenizer = None
    if Path(folder).is_dir():
        tokenizer = check_shapes(Path(folder), strict)  # before memory is asked for
    else:
        described = _snapshot(str(folder), revision, access or Access())
        _refuse(described, strict=False)
        revision = described.name  # the commit, of which all files then are
    options: dict[str, Any] = {"revision": revision, "trust_remote_code": False, **vars(access or Access())}
    llm, report = _read(folder, options, dtype=dtype)
    _check_report(report, folder, strict)
    require_finite(llm.state_dict(), folder)
    return llm.eval(), _read_tokenizer(folder, options) if tokenizer is None else tokenizer


def check_shapes(folder: Path, strict: bool = False) -> Any:
    """The tokenizer of a local folder; raises what `load_llm` would, of all that is known without reading weights."""
    _refuse(folder, strict)
    options = {"trust_remote_code": False}
    llm, report = _read(folder, options, device_map="meta")
    _check_report(report, folder, strict)
    tokenizer, rows = _read_tokenizer(folder, options), llm.get_input_embeddings().weight.shape[0]
    if strict and len(tokenizer) > rows:
        raise CheckpointError(f"the tokenizer in {folder} knows {len(tokenizer)} tokens, its model reads {rows}")
    return tokenizer


def _refuse(folder: Path, strict: bool) -> None:
    if problem := next(_description_problems(folder, strict), None):
        raise CheckpointError(f"{folder}: {problem}")


def _description_problems(folder: Path, strict: bool) -> Iterator[str]:
    """Descriptions that lead to code, and sizes that the weights cannot have. `strict` also refuses what transformers
    would not run, but somebody wrote for it.
    """
    weights = sorted(folder.glob("*.safetensors"))
    odd = [name for path in weights for name, (kind, _) in tensor_kinds(path).items() if kind not in FLOATS]
    whole = [name for path in weights for name, (kind, _) in tensor_kinds(path).items() if kind[0] in "IUB"]
    whole = [name for name in whole if name in odd and name.endswith(".weight")]  # beside masks, which bases may hold
    if (strict and odd) or whole:
        yield f"its weights must be floating-point numbers, and {(whole or odd)[0]} is not"
    if strict and (folder / "adapter_config.json").exists():
        yield "adapter_config.json has no place in llm/, where transformers would load an adapter of its own by it"
    for path in sorted(folder.glob("*.json")):
        if path.name in ("tokenizer.json", "vocab.json"):
            continue
        try:
            leaves = list(_leaves(read_json(path)))
        except DataFileError as error:
            yield str(error)
            continue
        if path.name.endswith(".index.json"):
            yield from (f"{path.name} names {str(name)[:80]!r}, which is no file of its folder" for key, name in leaves
                        if key != "weight_map" and isinstance(name, str) and not is_own_name(name))  # fmt: skip
            continue
        for name, value in leaves:
            if _not_finite(value):
                yield f"{path.name} must give finite numbers, and {name} is {str(value)[:60]}"
            kernel = name.endswith("attn_implementation") and "/" in str(value)
            if (strict and name in _CODE and value) or kernel:
                yield f"{path.name} asks for code of its own ({name}), and none is run; without that field it loads"
        depth = max((v for k, v in leaves if k in _DEPTHS and isinstance(v, int)), default=0)
        if path.name == "config.json" and weights and depth > (tensors := _tensors_in(weights)):
            yield f"config.json says {depth} layers, but the weights are {tensors} tensors"


def _leaves(value: Any) -> Iterator[tuple[str, Any]]:
    """The fields of nested objects, by their own names."""
    waiting = [value]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            yield from value.items()
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value


def _not_finite(value: Any) -> bool:
    """NaN or infinity, of which a list of limits may hold the latter."""
    numbers = [one for one in value if isinstance(one, float) and isnan(one)] if isinstance(value, list) else [value]
    return any(isinstance(one, float) and not isfinite(one) for one in numbers)


def _tensors_in(weights: list[Path]) -> int:
    return sum(len(tensor_kinds(path)) for path in weights)


def _read(folder: str | Path, options: Mapping[str, Any], **more: Any) -> tuple[Any, dict[str, Any]]:
    """A model by transformers, with its report of what was missing, misshapen or left over."""
    from transformers import AutoModelForCausalLM

    try:
        with no_loading_bar():
            found: Any = AutoModelForCausalLM.from_pretrained(
                folder,
                use_safetensors=True,
                output_loading_info=True,
                ignore_mismatched_sizes=True,  # they are an error of ours, in words of ours
                **options,
                **more,
            )
            return found
    except SafetensorError as error:
        raise CheckpointError(f"the weights in {folder} are cut off or damaged ({error}); fetch them again") from error
    except (OSError, ValueError) as error:
        message = f"a language model is a local transformers folder or a Hub id; {folder} is not: {_reason(error)}"
        raise DataFileError(message) from error
    except Exception as error:  # a description that is not what transformers expects fails in any way
        raise CheckpointError(f"{folder} does not describe a language model: {_reason(error)}") from error


def _read_tokenizer(folder: str | Path, options: Mapping[str, Any]) -> Any:
    from transformers import AutoTokenizer

    try:
        return AutoTokenizer.from_pretrained(folder, **options)
    except Exception as error:
        message = f"a language model comes with its tokenizer; that of {folder} cannot be read: {_reason(error)}"
        raise (DataFileError if isinstance(error, OSError) else CheckpointError)(message) from error


def _reason(error: BaseException) -> str:
    return (str(error).strip() or repr(error)).splitlines()[0][:300]


def _check_report(report: Mapping[str, Any], folder: str | Path, strict: bool) -> None:
    misshapen = [name for name, *_ in report["mismatched_keys"]]
    odd = [*report["missing_keys"], *misshapen, *(report["unexpected_keys"] if strict else ())]
    if odd:
        raise CheckpointError(f"the weights in {folder} do not fit their config: {', '.join(sorted(odd)[:5])}")


def base_reference(name: str, revision: str | None = None) -> dict[str, str | None]:
    """What a folder says of its base: its id, the Hub's commit, and the hash of the weights of a local one.

    name: "shipped", a folder, or the Hub id of a base that `load_llm` has fetched.
    """
    if name in ("shipped", BASE_ID):
        return {"id": BASE_ID, "revision": None, "sha256": weights_hash(SHIPPED_BASE)}
    if Path(name).is_dir():
        return {"id": str(name), "revision": None, "sha256": weights_hash(Path(name))}
    described = _snapshot(str(name), revision, Access(local_files_only=True))
    return {"id": str(name), "revision": described.name, "sha256": None}


def _snapshot(name: str, revision: str | None, access: Access) -> Path:
    """The folder in the Hub's cache that holds a model's config, called by the commit; `DataFileError` without one."""
    from elm.model.hub._transfer import fetch_file

    try:
        return fetch_file(name, "config.json", revision, access).parent
    except ElmError as error:
        message = f"a language model is a local transformers folder or a Hub id; {name} is not: {error}"
        raise DataFileError(message) from error


def weights_hash(folder: Path) -> str:
    """One hash of all safetensors files of a folder: that of the file itself where there is one."""
    files = sorted(folder.glob("*.safetensors"))
    hashes = [sha256(path) for path in files]
    if len(files) == 1:
        return hashes[0]
    lines = "".join(f"{digest}  {path.name}\n" for digest, path in zip(hashes, files, strict=True))
    return hashlib.sha256(lines.encode()).hexdigest()
