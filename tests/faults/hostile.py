"""Ways to spoil a model folder, drawn by a seed. Files are replaced, never written into: copies share their bytes."""

from __future__ import annotations

import json
import os
import pickle
import random
import shutil
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

from elm.adapters import write_manifest

Spoil = Callable[[random.Random, Path], str]

EVIL = tuple(
    """
    llm/evil.py llm/pytorch_model.bin adapters/toy/adapter_model.bin adapters/toy/__init__.py llm/modeling_evil.py
    x/train.pt llm/custom_generate/generate.py lora/x.pkl
""".split()
)


def replace(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    path.write_bytes(data)


def any_file(draw: random.Random, folder: Path) -> Path:
    return draw.choice(sorted(path for path in folder.rglob("*") if path.is_file()))


def weights(draw: random.Random, folder: Path) -> Path:
    return draw.choice(sorted(folder.rglob("*.safetensors")))


class Payload:
    """What a pickle runs as it is read: it leaves a mark."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.mark,)


def code(folder: Path) -> tuple[bytes, bytes]:
    """Python source and a pickle that leave a mark beside the folder if they are ever run."""
    mark = folder.parent / "ran"
    return f"open({str(mark)!r}, 'w').close()\n".encode(), pickle.dumps(Payload(mark))


# --- what a bad disk, a broken line or a careless hand does: the manifest stays as it was


def truncated(draw: random.Random, folder: Path) -> str:
    path = any_file(draw, folder)
    replace(path, path.read_bytes()[: draw.randrange(path.stat().st_size)])
    return path.name


def flipped(draw: random.Random, folder: Path) -> str:
    path = any_file(draw, folder)
    data = bytearray(path.read_bytes())
    data[draw.randrange(len(data))] ^= 1 << draw.randrange(8)
    replace(path, bytes(data))
    return path.name


def oversized(draw: random.Random, folder: Path) -> str:
    path = any_file(draw, folder)
    replace(path, path.read_bytes() + draw.randbytes(draw.randrange(1, 5000)))
    return path.name


def missing(draw: random.Random, folder: Path) -> str:
    path = any_file(draw, folder)
    path.unlink()
    return path.name


def renamed(draw: random.Random, folder: Path) -> str:
    path = any_file(draw, folder)
    path.rename(path.with_name(f"{draw.choice('abc')}{path.name}"))
    return path.name


def swapped(draw: random.Random, folder: Path) -> str:
    one, other = any_file(draw, folder), any_file(draw, folder)
    ours, theirs = one.read_bytes(), other.read_bytes()
    replace(one, theirs)
    replace(other, ours)
    return f"{one.name} and {other.name}"


def not_a_file(draw: random.Random, folder: Path) -> str:
    path = any_file(draw, folder)
    path.unlink()
    kind = draw.choice(("folder", "pipe", "loop", "outside", "device"))
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to({"loop": path, "outside": folder.parent / "secret", "device": Path("/dev/zero")}[kind])
    return f"{path.name} is a {kind}"


def linked_away(draw: random.Random, folder: Path) -> str:
    """The right bytes, but outside of the folder."""
    path = any_file(draw, folder)
    away = folder.parent / "away"
    away.mkdir(exist_ok=True)
    target = away / f"{folder.name}-{path.name}"
    shutil.move(path, target)
    path.symlink_to(target)
    return path.name


def linked_part(draw: random.Random, folder: Path) -> str:
    part = folder / draw.choice(("llm", "adapters", "adapters/toy"))
    away = folder.parent / "away" / f"{folder.name}-{part.name}"
    away.parent.mkdir(exist_ok=True)
    shutil.move(part, away)
    part.symlink_to(away)
    return part.name


def code_beside(draw: random.Random, folder: Path) -> str:
    source, pickled = code(folder)
    name = draw.choice(EVIL)
    replace(folder / name, source if name.endswith(".py") else pickled)
    return name


# --- what somebody does on purpose: the manifest is made again, or is itself the weapon


def resealed(spoil: Spoil) -> Spoil:
    def spoiled(draw: random.Random, folder: Path) -> str:
        said = spoil(draw, folder)
        reseal(folder)
        return said

    spoiled.__name__ = f"resealed {spoil.__name__}"
    return spoiled


def reseal(folder: Path) -> None:
    (folder / "manifest.json").unlink()
    write_manifest(folder)


def tensors(draw: random.Random, folder: Path) -> str:
    path = weights(draw, folder)
    state = load_file(path)
    name = draw.choice(sorted(state))
    act = draw.choice(("extra", "gone", "renamed", "longer", "flat", "nan", "infinite", "integers", "empty"))
    value = state.pop(name)
    if act == "nan" or act == "infinite":
        value.view(-1)[draw.randrange(value.numel())] = float("nan") if act == "nan" else float("-inf")
    changed = {
        "extra": {name: value, f"{name}.more": torch.zeros(3)},
        "gone": {},
        "renamed": {f"x.{name}": value},
        "longer": {name: torch.cat([value, value[:1]])},
        "flat": {name: value.reshape(1, -1)},
        "nan": {name: value},
        "infinite": {name: value},
        "integers": {name: value.to(torch.int32)},
        "empty": {name: value[:0]},
    }[act]
    path.unlink()
    save_file({**state, **changed}, path, metadata={"format": "pt"})
    return f"{act} {name} in {path.name}"


def header(draw: random.Random, folder: Path) -> str:
    path = weights(draw, folder)
    data = path.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    facts = json.loads(data[8 : 8 + length])
    name = draw.choice([key for key in sorted(facts) if key != "__metadata__"])
    act = draw.choice(("terabytes", "length", "shape", "overlap", "dtype", "negative", "nonsense", "deep", "nothing"))
    rest = data[8 + length :]
    if act == "terabytes":
        facts[name] |= {"shape": [10**6, 10**6], "data_offsets": [0, 4 * 10**12]}
    elif act == "shape":
        facts[name]["shape"] = [2**62, 2**62]
    elif act == "overlap":
        facts[name]["data_offsets"] = [0, 4]
    elif act == "dtype":
        facts[name]["dtype"] = draw.choice(("F7", "OBJECT", None, 3))
    elif act == "negative":
        facts[name]["shape"] = [-1, 4]
    elif act == "nothing":
        facts = {}
    text = {"nonsense": b"{" * 50, "deep": b"[" * 10_000 + b"]" * 10_000}.get(act, json.dumps(facts).encode())
    said = draw.choice((2**63, 2**40, len(text) + 1)) if act == "length" else len(text)
    replace(path, struct.pack("<Q", said) + text + rest)
    return f"{act} in {path.name}"


def pickled_weights(draw: random.Random, folder: Path) -> str:
    path = weights(draw, folder)
    replace(path, code(folder)[1])
    return path.name


def json_file(draw: random.Random, folder: Path) -> str:
    path = draw.choice(sorted(folder.glob("**/*config.json")))
    text = draw.choice(
        (
            b"",
            b"null",
            b"[]",
            b"{}",
            b'"x"',
            b"[" * 10_000,
            b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
            b"\xff\xfe\x00",
            b"1" * 5000,
            b"NaN",
            b'{"schema": 1e999}',
        )
    )
    replace(path, text)
    return f"{path.relative_to(folder)} is {text[:12]!r}"


def adapter_field(draw: random.Random, folder: Path) -> str:
    path = draw.choice(sorted(folder.glob("adapters/*/config.json")))
    value = json.loads(path.read_text())
    name = draw.choice(sorted(value))
    bad = draw.choice((None, [], {}, True, -1, 0, "x" * 5, 10**40, 10**12, [3], 1.5, float("nan")))
    if draw.random() < 0.2:
        del value[name]
    elif isinstance(bad, type(value[name])) and not isinstance(bad, bool) and name in ("space", "fingerprint", "reach"):
        value["unknown"] = bad
    else:
        value[name] = [3] if name == "tasks" else "x" if name == "metric" else bad
        if name in ("space", "fingerprint"):
            value[name] = 3
        if name == "reach":
            value[name] = draw.choice((None, "far", -1.0, 0, float("nan"), float("inf")))
        if name == "soft_tokens" and bad == 3:
            value[name] = 4
    replace(path, json.dumps(value).encode())
    return f"{name} = {value.get(name, 'gone')!r}"


def folder_field(draw: random.Random, folder: Path) -> str:
    path = folder / "config.json"
    value = json.loads(path.read_text())
    bad: dict[str, Any] = draw.choice(
        (
            {"schema": draw.choice((3, 10**6, -1, 1.5, "2", None, True))},
            {
                "adapters": draw.choice(
                    (["toy"], ["toy", "wee", "new"], ["toy", "toy"], [], None, ["../toy"], ["toy", 3])
                )
            },
            {"adapters": {"toy": 1, "wee": 2}},
            {"base": draw.choice(("tiny", [], {"id": 3}, {}, {"id": "a", "b": 1}))},
            {"tasks": draw.choice((None, [], {"say": 3}, {"say": {"prompt": "<|vector|>"}}))},
            {"new": 1},
            {
                "tasks": {
                    "say": {
                        "reads": "item",
                        "prompt": draw.choice(("", "<|vector|>" * 2)),
                        "max_new_tokens": 5,
                        "temperature": 0,
                    }
                }
            },
            {"version": 3},
            {"allow_space_mismatch": "no"},
            {"notes": 3},
        )
    )
    replace(path, json.dumps({**value, **bad}).encode())
    return str(bad)


def llm_field(draw: random.Random, folder: Path) -> str:
    path = (
        folder / "llm" / draw.choice(("config.json", "config.json", "tokenizer_config.json", "generation_config.json"))
    )
    value = json.loads(path.read_text())
    replace(folder / "llm" / "evil.py", code(folder)[0])
    evil = "evil.Evil"
    bad: dict[str, Any] = {
        "auto_map": {"AutoConfig": evil, "AutoModelForCausalLM": evil, "AutoTokenizer": [evil, evil]}
    }
    if path.name == "config.json":
        bad = draw.choice(
            (
                bad,
                {"trust_remote_code": True, **bad},
                {"attn_implementation": "someone/kernel"},
                {"vocab_size": draw.choice((10**12, 5, -3, "x", None))},
                {"hidden_size": draw.choice((10**9, 1, 0, "x"))},
                {"num_hidden_layers": draw.choice((10**9, 1, 7, "x"))},
                {"model_type": draw.choice(("evil", "gpt2", 3))},
                {"num_attention_heads": draw.choice((0, 7, 10**9))},
                {"hidden_act": "evil"},
                {"head_dim": 10**11},
                {"quantization_config": {"quant_method": "bitsandbytes", "load_in_4bit": True}},
            )
        )
    if draw.random() < 0.5:
        (folder / "llm" / "evil.py").unlink()
    replace(path, json.dumps({**value, **bad}).encode())
    return f"{path.name}: {bad}"


def both_or_none(draw: random.Random, folder: Path) -> str:
    if draw.random() < 0.5:
        shutil.rmtree(folder / "llm")
        return "no llm/"
    shutil.copytree(folder / "llm", folder / "lora")
    return "llm/ and lora/"


def peft_in_llm(draw: random.Random, folder: Path) -> str:
    replace(folder / "llm" / "adapter_config.json", b'{"peft_type": "LORA", "base_model_name_or_path": "x/y"}')
    return "adapter_config.json in llm/"


def manifest(draw: random.Random, folder: Path) -> str:
    path = folder / "manifest.json"
    value = json.loads(path.read_text())
    facts = {"sha256": "0" * 64, "size": 6}
    name = draw.choice(sorted(value))
    plain = (
        r"../secret llm/../../secret ..\secret C:secret llm//config.json ./config.json llm/evil.py x.bin manifest.json"
    )
    outside = [*plain.split(), str(folder.parent / "secret"), "\0", "", "a" * 400, "a/" * 20 + "b"]
    bad: Any = draw.choice(
        (
            *({name: facts} for name in outside),
            {name: {**value[name], "size": value[name]["size"] + 1}},
            {name: {**value[name], "sha256": "0" * 64}},
            {name: {**value[name], "sha256": value[name]["sha256"].upper() + "A"}},
            {name: None},
            {name: []},
            {name: {"size": 3}},
            {name: {**value[name], "more": 1}},
            {name: {**value[name], "size": "9"}},
            None,
            [],
            "x",
            *({name: facts} for name in ("*", "llm", "secret")),
        )
    )
    if isinstance(bad, dict):
        bad = {**value, **bad}
        if draw.random() < 0.3:
            del bad[name]
            return_said = f"without {name}"
            replace(path, json.dumps(bad).encode())
            return return_said
    replace(path, json.dumps(bad).encode())
    return str(bad)[-80:]


SPOILS: tuple[Spoil, ...] = (
    truncated,
    flipped,
    oversized,
    missing,
    renamed,
    swapped,
    not_a_file,
    linked_away,
    linked_part,
    code_beside,
    resealed(code_beside),
    manifest,
    resealed(tensors),
    resealed(header),
    resealed(pickled_weights),
    resealed(json_file),
    resealed(adapter_field),
    resealed(folder_field),
    resealed(llm_field),
    resealed(both_or_none),
    resealed(peft_in_llm),
    tensors,
    header,
    json_file,
)
