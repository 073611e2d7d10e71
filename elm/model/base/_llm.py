"""The language model in transformers form: written as an ordinary folder, read without running anything from it."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from math import isfinite, isnan
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError

from elm._errors import CheckpointError, DataFileError
from elm._quiet import no_loading_bar
from elm._storage.files import disk_errors, read_json
from elm._storage.model_files import INDEX, code_asked, fields_of, outside_problems
from elm._text.tokenizing import panics_unseen, tokenizing
from elm.adapters import FLOATS, require_finite, tensor_kinds
from elm.model._placement import Placement
from elm.model.base._probe import require_causal, require_tokens
from elm.model.base._quantised import quantised_by, quantised_problems
from elm.model.base._sampling import decoding
from elm.model.hub._access import Access
from elm.model.hub._transfer import fetch_file

_PLAIN = (torch.Tensor, torch.nn.Parameter)  # and not the blocks of a quantised base
_DEPTHS = ("num_hidden_layers", "num_layers", "n_layer", "n_layers", "num_decoder_layers")


def save_llm(llm: Any, tokenizer: Any, folder: str | Path, dtype: torch.dtype = torch.float32) -> None:
    """Write an ordinary transformers folder, in safetensors. The weights in memory stay as they are."""
    if next(llm.parameters()).dtype != dtype:
        llm = copy.deepcopy(llm).to(dtype)
    llm.generation_config = decoding(tokenizer)
    with disk_errors(folder), no_loading_bar():
        llm.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def read_base(
    place: str | Path,
    revision: str | None = None,
    strict: bool = False,
    access: Access | None = None,
    placement: Placement | None = None,
) -> tuple[Any, Any]:
    """(model, tokenizer) from a transformers folder (a `Path`), or from a repository of the Hub and the commit of it
    whose description lies in its cache; runs no code from there. Arguments and errors are those of `load_llm`.
    """
    tokenizer = None
    if isinstance(place, Path) and not quantised_by(place):
        tokenizer = check_shapes(place, strict)  # before memory is asked for
    elif isinstance(place, Path):
        _refuse(place, strict)
    else:
        _refuse(fetch_file(place, "config.json", revision, access).parent, strict=False)
    options: dict[str, Any] = {"revision": revision, "trust_remote_code": False, **vars(access or Access())}
    llm, report = _read(place, options, **(placement or Placement()).options())
    _check_report(report, place, strict)
    here = {k: v for k, v in llm.state_dict().items() if type(v) in _PLAIN and not v.is_meta}  # others lie on the disk
    require_finite(here, place)
    tokenizer = _read_tokenizer(place, options, llm) if tokenizer is None else tokenizer
    require_causal(llm.eval(), tokenizer, place)
    llm.generation_config = decoding(tokenizer)
    return llm, tokenizer


def check_shapes(folder: Path, strict: bool = False) -> Any:
    """The tokenizer of a local folder; raises what `load_llm` would, of all that is known without reading weights."""
    _refuse(folder, strict)
    options = {"trust_remote_code": False}
    llm, report = _read(folder, options, device_map="meta")
    _check_report(report, folder, strict)
    return _read_tokenizer(folder, options, llm)


def _refuse(folder: Path, strict: bool) -> None:
    if problem := next(_description_problems(folder, strict), None):
        raise CheckpointError(f"{folder}: {problem}")


def _description_problems(folder: Path, strict: bool) -> Iterator[str]:
    """Descriptions that lead to code, and sizes that the weights cannot have. `strict` also refuses what transformers
    would not run, but somebody wrote for it.
    """
    method = None if strict else quantised_by(folder)  # a model of ours holds plain weights
    if method:
        yield from quantised_problems(method)
    weights = [] if method else sorted(folder.glob("*.safetensors"))
    odd = [name for path in weights for name, (kind, _) in tensor_kinds(path).items() if kind not in FLOATS]
    whole = [name for path in weights for name, (kind, _) in tensor_kinds(path).items() if kind[0] in "IUB"]
    whole = [name for name in whole if name in odd and name.endswith(".weight")]  # beside masks, which bases may hold
    if (strict and odd) or whole:
        yield f"its weights must be floating-point numbers, and {(whole or odd)[0]} is not"
    if (folder / "adapter_config.json").exists():
        yield "adapter_config.json names weights elsewhere: merge the adapter into its base, and save that"
    yield from outside_problems(folder)
    for path in sorted(folder.glob("*.json")):
        if path.name in ("tokenizer.json", "vocab.json") or path.name.endswith(INDEX):
            continue
        try:
            found = read_json(path)
        except DataFileError as error:
            yield str(error)
            continue
        for name in code_asked(found, strict):
            yield f"{path.name} asks for code of its own ({name}), and none is run; without that field it loads"
        for name, value in fields_of(found):
            if _not_finite(value):
                yield f"{path.name} must give finite numbers, and {name} is {str(value)[:60]}"
        depth = max((v for k, v in fields_of(found) if k in _DEPTHS and isinstance(v, int)), default=0)
        if path.name == "config.json" and weights and depth > (tensors := _tensors_in(weights)):
            yield f"config.json says {depth} layers, but the weights are {tensors} tensors"


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
        wanted = "a language model is a local transformers folder, a GGUF file or a Hub id"
        raise DataFileError(f"{wanted}; {folder} is not: {_reason(error)}") from error
    except Exception as error:  # a description that is not what transformers expects fails in any way
        raise CheckpointError(f"{folder} does not describe a language model: {_reason(error)}") from error


def _read_tokenizer(folder: str | Path, options: Mapping[str, Any], llm: Any) -> Any:
    """The tokenizer of a model, tried on a few texts and a chat."""
    from transformers import AutoTokenizer

    try:
        with panics_unseen(), tokenizing(folder):
            tokenizer = AutoTokenizer.from_pretrained(folder, **options)
    except CheckpointError:
        raise
    except Exception as error:
        message = f"a language model comes with its tokenizer; that of {folder} cannot be read: {_reason(error)}"
        raise (DataFileError if isinstance(error, OSError) else CheckpointError)(message) from error
    require_tokens(tokenizer, llm, folder)
    return tokenizer


def _reason(error: BaseException) -> str:
    return (str(error).strip() or repr(error)).splitlines()[0][:300]


def _check_report(report: Mapping[str, Any], folder: str | Path, strict: bool) -> None:
    misshapen = [name for name, *_ in report["mismatched_keys"]]
    odd = [*report["missing_keys"], *misshapen, *(report["unexpected_keys"] if strict else ())]
    if odd:
        raise CheckpointError(f"the weights in {folder} do not fit their config: {', '.join(sorted(odd)[:5])}")
