"""The rules of the house (CONTRIBUTING.md), checked on the source."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "elm"
SOURCES = sorted(PACKAGE.rglob("*.py"))
LINKS = ("adapters", "cav", "embeddings", "tasks")

# room -> the rooms it may use. Arrows point down only; the `elm` command and `elm/__init__.py` may use every room.
MAY_USE: dict[str, set[str]] = {
    "data": set(),
    "metrics": set(),
    "embeddings": {"data"},
    "cav": {"data", "embeddings", "metrics"},
    "adapters": {"embeddings"},
    "tasks": {"data", "embeddings"},
    "model": {"data", "embeddings", "adapters", "tasks"},
    "training": {"data", "metrics", "embeddings", "adapters", "tasks", "model"},
    "recommend": {"data", "metrics", "embeddings"},
}
for _room in ("evaluation", "runs", "cli"):
    MAY_USE[_room] = set(MAY_USE)  # all above
ROOMS = sorted(path.parent.name for path in PACKAGE.glob("*/__init__.py"))

HEAVY = {"torch", "transformers", "numpy", "pandas", "scipy", "sklearn", "implicit", "peft", "datasets", "safetensors",
         "sentence_transformers", "accelerate", "pyarrow", "matplotlib", "huggingface_hub", "rich", "tqdm",
         "jax", "flax", "model_signing", "filelock", "ipywidgets", "openai", "jinja2", "markupsafe"}  # fmt: skip


def imported(path: Path) -> Iterator[str]:
    """The full names of the modules that a file imports, at the top or inside a function."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: write the whole name instead of a relative import"
            module = node.module or ""
            yield module
            # `from elm import data` and `from elm.cli import _output` import a module, too.
            for alias in node.names:
                if module == "elm" or alias.name.startswith("_"):
                    yield f"{module}.{alias.name}"


def modules_after(code: str) -> set[str]:
    """Top-level names of the modules that `code` adds in a fresh interpreter."""
    script = (
        f"import sys; before = set(sys.modules); {code}; new = set(sys.modules) - before; "
        "print('\\n' + ' '.join({name.partition('.')[0] for name in new}))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    return set(done.stdout.splitlines()[-1].split())


def test_import_elm_loads_the_standard_library_only() -> None:
    loaded = modules_after("import elm; elm.__version__; dir(elm)")
    assert loaded <= set(sys.stdlib_module_names) | {"elm"}


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["data", "--help"], ["nonsense"]])
def test_the_command_answers_without_heavy_libraries(arguments: list[str]) -> None:
    assert not modules_after(f"from elm.cli import main; main({arguments!r})") & HEAVY


@pytest.mark.parametrize("room", ROOMS)
def test_arrows_between_rooms_point_down_and_go_through_doors(room: str) -> None:
    wrong = []
    for path in sorted((PACKAGE / room).rglob("*.py")):
        for name in imported(path):
            parts = name.split(".")
            if parts[0] != "elm" or len(parts) == 1 or parts[1] == room or parts[1] not in MAY_USE:
                continue
            if parts[1] not in MAY_USE[room]:
                wrong.append(f"{path.relative_to(ROOT)}: elm.{room} may not use elm.{parts[1]}")
            elif len(parts) > 2:
                wrong.append(f"{path.relative_to(ROOT)}: {name} is private; import from elm.{parts[1]}")
    assert not wrong, "\n".join(sorted(set(wrong)))


def test_every_room_is_in_the_table() -> None:
    assert set(ROOMS) <= set(MAY_USE), "name the new room here and in CONTRIBUTING.md, with what it may use"


@pytest.mark.parametrize("room", ROOMS)
def test_every_public_name_says_what_it_is(room: str) -> None:
    door = importlib.import_module(f"elm.{room}")
    assert (door.__doc__ or "").strip()
    silent = []
    for name in door.__all__:
        thing = getattr(door, name)
        if not (inspect.isclass(thing) or inspect.isfunction(thing)):
            continue
        words = thing.__doc__ or ""
        if not words.strip() or words.startswith(f"{name}("):  # dataclasses write their signature
            silent.append(name)
    assert not silent, f"elm.{room}: no docstring on {', '.join(silent)}"


def test_doors_name_what_they_hand_out_once() -> None:
    for room in ROOMS:
        door = importlib.import_module(f"elm.{room}")
        assert len(door.__all__) == len(set(door.__all__)), room


def test_no_file_is_longer_than_400_lines() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for path in [*SOURCES, *(ROOT / "tests").rglob("*.py"), *(ROOT / "benchmarks").rglob("*.py")]
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > 400
    }
    assert not long


def test_room_files_are_private() -> None:
    loose = [path for path in PACKAGE.glob("*/*.py") if not path.name.startswith("_")]
    assert not loose


@pytest.mark.parametrize("name", LINKS)
def test_root_links_point_into_the_package(name: str) -> None:
    link = ROOT / name
    if not link.is_symlink():
        pytest.skip("this checkout has no symbolic links")
    assert link.readlink() == Path("elm") / name


def test_nobody_imports_through_the_root_links() -> None:
    for path in [*SOURCES, *(ROOT / "tests").rglob("*.py"), *(ROOT / "examples").rglob("*.py")]:
        through = {name for name in imported(path) if name.partition(".")[0] in LINKS}
        assert not through, f"{path.relative_to(ROOT)} imports {through}; write elm.<room>"


def test_the_network_guard_fails_a_test_that_reaches_out() -> None:
    with pytest.raises(pytest.fail.Exception, match=r"network: example\.org"):
        socket.create_connection(("example.org", 80), timeout=1)
    with pytest.raises(pytest.fail.Exception, match=r"network: 192\.0\.2\.1"):
        socket.socket().connect(("192.0.2.1", 80))


@pytest.mark.parametrize(
    "document", sorted(ROOT.glob("*.md")) + sorted(ROOT.glob("*/*.md")), ids=lambda path: path.name
)
def test_links_in_documents_lead_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)", document.read_text(encoding="utf-8")):
        if "://" not in target and not target.startswith("mailto:"):
            assert (document.parent / target).exists(), f"{document.name}: {target}"
