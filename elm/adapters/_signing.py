"""Signatures of adapter folders by the tools of OpenSSF model-signing: with a key pair, without a network.

A manifest shows that files are whole; a signature shows who vouches for them. It lies beside the files as
`model.sig.json` (a Sigstore bundle) and covers the manifest and all that it names. The `model_signing` command checks
it too.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from elm._errors import CallError, CheckpointError, DataFileError
from elm._storage.files import read_json, sha256, written_aside
from elm._storage.names import is_own_name
from elm.adapters._manifest import MANIFEST, check_manifest

SIGNATURE = "model.sig.json"


def sign(folder: str | Path, private_key: str | Path, password: str | None = None) -> Path:
    """Sign a folder with a private key (PEM, elliptic curve P-256, P-384 or P-521); returns the signature's path.

    Raises `CallError` where the key is none, `DataFileError` or `CheckpointError` where the folder is not whole:
    nobody should vouch for that.
    """
    folder = Path(folder)
    tools = _tools()
    check_manifest(folder)
    with _reading_key(private_key):
        signer = tools.signing.Config().use_elliptic_key_signer(
            private_key=Path(private_key), password=_bytes(password)
        )
    ours = _ours(folder)
    others = sorted(p for p in folder.rglob("*") if p.is_file() and p.relative_to(folder).as_posix() not in ours)
    hashing = tools.hashing.Config().use_file_serialization(hashing_algorithm="sha256", allow_symlinks=True)
    hashing.set_ignored_paths(paths=others)
    with tempfile.TemporaryDirectory() as place:
        made = Path(place) / SIGNATURE
        signer.set_hashing_config(hashing).sign(folder, made)
        with written_aside(folder / SIGNATURE) as aside:
            shutil.copyfile(made, aside)
    return folder / SIGNATURE


def check_signature(folder: str | Path, public_key: str | Path) -> None:
    """Check that the owner of a key (PEM) signed exactly these files.

    Raises `CheckpointError` where the folder is not signed, signed with another key, changed since then, or holds
    files that the signature leaves out; `CallError` where the key is none.
    """
    folder = Path(folder)
    tools = _tools()
    path = folder / SIGNATURE
    if not path.is_file():
        raise CheckpointError(f"{folder} is not signed: it has no {SIGNATURE}; ask whoever made it, or check no key")
    with _reading_key(public_key):
        verifier = tools.verifying.Config().use_elliptic_key_verifier(public_key=Path(public_key))
    signed = _signed(path)
    changed = [name for name, digest in signed.items() if _hash(folder / name) != digest]
    if changed:
        raise CheckpointError(f"{path} does not vouch for {_listed(changed)}: changed or missing since it was signed")
    try:
        verifier.set_ignore_unsigned_files(True).verify(folder, path)
    except Exception as error:  # the library has no class of its own for these
        raise CheckpointError(f"{path} does not vouch for this folder: {_reason(error)}") from error
    if left_out := _ours(folder) - signed.keys():
        raise CheckpointError(f"{path} does not vouch for {_listed(left_out)}: added since it was signed")


def _ours(folder: Path) -> set[str]:
    """What a signature covers: the manifest and what it names."""
    return {MANIFEST, *read_json(folder / MANIFEST)}


def _signed(path: Path) -> dict[str, str]:
    """What a signature says of each file: name -> sha256. Whether to believe it is another question."""
    try:
        payload = json.loads(base64.b64decode(read_json(path)["dsseEnvelope"]["payload"]))
        names = {str(entry["name"]): str(entry["digest"]) for entry in payload["predicate"]["resources"]}
        if not all(is_own_name(name, depth=8) for name in names):
            raise ValueError("it names files of other folders")
        return names
    except (DataFileError, ValueError, KeyError, TypeError) as error:
        raise CheckpointError(f"{path} is no signature of model-signing, or damaged; fetch it again") from error


def _hash(path: Path) -> str | None:
    return sha256(path) if path.is_file() else None


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)[:5])


def _reason(error: Exception) -> str:
    if "Key mismatch" in str(error) or type(error).__name__ == "InvalidSignature":
        return "it was made with another key, or changed since"
    return " ".join(str(error).split())[:300] or type(error).__name__


@contextlib.contextmanager
def _reading_key(path: str | Path) -> Iterator[None]:
    if not os.path.isfile(path):
        raise CallError(f"a key is a PEM file, and there is none at {path}")
    try:
        yield
    except (ValueError, TypeError, AttributeError) as error:
        reason = " ".join(str(error).split())[:200]
        raise CallError(
            f"a key is a PEM file of an elliptic curve (P-256, P-384, P-521), private to sign and public to check, "
            f"and {path} is not: {reason}"
        ) from error


def _bytes(password: str | None) -> Any:
    return None if password is None else password.encode()


def _tools() -> Any:
    try:
        import model_signing
        import model_signing.hashing
        import model_signing.signing
        import model_signing.verifying
    except ImportError as error:
        raise CallError(f'signatures need model-signing ({error}); run: pip install "elm-toolkit[signing]"') from error
    return model_signing
