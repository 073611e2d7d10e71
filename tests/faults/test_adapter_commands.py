"""`elm adapter push` and `pull` against a Hub on this machine."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import fake_hub
import pytest
import tiny_elm
from fake_hub import FakeHub

from elm.adapters import SIGNATURE, write_manifest
from elm.cli import main
from elm.model import load_model, save_model, verify
from elm.runs import write_card

NAME = "someone/some-model"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    model = tiny_elm.model()
    model.about = {"base": {"id": "someone/a-base", "revision": None, "sha256": None}}
    place = save_model(model, tmp_path / "model")
    write_card(place)
    return place


def test_there_and_back(hub: FakeHub, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("notes.py", "notes.txt", "notes.json"):
        (folder / name).write_text("{}")
    assert main(["adapter", "push", str(folder), NAME, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["commit"].startswith("http")
    sent = hub.repositories[NAME]["main"]
    assert sent.keys() - {".gitattributes"} == {"manifest.json", *json.loads((folder / "manifest.json").read_text())}
    assert main(["adapter", "pull", NAME, str(tmp_path / "back")]) == 0
    assert capsys.readouterr().out.startswith(f"{NAME} in {tmp_path / 'back'}: ")
    names = json.loads((folder / "manifest.json").read_text())
    assert all((tmp_path / "back" / name).read_bytes() == (folder / name).read_bytes() for name in names)
    assert not any(path.is_symlink() for path in (tmp_path / "back").rglob("*"))
    assert verify(tmp_path / "back") == []
    vectors = tiny_elm.vectors()
    again = load_model(tmp_path / "back")
    assert again.describe(vectors, tiny_elm.SAY) == load_model(folder).describe(vectors, tiny_elm.SAY)


def test_a_branch_of_its_own(hub: FakeHub, folder: Path, tmp_path: Path) -> None:
    assert main(["adapter", "push", str(folder), NAME, "--revision", "next"]) == 0
    assert "README.md" in hub.repositories[NAME]["next"]
    assert main(["adapter", "pull", NAME, str(tmp_path / "back"), "--revision", "next"]) == 0
    assert verify(tmp_path / "back") == []


def test_a_signature_comes_along(hub: FakeHub, folder: Path, tmp_path: Path) -> None:
    pytest.importorskip("model_signing.signing", reason='needs pip install "elm-toolkit[signing]"')
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    pem, none = serialization.Encoding.PEM, serialization.NoEncryption()
    (tmp_path / "key").write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, none))
    public = key.public_key().public_bytes(pem, serialization.PublicFormat.SubjectPublicKeyInfo)
    (tmp_path / "pub").write_bytes(public)
    assert main(["adapter", "sign", str(folder), "--key", str(tmp_path / "key")]) == 0
    assert main(["adapter", "push", str(folder), NAME]) == 0
    assert main(["adapter", "pull", NAME, str(tmp_path / "back")]) == 0
    assert (tmp_path / "back" / SIGNATURE).read_bytes() == (folder / SIGNATURE).read_bytes()
    assert main(["adapter", "verify", str(tmp_path / "back"), "--key", str(tmp_path / "pub")]) == 0


def test_what_is_not_sound_is_neither_sent_nor_written(
    hub: FakeHub, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hub.add(NAME, folder)
    hub.repositories[NAME]["main"]["llm/model.safetensors"] += b"x"
    assert main(["adapter", "pull", NAME, str(tmp_path / "back")]) == 1
    assert "is not sound, and nothing was written: llm" in capsys.readouterr().err
    assert not (tmp_path / "back").exists()
    (folder / "README.md").write_text("changed")
    asked = len(hub.requests)
    assert main(["adapter", "push", str(folder), NAME]) == 1
    assert "only a sound folder is sent, and" in capsys.readouterr().err
    write_manifest(folder)
    assert main(["adapter", "push", str(folder), NAME]) == 1
    assert "the Hub would not take the card of" in capsys.readouterr().err
    assert len(hub.requests) == asked


def test_the_hubs_own_check_of_the_card(
    hub: FakeHub, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[dict[str, str]] = []

    def refuse(handler: Any, body: bytes) -> None:
        asked.append(json.loads(body))
        handler._json({"errors": [{"message": '"license" must be one of [mit]'}], "warnings": []}, 400)

    routes = [(verb, path, refuse if "yaml" in path else answer) for verb, path, answer in fake_hub._ROUTES]
    monkeypatch.setattr(fake_hub, "_ROUTES", routes)
    assert main(["adapter", "push", str(folder), NAME]) == 1
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert "the Hub does not take the folder as someone/some-model: Invalid metadata in README.md" in err
    assert '"license" must be one of [mit]' in err
    assert asked == [{"content": (folder / "README.md").read_text(), "repoType": "model"}]
    assert not hub.repositories[NAME]["main"]


def test_a_base_by_a_path_of_this_machine_is_not_sent(
    hub: FakeHub, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model: Any = tiny_elm.model()
    model.about = {"base": {"id": str(tmp_path), "revision": None, "sha256": None}}
    folder = save_model(model, tmp_path / "model")
    write_card(folder)
    assert main(["adapter", "push", str(folder), NAME]) == 2
    assert "names its base by a path of this machine" in capsys.readouterr().err
    assert not hub.requests


def test_pull_keeps_what_lies_there(hub: FakeHub, folder: Path, tmp_path: Path) -> None:
    hub.add(NAME, folder)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    assert main(["adapter", "pull", NAME, str(tmp_path / "mine")]) == 2
    assert [p.name for p in (tmp_path / "mine").iterdir()] == ["thesis.txt"]
    assert not hub.requests


def test_a_hub_that_refuses_is_one_line(
    hub: FakeHub, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hub.status = 403
    for words in (["push", str(folder), NAME], ["pull", NAME, str(tmp_path / "back")]):
        assert main(["adapter", *words]) == 1
        err = capsys.readouterr().err
        assert err.count("\n") == 1
        assert "access is denied (403); pass a token" in err
    assert main(["adapter", "pull", "no name", str(tmp_path / "back")]) == 2
