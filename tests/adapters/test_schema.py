"""`config.json` of a folder and of an adapter: read exactly, upgraded from older schemas, refused from newer ones."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import tiny_elm

from elm._errors import CheckpointError, DataFileError
from elm.adapters import SCHEMA, AdapterConfig, FolderConfig, TaskPrompt, load_adapter, read_config, save_adapter

FIRST = {
    "schema": 1,
    "tasks": ["say"],
    "adapters": ["toy"],
    "base": {"id": "tiny", "revision": None},
    "colour": "blue",
}


def written(folder: Path, value: Any) -> Path:
    (folder / "config.json").write_text(json.dumps(value))
    return folder


def test_what_is_written_is_read(tmp_path: Path) -> None:
    config = FolderConfig(
        ("toy", "wee"),
        {"id": "someone/base", "revision": "a" * 40, "sha256": None, "files": None},
        {"say": TaskPrompt("item", "Say it: <|vector|>.", 12, 0.5)},
        "9.9",
        True,
        {"colour": "blue"},
    )
    assert read_config(written(tmp_path, config.to_dict())) == config


def test_the_first_schema_is_still_read(tmp_path: Path) -> None:
    config = read_config(written(tmp_path, FIRST))
    assert config.adapters == ("toy",)
    assert config.base == {"id": "tiny", "revision": None, "sha256": None, "files": None}
    assert config.tasks == {}, "it did not say how they were asked"
    assert config.notes == {"colour": "blue"}, "its other fields were free"
    assert json.loads((tmp_path / "config.json").read_text()) == FIRST, "reading changes nothing"


def test_a_newer_schema_is_refused(tmp_path: Path) -> None:
    newer = {**FolderConfig(("toy",)).to_dict(), "schema": SCHEMA + 1}
    with pytest.raises(
        CheckpointError, match=rf"has schema {SCHEMA + 1}, this version reads 1 to {SCHEMA}: update elm"
    ):
        read_config(written(tmp_path, newer))


@pytest.mark.parametrize("changes", [{"adapters": 3}, {"base": {"id": "tiny", "weight": 1}}, {"base": [1]}])
def test_the_first_schema_is_read_strictly_too(tmp_path: Path, changes: dict[str, Any]) -> None:
    with pytest.raises(CheckpointError, match="is not that of an embedding language model"):
        read_config(written(tmp_path, {**FIRST, **changes}))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"dim": 6.0}, "its field 'dim' cannot be 6.0"),
        ({"dim": True}, "its field 'dim' cannot be True"),
        ({"dim": 2**40}, "its field 'dim' cannot be 1099511627776"),
        ({"hidden": 10**400}, "its field 'hidden' cannot be so large a number"),
        ({"metric": "euclid"}, "its field 'metric' cannot be 'euclid'"),
        ({"metric": ["dot"]}, r"its field 'metric' cannot be \['dot'\]"),
        ({"reach": 0}, "its field 'reach' cannot be 0"),
        ({"reach": float("nan")}, "its field 'reach' cannot be nan"),
        ({"tasks": "say"}, "its field 'tasks' cannot be 'say'"),
        ({"space": None}, "its field 'space' cannot be None"),
        ({"depth": 3}, "it has a field 'depth' that this version does not know"),
    ],
)
def test_an_adapter_config_with_a_wrong_field(changes: dict[str, Any], message: str) -> None:
    good = tiny_elm.adapter(tiny_elm.table()).config.to_dict()
    with pytest.raises(CheckpointError, match=rf"here is not an adapter's config: {message}"):
        AdapterConfig.from_dict({**good, **changes}, "here")


@pytest.mark.parametrize("name", ["space", "fingerprint", "dim", "tasks"])
def test_an_adapter_config_without_a_field(name: str) -> None:
    value = tiny_elm.adapter(tiny_elm.table()).config.to_dict()
    del value[name]
    with pytest.raises(CheckpointError, match=f"it has no field '{name}'"):
        AdapterConfig.from_dict(value)


def test_shapes_are_those_of_the_module() -> None:
    adapter = tiny_elm.adapter(tiny_elm.table())
    assert adapter.config.shapes() == {name: tuple(value.shape) for name, value in adapter.state_dict().items()}
    assert AdapterConfig.from_dict(json.loads(json.dumps(adapter.config.to_dict()))) == adapter.config


def test_one_adapter_alone_is_a_folder_too(tmp_path: Path) -> None:
    first, second = tiny_elm.adapter(tiny_elm.table()), tiny_elm.adapter(tiny_elm.table(dim=4, name="wee"), seed=1)
    for adapter in (first, second):
        save_adapter(adapter, tmp_path / "one")
        again = load_adapter(tmp_path / "one")
        assert again.config == adapter.config
        assert all(value.equal(again.state_dict()[name]) for name, value in adapter.state_dict().items())
    assert [path.name for path in tmp_path.iterdir()] == ["one"]
    with pytest.raises(DataFileError, match=r"none/config.json is missing"):
        load_adapter(tmp_path / "none")


def test_a_scale_that_no_space_has(tmp_path: Path) -> None:
    adapter = tiny_elm.adapter(tiny_elm.table())
    adapter.scale[0] = 0
    save_adapter(adapter, tmp_path / "one")
    with pytest.raises(CheckpointError, match="does not hold the statistics of a space: scale must be positive"):
        load_adapter(tmp_path / "one")


def test_a_size_that_no_memory_holds_is_refused_before_it_is_asked_for(tmp_path: Path) -> None:
    save_adapter(tiny_elm.adapter(tiny_elm.table()), tmp_path / "one")
    value = json.loads((tmp_path / "one" / "config.json").read_text())
    (tmp_path / "one" / "config.json").write_text(json.dumps({**value, "hidden": 2**31, "soft_tokens": 2**31}))
    with pytest.raises(CheckpointError, match=r"do not fit: inner.bias, inner.weight, outer.bias"):
        load_adapter(tmp_path / "one")


def test_configs_and_manifests_are_read_without_torch(tmp_path: Path) -> None:
    written(tmp_path, FIRST)
    code = (
        "import sys; from elm.adapters import AdapterConfig, check_manifest, read_config, scan, tensor_kinds; "
        f"read_config({str(tmp_path)!r}); assert not {{'torch', 'jax', 'transformers'}} & sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
