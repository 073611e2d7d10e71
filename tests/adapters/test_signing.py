"""Signatures: made and checked offline with a key pair; another key, another file or no signature is an error."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import tiny_elm

from elm._errors import CallError, CheckpointError, DataFileError
from elm.adapters import SIGNATURE, check_signature, sign, write_manifest
from elm.model import load_model, save_model, verify

pytest.importorskip("model_signing.signing", reason='needs pip install "elm-toolkit[signing]"')
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

PEM, PKCS8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8


def key_pair(folder: Path, name: str, curve: ec.EllipticCurve | None = None, password: str = "") -> tuple[Path, Path]:
    """(private, public), as files."""
    key = ec.generate_private_key(curve or ec.SECP256R1())
    lock = serialization.BestAvailableEncryption(password.encode()) if password else serialization.NoEncryption()
    private, public = folder / f"{name}.pem", folder / f"{name}.pub"
    private.write_bytes(key.private_bytes(PEM, PKCS8, lock))
    public.write_bytes(key.public_key().public_bytes(PEM, serialization.PublicFormat.SubjectPublicKeyInfo))
    return private, public


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return key_pair(tmp_path_factory.mktemp("keys"), "ours")


@pytest.fixture(scope="module")
def original(keys: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = save_model(tiny_elm.model(), tmp_path_factory.mktemp("signed") / "model")
    assert sign(folder, keys[0]) == folder / SIGNATURE
    return folder


@pytest.fixture
def signed(original: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(original, tmp_path / "model"))


def test_a_signed_folder_is_sound_loads_and_checks(signed: Path, keys: tuple[Path, Path]) -> None:
    check_signature(signed, keys[1])
    assert verify(signed) == []
    assert set(load_model(signed).adapters) == {"toy"}


@pytest.mark.parametrize("curve", [ec.SECP384R1(), ec.SECP521R1()], ids=lambda curve: curve.name)
def test_the_other_curves(signed: Path, tmp_path: Path, curve: ec.EllipticCurve) -> None:
    private, public = key_pair(tmp_path, "other", curve)
    sign(signed, private)
    check_signature(signed, public)


def test_a_locked_key_opens_with_its_password(signed: Path, tmp_path: Path) -> None:
    private, public = key_pair(tmp_path, "locked", password="open sesame")
    sign(signed, private, password="open sesame")
    check_signature(signed, public)
    for password in ("wrong", None):
        with pytest.raises(CallError, match=r"a key is a PEM file of an elliptic curve .*locked.pem is not"):
            sign(signed, private, password)


def test_another_key_is_an_error(signed: Path, tmp_path: Path) -> None:
    _, stranger = key_pair(tmp_path, "stranger")
    with pytest.raises(CheckpointError, match="does not vouch for this folder: it was made with another key"):
        check_signature(signed, stranger)


@pytest.mark.parametrize(
    "name", ["adapters/toy/model.safetensors", "llm/model.safetensors", "README.md", "config.json"]
)
def test_a_changed_file_is_an_error_even_where_the_manifest_vouches_for_it(
    signed: Path, keys: tuple[Path, Path], name: str
) -> None:
    with open(signed / name, "ab") as file:
        file.write(b" ")
    (signed / SIGNATURE).rename(signed.parent / SIGNATURE)
    write_manifest(signed)
    (signed.parent / SIGNATURE).rename(signed / SIGNATURE)
    with pytest.raises(CheckpointError, match=rf"vouch for {name}, manifest.json: changed or missing since"):
        check_signature(signed, keys[1])


def test_a_missing_file_is_an_error(signed: Path, keys: tuple[Path, Path]) -> None:
    (signed / "README.md").unlink()
    with pytest.raises(CheckpointError, match=r"does not vouch for README.md: changed or missing since it was signed"):
        check_signature(signed, keys[1])


def test_a_signature_that_leaves_files_out_is_an_error(signed: Path, keys: tuple[Path, Path]) -> None:
    import model_signing.hashing
    import model_signing.signing

    hashing = model_signing.hashing.Config().set_ignored_paths(paths=[signed / SIGNATURE, signed / "manifest.json"])
    config = model_signing.signing.Config().use_elliptic_key_signer(private_key=keys[0]).set_hashing_config(hashing)
    config.sign(signed, signed / SIGNATURE)
    with pytest.raises(CheckpointError, match=r"does not vouch for manifest\.json: added since it was signed"):
        check_signature(signed, keys[1])


def test_files_added_to_the_manifest_later_are_not_vouched_for(signed: Path, keys: tuple[Path, Path]) -> None:
    """A person's own file beside the model is nobody's business; one that is read must be signed."""
    (signed / "notes.txt").write_text("mine")
    check_signature(signed, keys[1])
    sign(signed, keys[0])
    check_signature(signed, keys[1])
    assert json.loads((signed / "manifest.json").read_text()).keys().isdisjoint({"notes.txt", SIGNATURE})
    (signed / SIGNATURE).rename(signed.parent / SIGNATURE)
    write_manifest(signed)  # takes notes.txt in
    (signed.parent / SIGNATURE).rename(signed / SIGNATURE)
    with pytest.raises(CheckpointError, match=r"manifest\.json"):
        check_signature(signed, keys[1])


def test_no_signature_is_an_error(signed: Path, keys: tuple[Path, Path]) -> None:
    (signed / SIGNATURE).unlink()
    with pytest.raises(CheckpointError, match=rf"model is not signed: it has no {SIGNATURE}"):
        check_signature(signed, keys[1])


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"dsseEnvelope": {"payload": "e30="}}', "{" * 5000])
def test_a_signature_that_is_none(signed: Path, keys: tuple[Path, Path], text: str) -> None:
    (signed / SIGNATURE).write_text(text)
    with pytest.raises(CheckpointError, match=rf"{SIGNATURE} is no signature of model-signing, or damaged"):
        check_signature(signed, keys[1])


def test_a_changed_signature_is_an_error(signed: Path, keys: tuple[Path, Path]) -> None:
    bundle = json.loads((signed / SIGNATURE).read_text())
    mark = bundle["dsseEnvelope"]["signatures"][0]
    mark["sig"] = mark["sig"][:20] + ("A" if mark["sig"][20] != "A" else "B") + mark["sig"][21:]
    (signed / SIGNATURE).write_text(json.dumps(bundle))
    with pytest.raises(CheckpointError, match="does not vouch for this folder: it was made with another key, or chan"):
        check_signature(signed, keys[1])


def test_a_key_that_is_none(signed: Path, keys: tuple[Path, Path], tmp_path: Path) -> None:
    with pytest.raises(CallError, match=r"a key is a PEM file, and there is none at nowhere\.pem"):
        sign(signed, "nowhere.pem")
    (tmp_path / "text.pem").write_text("no key")
    wrong = tmp_path / "rsa.pem"
    wrong.write_bytes(rsa.generate_private_key(65537, 2048).private_bytes(PEM, PKCS8, serialization.NoEncryption()))
    for path in (tmp_path / "text.pem", wrong, keys[1]):
        with pytest.raises(CallError, match=r"a key is a PEM file of an elliptic curve .* is not"):
            sign(signed, path)
    for path in (tmp_path / "text.pem", keys[0]):
        with pytest.raises(CallError, match=r"a key is a PEM file of an elliptic curve .* is not"):
            check_signature(signed, path)


def test_what_is_damaged_or_no_model_is_not_signed(signed: Path, keys: tuple[Path, Path], tmp_path: Path) -> None:
    (signed / "README.md").write_text("other")
    with pytest.raises(CheckpointError, match=r"README\.md"):
        sign(signed, keys[0])
    with pytest.raises(DataFileError, match=r"manifest.json is missing"):
        sign(tmp_path, keys[0])


def test_the_tools_own_command_checks_it_too(signed: Path, keys: tuple[Path, Path]) -> None:
    call = [
        "verify",
        "key",
        str(signed),
        "--signature",
        str(signed / SIGNATURE),
        "--public_key",
        str(keys[1]),
        "--ignore_unsigned_files",
    ]
    done = subprocess.run([sys.executable, "-m", "model_signing", *call], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_without_the_extra_the_error_says_what_to_install(signed: Path, keys: tuple[Path, Path]) -> None:
    code = (
        "import sys; sys.modules['model_signing'] = None\n"
        f"from elm.adapters import sign\nsign({str(signed)!r}, {str(keys[0])!r})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stderr.rstrip().endswith('run: pip install "elm-toolkit[signing]"')
