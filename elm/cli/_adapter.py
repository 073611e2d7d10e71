"""`elm adapter`: folders of adapters to be shared, checked, compared, and sent to the Hub and back."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated, Any

import typer

from elm.cli._options import Json, Quiet

adapter = typer.Typer(
    help="Share adapters: pack, check, sign, compare, send and fetch them.", no_args_is_help=True, rich_markup_mode=None
)

Folder = Annotated[Path, typer.Argument(help="A model folder, or a run folder that holds one.")]
Out = Annotated[Path, typer.Argument(help="The folder to write.")]
License = Annotated[str | None, typer.Option(help="The licence on the card, named as on the Hub: mit, apache-2.0, ...")]
Revision = Annotated[str | None, typer.Option(help="A branch, tag or commit; for push a branch.")]


@adapter.command("pack")
def pack(
    folder: Folder,
    out: Out,
    half: Annotated[bool, typer.Option("--half", help="Weights in half precision: half the size.")] = False,
    license: License = None,
    quiet: Quiet = False,
    json_mode: Json = False,
) -> None:
    """Make a folder to be shared from a run or a model folder: only what belongs, with its card and its manifest.

    Example: elm adapter pack runs/quickstart shared/films --half --license mit
    """
    from elm.cli._output import echo, emit, remark
    from elm.runs import pack as pack_model

    remarks = pack_model(folder, out, half=half, license=license)
    size = _size(out)
    for line in remarks if not json_mode else ():
        remark(line)
    value = {"folder": str(out), "bytes": size, "remarks": remarks}
    emit(value, json_mode, lambda: echo(f"packed into {out}: {size / 1e6:.1f} MB"))


@adapter.command("verify")
def verify(
    folder: Folder,
    base: Annotated[str | None, typer.Option(help="The base it should fit: a folder or a Hub id.")] = None,
    vectors: Annotated[Path | None, typer.Option(help="A table of vectors that it should read.")] = None,
    key: Annotated[Path | None, typer.Option(help="A public key (PEM) whose owner should have signed it.")] = None,
    quiet: Quiet = False,
    json_mode: Json = False,
) -> None:
    """Check every hash, size, shape and number of a folder, and print what is wrong where; exits 1 if anything is.

    Example: elm adapter verify shared/films --vectors runs/quickstart/vectors/films
    """
    from elm.adapters import Problem
    from elm.cli._output import echo, emit
    from elm.model import model_folder
    from elm.model import verify as problems_of

    place = model_folder(folder)
    problems: list[Problem] = [*problems_of(place, base), *_unread(place, vectors), *_unsigned(place, key)]
    found = [{"path": problem.path, "what": problem.what} for problem in problems]

    def show() -> None:
        for problem in problems:
            echo(str(problem))
        echo(f"{place}: {len(problems)} problem{'s' * (len(problems) != 1)}" if problems else f"{place} is sound")

    emit({"folder": str(place), "sound": not problems, "problems": found}, json_mode, show)
    if problems:
        raise typer.Exit(1)


@adapter.command("info")
def info(folder: Folder, quiet: Quiet = False, json_mode: Json = False) -> None:
    """Say what is in a folder without loading it: spaces, tasks, fingerprints, base, sizes.

    Example: elm adapter info runs/quickstart
    """
    from elm._storage.files import read_json
    from elm.adapters import SIGNATURE, read_adapter_config, read_config
    from elm.cli._output import echo, emit, table
    from elm.model import model_folder

    place = model_folder(folder)
    config = read_config(place)
    adapters = {name: read_adapter_config(place / "adapters" / name).to_dict() for name in config.adapters}
    kind = "llm" if (place / "llm").is_dir() else "lora"
    value = {
        **config.to_dict(),
        "schema": read_json(place / "config.json")["schema"],
        "folder": str(place),
        "adapters": adapters,
        "language_model": kind,
        "bytes": {part: _size(place / part) for part in ("adapters", kind)},
        "signed": (place / SIGNATURE).is_file(),
    }

    def show() -> None:
        columns = ("space", "dim", "metric", "fingerprint", "soft_tokens", "hidden")
        table(
            [*columns, "tasks"],
            [[*(a[c] for c in columns), ", ".join(a["tasks"])] for a in adapters.values()],
            words=(0, 2, 3, 6),
        )
        base = config.base or {}
        echo(f"base: {base.get('id') or 'not named'}, revision {base.get('revision') or 'not named'}")
        echo(", ".join(f"{part}/ {size / 1e6:.1f} MB" for part, size in value["bytes"].items()))
        echo(f"schema {value['schema']}, by elm-toolkit {config.version or 'of unknown version'}")
        echo("signed" if value["signed"] else "not signed")
        if config.allow_space_mismatch:
            echo("trained on vectors of another space than its adapters name")

    emit(value, json_mode, show)


@adapter.command("card")
def card(
    folder: Folder,
    rewrite: Annotated[bool, typer.Option("--rewrite", help="Write it again from what the folder holds.")] = False,
    license: License = None,
    quiet: Quiet = False,
    json_mode: Json = False,
) -> None:
    """Print a folder's card, or write it again, and say what the Hub would not take.

    Example: elm adapter card shared/films --rewrite --license mit
    """
    from elm._errors import CallError, DataFileError
    from elm.adapters import SIGNATURE
    from elm.cli._output import echo_lines, emit, warn
    from elm.model import model_folder
    from elm.runs import card_problems, write_card

    place = model_folder(folder)
    signed = (place / SIGNATURE).is_file()
    if license is not None and not rewrite:
        raise CallError("--license goes onto a card that is written again: add --rewrite")
    if not rewrite and not (place / "README.md").is_file():
        raise DataFileError(f"{place} has no card; write one with --rewrite")
    text = write_card(place, license=license) if rewrite else (place / "README.md").read_text(encoding="utf-8")
    problems = card_problems(text, place)
    for problem in problems if not json_mode else ():
        warn(f"the card: {problem}")
    if signed and rewrite:
        warn("the signature was that of the old card and is removed: sign the folder again")
    emit({"folder": str(place), "card": text, "problems": problems}, json_mode, lambda: echo_lines(text.rstrip("\n")))


@adapter.command("sign")
def sign(
    folder: Folder,
    key: Annotated[Path, typer.Option(help="Your private key: PEM, elliptic curve P-256, P-384 or P-521.")],
    password: Annotated[
        str | None, typer.Option(envvar="ELM_KEY_PASSWORD", help="Of the key; better given in ELM_KEY_PASSWORD.")
    ] = None,
    quiet: Quiet = False,
    json_mode: Json = False,
) -> None:
    """Sign a folder with your key, offline; `elm adapter verify --key` checks it.

    Example: elm adapter sign shared/films --key me.pem
    """
    from elm.adapters import sign as sign_folder
    from elm.cli._output import echo, emit
    from elm.model import model_folder

    path = sign_folder(model_folder(folder), key, password)
    emit({"signature": str(path)}, json_mode, lambda: echo(f"signed: {path}"))


@adapter.command("push")
def push(
    folder: Folder,
    name: Annotated[str, typer.Argument(help="The repository on the Hub: owner/name.")],
    revision: Revision = None,
    private: Annotated[bool, typer.Option("--private", help="Where the repository is new, hide it.")] = False,
    quiet: Quiet = False,
    json_mode: Json = False,
) -> None:
    """Send a folder to the Hub, which checks the card. The token is that of HF_TOKEN or `hf auth login`.

    Example: elm adapter push shared/films me/films-in-words --private
    """
    from elm._errors import CallError, CheckpointError
    from elm.adapters import read_config, rewritten
    from elm.cli._output import echo, emit
    from elm.model import model_folder, push_folder
    from elm.model import verify as problems_of
    from elm.runs import card_problems

    place = model_folder(folder)
    if problems := problems_of(place, unlisted=False):
        raise CheckpointError(f"only a sound folder is sent, and {place / str(problems[0])}")
    if wrong := card_problems((place / "README.md").read_text(encoding="utf-8"), place):
        raise CheckpointError(f"the Hub would not take the card of {place}: {wrong[0]}; write it again with --rewrite")
    base = (read_config(place).base or {}).get("id") or ""
    if Path(base).is_absolute() or Path(base).exists():
        raise CallError(f"{place} names its base by a path of this machine, {base}: `elm adapter pack` it first")
    with tempfile.TemporaryDirectory() as aside:  # what the manifest names and no more: not a person's notes beside it
        sent = rewritten(place, {}, Path(aside) / "model")
        where = push_folder(sent, name, private=private or None, revision=revision)
    emit({"repository": name, "commit": where}, json_mode, lambda: echo(f"sent: {where}"))


@adapter.command("pull")
def pull(
    name: Annotated[str, typer.Argument(help="The repository on the Hub: owner/name.")],
    out: Out,
    revision: Revision = None,
    quiet: Quiet = False,
    json_mode: Json = False,
) -> None:
    """Fetch a folder from the Hub, check it, and write it here; a signature comes along.

    Example: elm adapter pull me/films-in-words shared/films --revision main
    """
    from elm._errors import CheckpointError
    from elm.adapters import rewritten
    from elm.cli._output import echo, emit
    from elm.model import fetch
    from elm.model import verify as problems_of
    from elm.runs import check_out

    check_out(out)
    cached = fetch(name, revision)
    if problems := problems_of(cached, unlisted=False):
        raise CheckpointError(f"{name} is not sound, and nothing was written: {problems[0]}")
    rewritten(cached, {}, out)
    value = {"repository": name, "folder": str(out), "bytes": _size(out)}
    emit(value, json_mode, lambda: echo(f"{name} in {out}: {_size(out) / 1e6:.1f} MB"))


@adapter.command("diff")
def diff(
    one: Annotated[Path, typer.Argument(help="A model folder, or a run folder that holds one.")],
    other: Annotated[Path, typer.Argument(help="Another one.")],
    quiet: Quiet = False,
    json_mode: Json = False,
) -> None:
    """Say what tells two folders apart: fields of their configs, tensors by name with the largest difference, files.

    Example: elm adapter diff runs/quickstart shared/films
    """
    from dataclasses import asdict

    from elm.cli._output import echo, emit
    from elm.model import diff as differences

    found = differences(one, other)

    def show() -> None:
        for entry in found:
            echo(f"{' '.join(filter(None, (entry.path, entry.name)))}: {entry.what}")
        if not found:
            echo("the same model")

    emit({"equal": not found, "differences": [asdict(entry) for entry in found]}, json_mode, show)


@adapter.command("merge")
def merge(
    folder: Folder,
    out: Out,
    base: Annotated[str | None, typer.Option(help="Where the base is, if not where the folder says.")] = None,
    quiet: Quiet = False,
    json_mode: Json = False,
) -> None:
    """Fold low-rank updates into the base: llm/ in place of lora/, a plain transformers model that needs no base.

    Example: elm adapter merge runs/lora shared/films-merged
    """
    from elm.cli._output import echo, emit
    from elm.runs import merge_folder

    merge_folder(folder, out, base)
    value = {"folder": str(out), "bytes": _size(out)}
    emit(value, json_mode, lambda: echo(f"merged into {out}: {_size(out) / 1e6:.1f} MB"))


@adapter.command("export")
def export(
    folder: Folder,
    vectors: Annotated[Path, typer.Option(help="A table of vectors, or a .npy file of shape (n, dim).")],
    out: Annotated[Path, typer.Option(help="The .safetensors file to write.")],
    task: Annotated[str, typer.Option(help="A task id, such as summary or user_profile.")] = "summary",
    quiet: Quiet = False,
    json_mode: Json = False,
) -> None:
    """Write prompts as embeddings, one per vector, for an engine that runs the folder's llm/, such as vLLM.

    Example: elm adapter export shared/films --vectors runs/quickstart/vectors/films --out prompts.safetensors
    """
    from elm.cli._output import echo, emit, remark
    from elm.cli.reading._describe import of_path
    from elm.model import is_lora, load_model, prompt_embeddings, save_prompt_embeddings

    model = load_model(folder)
    array, names = of_path(vectors, None)
    prompts = prompt_embeddings(model, array, task)
    save_prompt_embeddings(out, prompts, names, model.task(task))
    if is_lora(model.llm):
        remark(f"the engine needs the updates in its language model: `elm adapter merge {folder} OUT` folds them in")
    count, positions, width = prompts.shape
    value = {"file": str(out), "shape": [count, positions, width]}
    emit(value, json_mode, lambda: echo(f"{count} prompts of {positions} positions, {width} wide, in {out}"))


def _unread(folder: Path, vectors: Path | None) -> list[Any]:
    """That no adapter of the folder reads a table's space, or that its factors are not those of its fingerprint."""
    if vectors is None:
        return []
    from elm._errors import CallError
    from elm.adapters import Problem, read_adapter_config, read_config
    from elm.embeddings import VectorTable, check_fingerprint

    table, problems = VectorTable.load(vectors), []
    try:
        check_fingerprint(table)
    except CallError as error:
        problems.append(Problem(str(vectors), f"is not what it says: {error}"))
    known = {name: read_adapter_config(folder / "adapters" / name) for name in read_config(folder).adapters}
    space = table.space
    if not any(config.reads(space) for config in known.values()):
        listed = ", ".join(f"{name} {c.fingerprint} ({c.dim})" for name, c in known.items())
        reason = f"hold no adapter for the space of {vectors}, {space.name} {space.fingerprint} ({space.dim}): {listed}"
        problems.append(Problem("adapters", reason))
    return problems


def _unsigned(folder: Path, key: Path | None) -> list[Any]:
    if key is None:
        return []
    from elm._errors import CheckpointError
    from elm.adapters import SIGNATURE, Problem, check_signature

    try:
        check_signature(folder, key)
    except CheckpointError as error:
        return [Problem(SIGNATURE, str(error).removeprefix(str(folder / SIGNATURE)).strip())]
    return []


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
