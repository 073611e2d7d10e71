"""`elm doctor`: what this machine has, what is missing, and what to do about it."""

from __future__ import annotations

import dataclasses
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Literal

import typer

from elm.cli._options import Json, Quiet

_NAME = "elm-toolkit"

State = Literal["ok", "warning", "missing"]


_NOT_USED = {"dev", "docs"}  # the extras for those who change the toolkit


@dataclasses.dataclass(frozen=True)
class Check:
    """One line of the report. "missing" means that something essential does not work; `todo` says how to fix it."""

    name: str
    state: State
    found: str
    todo: str = ""


def doctor(
    network: Annotated[bool, typer.Option("--network", help="Also ask whether the Hugging Face Hub answers.")] = False,
    quiet: Quiet = False,
    json_mode: Json = False,
) -> None:
    """Check Python, libraries, memory, device, disk, the sentence encoder, the shipped model and bases at hand.

    Exits 1 when something essential is missing. No network call is made without --network. Example: elm doctor
    """
    from elm.cli._output import emit

    checks = [
        python_version(),
        *libraries(),
        machine(),
        device(),
        disk(),
        sentence_encoder(),
        *shipped_model(),
        *bases(),
        *([hub()] if network else []),
    ]
    healthy = all(check.state != "missing" for check in checks)
    emit(
        {"healthy": healthy, "checks": [dataclasses.asdict(check) for check in checks]},
        json_mode,
        lambda: _show(checks),
    )
    if not healthy:
        raise typer.Exit(1)


def python_version() -> Check:
    """This Python against the range in the package's metadata."""
    from importlib import metadata

    from packaging.specifiers import SpecifierSet

    found = ".".join(str(part) for part in sys.version_info[:3])
    try:
        wanted = metadata.metadata(_NAME)["Requires-Python"] or ""
    except metadata.PackageNotFoundError:
        wanted = ""
    if SpecifierSet(wanted).contains(found, prereleases=True):
        return Check("python", "ok", found)
    return Check("python", "missing", f"{found}, not {wanted}", "make the environment with a Python of that range")


def libraries() -> Iterator[Check]:
    """Installed versions against the ranges that the package's own metadata asks for; nothing is imported."""
    from importlib import metadata

    from packaging.requirements import Requirement

    try:
        wanted = [Requirement(line) for line in metadata.requires(_NAME) or []]
        extras = set(metadata.metadata(_NAME).get_all("Provides-Extra") or ()) - _NOT_USED
    except metadata.PackageNotFoundError:
        yield Check(_NAME, "missing", "not installed", "run: pip install -e .")
        return
    for requirement in wanted:
        marker = requirement.marker
        extra = marker is not None
        if marker is not None and not any(marker.evaluate({"extra": name}) for name in extras):
            continue
        try:
            version = metadata.version(requirement.name)
        except metadata.PackageNotFoundError:
            if not extra:
                yield Check(requirement.name, "missing", "not installed", f'run: pip install "{_plain(requirement)}"')
            continue
        if requirement.specifier.contains(version, prereleases=True):
            yield Check(requirement.name, "ok", version)
        else:
            todo = f'run: pip install "{_plain(requirement)}"'
            yield Check(
                requirement.name, "warning" if extra else "missing", f"{version}, not {requirement.specifier}", todo
            )


def machine() -> Check:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    memory = _memory()
    found = f"{cores} cores" if memory is None else f"{cores} cores, {memory:.1f} GB of memory"
    if memory is not None and memory < 4:
        return Check("machine", "warning", found, "the quickstart needs about 4 GB; close other programs")
    return Check("machine", "ok", found)


def device() -> Check:
    """The device that torch would use. A broken torch is found here, for this one check imports it."""
    try:
        import torch
    except (ImportError, OSError) as error:
        return Check(
            "device", "missing", f"torch cannot be imported: {error}", "run: pip install --force-reinstall torch"
        )
    if torch.cuda.is_available():
        return Check("device", "ok", f"cuda: {torch.cuda.get_device_name(0)}")
    if torch.backends.mps.is_available():
        return Check("device", "ok", "mps")
    return Check("device", "ok", f"cpu, {torch.get_num_threads()} threads (no GPU needed)")


def disk() -> Check:
    folder = Path.cwd()
    free = shutil.disk_usage(folder).free / 1e9
    found = f"{free:.1f} GB free at {folder}"
    if free < 1:
        return Check("disk", "warning", found, "a run folder takes up to 1 GB; free some space")
    return Check("disk", "ok", found)


def sentence_encoder() -> Check:
    """Whether the default sentence encoder lies on this machine: nothing is loaded, no network is used."""
    from elm._errors import DataFileError
    from elm.embeddings import DEFAULT_ENCODER, local_encoder

    todo = 'run: pip install "elm-toolkit[minilm]"; with a network it is also downloaded on first use'
    try:
        folder = local_encoder(DEFAULT_ENCODER)
    except DataFileError as error:
        return Check("sentence encoder", "missing", str(error), todo)
    if folder is None:
        return Check("sentence encoder", "missing", f"{DEFAULT_ENCODER} is on this machine nowhere", todo)
    return Check("sentence encoder", "ok", f"{DEFAULT_ENCODER} in {folder}")


def shipped_model() -> Iterator[Check]:
    """Whether the model files that come with the package are there, whole, and of one making."""
    for name, found in (("shipped base", _base), ("shipped model", _demo), ("shipped vectors", _vectors)):
        yield _whole(name, found)


def bases() -> Iterator[Check]:
    """Larger base models that are on this machine; none is essential."""
    from elm.model import PACKAGED, all_kept, parts_of

    kept = all_kept()
    for name, known in PACKAGED.items():
        if known.sha256 in kept:
            yield Check(f"base {name}", "ok", f"converted; {known.terms}")
        elif parts_of(known):
            yield Check(f"base {name}", "ok", f"installed, converted when first used (minutes); {known.terms}")
        else:
            yield Check(f"base {name}", "ok", "not installed", f'run: pip install "elm-toolkit[{known.extra}]"')
    packed = {known.sha256 for known in PACKAGED.values()}
    for digest, name in kept.items():
        if digest not in packed:
            yield Check(f"base {name}", "ok", f"converted, sha256 {digest[:12]}")


def _whole(name: str, found: Callable[[], str]) -> Check:
    from elm._errors import ElmError

    try:
        return Check(name, "ok", found())
    except (ElmError, OSError, ImportError) as error:
        return Check(name, "missing", str(error), "install elm-toolkit again")


def _base() -> str:
    from elm.adapters import check_manifest
    from elm.model import SHIPPED

    check_manifest(SHIPPED / "base", ["model.safetensors", "tokenizer.json"])
    return _size(SHIPPED / "base")


def _demo() -> str:
    from elm._storage.files import read_json
    from elm.adapters import check_manifest
    from elm.model import SHIPPED

    adapters = read_json(SHIPPED / "demo" / "config.json")["adapters"]
    check_manifest(SHIPPED / "demo", [f"adapters/{name}/model.safetensors" for name in adapters])
    return f"reads {', '.join(adapters)}; {_size(SHIPPED / 'demo')}"


def _vectors() -> str:
    """The tables, and that the demo model reads their spaces."""
    from elm._errors import CheckpointError
    from elm._storage.files import read_json
    from elm.embeddings import VectorTable
    from elm.model import SHIPPED

    tables = {name: VectorTable.load(SHIPPED / "vectors" / name) for name in ("films", "users", "items")}
    read = {read_json(path)["fingerprint"] for path in (SHIPPED / "demo" / "adapters").glob("*/config.json")}
    if strange := [name for name, table in tables.items() if table.space.fingerprint not in read]:
        raise CheckpointError(f"the shipped model must read the shipped vectors, but not {', '.join(strange)}")
    return f"{', '.join(f'{len(t):,} {n}' for n, t in tables.items())}; {_size(SHIPPED / 'vectors')}"


def _size(folder: Path) -> str:
    return f"{sum(path.stat().st_size for path in folder.rglob('*') if path.is_file()) / 1e6:.1f} MB"


def hub() -> Check:
    """Whether the Hub answers; only a remark, for everything here works without it."""
    import urllib.error
    import urllib.request

    address = os.environ.get("HF_ENDPOINT", "https://huggingface.co")
    try:
        with urllib.request.urlopen(urllib.request.Request(address, method="HEAD"), timeout=5):
            return Check("hub", "ok", f"{address} answers")
    except (urllib.error.URLError, OSError, ValueError) as error:
        return Check("hub", "warning", f"{address} does not answer: {error}", "models on the Hub need a network")


def _plain(requirement: object) -> str:
    return str(requirement).split(";")[0].strip()


def _memory() -> float | None:
    """Physical memory in GB; None where the system does not tell."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    except (ValueError, OSError, AttributeError):
        return None


def _show(checks: list[Check]) -> None:
    from elm.cli._output import echo

    for check in checks:
        echo(f"{check.state:8} {check.name:22} {check.found}" + (f"; {check.todo}" if check.todo else ""))
    wrong = [check.name for check in checks if check.state == "missing"]
    odd = [check.name for check in checks if check.state == "warning"]
    if wrong:
        echo(
            f"{len(wrong)} essential {'thing is' if len(wrong) == 1 else 'things are'} missing or outside the range: "
            f"{', '.join(wrong)}"
        )
    else:
        echo("all well" if not odd else f"all that is essential is well; to be looked at: {', '.join(odd)}")
