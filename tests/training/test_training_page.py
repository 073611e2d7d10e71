"""docs/training.md: its script runs as it stands, and its table holds what its formulas give."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
import tiny_elm

from elm.embeddings import EmbeddingSpace, VectorTable
from elm.model import load_model, new_base
from elm.training import Validation, read_metrics

PAGE = (Path(__file__).resolve().parents[2] / "docs/training.md").read_text(encoding="utf-8")
SCRIPT, WATCHED = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
SMALL = [
    ("Qwen/Qwen3-0.6B", "base"),
    ("steps=2000", "steps=2, warmup=1"),
    ("steps=8000", "steps=3, warmup=1"),
    ("batch_tokens=4096", "batch_tokens=300"),
    ("lora_rank=16", "lora_rank=2"),
    ("every=500", "every=2"),
    ('Path("my-run")', 'Path("my-run"), progress=False'),
]


@pytest.mark.slow
def test_the_script_trains_and_is_watched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    tokenizer = tiny_elm.tokenizer()
    new_base(tokenizer, tiny_elm.SHAPE).save_pretrained("base")
    tokenizer.save_pretrained("base")
    data = tiny_elm.vectors(20)
    VectorTable([f"f{i}" for i in range(20)], data, EmbeddingSpace.fit("films", data, "cosine", {}, "page")).save(
        "my-vectors"
    )
    script, watched = SCRIPT, WATCHED
    for shown, small in SMALL:
        assert shown in PAGE
        script, watched = script.replace(shown, small), watched.replace(shown, small)
    names: dict[str, object] = {"judge": lambda texts: np.mean([len(text) for text in texts]), "Validation": Validation}
    exec(script, names)
    assert len(load_model("my-model").describe(data[:2], "summary")) == 2
    before = (tmp_path / "my-run/stage-one.safetensors").read_bytes()
    with pytest.raises(Exception, match="was begun with no"):  # validation was not part of that run
        exec(watched, names)
    exec(watched.replace("my-run", "watched"), names)
    scored = [row["step"] for row in read_metrics("watched/metrics.jsonl") if "rSC" in row]
    assert scored == [2, 2, 3]
    assert (tmp_path / "my-run/stage-one.safetensors").read_bytes() == before


def rows() -> list[list[float]]:
    """P, R in millions and the sizes in GB of each model."""
    found = [line.split("|")[2:-1] for line in PAGE.splitlines() if re.match(r"\| (Gemma|SmolLM|Qwen|Mistral)", line)]
    return [[float(re.sub(r"[^\d.]", "", cell)) for cell in row] for row in found]


@pytest.mark.parametrize("row", rows(), ids=json.dumps)
def test_the_table_follows_from_the_formulas(row: list[float]) -> None:
    p, r, one, full, lora, half, _ = row
    wanted = [4 * p, 16 * p, 4 * p + 16 * r, 2 * p + 16 * r]
    for shown, million_bytes in zip((one, full, lora, half), wanted, strict=True):
        assert shown == pytest.approx(million_bytes * 1e6 / 2**30, abs=0.06 if shown < 10 else 0.6)


def test_accelerate_reads_the_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the launcher hands each process makes the plugin that cuts up layers by FSDP 2."""
    from accelerate import FullyShardedDataParallelPlugin
    from accelerate.commands.launch import _validate_launch_command, launch_command_parser
    from accelerate.utils.launch import prepare_multi_gpu_env

    path = tmp_path / "fsdp.yaml"
    path.write_text(next(iter(re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))))
    arguments = launch_command_parser().parse_args(["--config_file", str(path), "train.py"])
    arguments, *_ = _validate_launch_command(arguments)
    assert (arguments.use_fsdp, arguments.num_processes) == (True, 4)
    for name, value in prepare_multi_gpu_env(arguments).items():
        monkeypatch.setenv(name, value)
    plugin = FullyShardedDataParallelPlugin()
    assert (plugin.fsdp_version, plugin.cpu_ram_efficient_loading) == (2, False)
    assert plugin.transformer_cls_names_to_wrap == ["Qwen3DecoderLayer"]
