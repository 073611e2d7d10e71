"""The rules of the house (CONTRIBUTING.md), checked on the source."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import socket
import subprocess
import sys
from collections import Counter
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
    "chat": set(),
    "embeddings": {"data"},
    "cav": {"data", "embeddings", "metrics"},
    "adapters": {"embeddings"},
    "tasks": {"chat", "data", "embeddings"},
    "model": {"data", "embeddings", "adapters", "tasks"},
    "bulk": {"chat", "embeddings", "model", "tasks"},
    "training": {"data", "metrics", "embeddings", "adapters", "tasks", "model"},
    "recommend": {"chat", "data", "metrics", "embeddings", "tasks"},
}
for _room in ("evaluation", "runs", "serve", "cli"):
    MAY_USE[_room] = set(MAY_USE)  # all above
ROOMS = sorted(path.parent.name for path in PACKAGE.glob("[!_]*/__init__.py"))
FOUNDATIONS = {"_storage": set(), "_text": {"_storage"}}
"""Private folders below all rooms, whose files every room imports directly; beside them the ones that each may use."""

HEAVY = set(
    """
    torch transformers numpy pandas scipy sklearn implicit peft datasets safetensors sentence_transformers
    accelerate pyarrow matplotlib huggingface_hub rich tqdm jax flax model_signing filelock ipywidgets openai
    jinja2 markupsafe
""".split()
)


MODULES = {".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path for path in SOURCES}
"""Full name -> file of each module of the package."""


def imported(path: Path) -> Iterator[str]:
    """The full names of the modules that a file imports, at the top or inside a function."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: write the whole name instead of a relative import"
            # `from elm import data` and `from elm.cli import _output` import a module, other names come from the first.
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                yield full if full in MODULES else str(node.module)


def cycle(arrows: dict[str, set[str]]) -> list[str]:
    """Some cycle of a graph as its nodes in order; empty where there is none."""
    done: set[str] = set()

    def below(node: str, way: list[str]) -> list[str]:
        if node in way:
            return [*way[way.index(node) :], node]
        if node not in done:
            for other in sorted(arrows[node]):
                if found := below(other, [*way, node]):
                    return found
            done.add(node)
        return []

    return next((found for node in sorted(arrows) if (found := below(node, []))), [])


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


def test_files_import_each_other_in_no_circle() -> None:
    """Also not inside functions, and not for types alone."""
    arrows = {name: (set(imported(path)) & MODULES.keys()) - {name} for name, path in MODULES.items()}
    assert not (found := cycle(arrows)), " -> ".join(found)


def test_the_search_for_circles_finds_them() -> None:
    assert cycle({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == ["b", "c", "b"]
    assert cycle({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == []


def test_no_file_is_too_long_and_no_folder_too_full() -> None:
    others = [*(ROOT / "tests").rglob("*.py"), *(ROOT / "benchmarks").rglob("*.py")]
    limits = dict.fromkeys(SOURCES, 350) | dict.fromkeys(others, 400)
    lines = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in limits}
    assert not {str(path.relative_to(ROOT)): lines[path] for path in limits if lines[path] > limits[path]}
    files = Counter(path.parent for path in limits)
    assert not {str(folder.relative_to(ROOT)): count for folder, count in files.items() if count > 25}


def test_room_files_are_private() -> None:
    loose = [path for path in SOURCES if not any(part.startswith("_") for part in path.relative_to(PACKAGE).parts)]
    assert not loose


def test_foundations_stand_below_all_rooms() -> None:
    assert {path.parent.name for path in PACKAGE.glob("_*/__init__.py")} == FOUNDATIONS.keys()
    for folder, below in FOUNDATIONS.items():
        for path in (PACKAGE / folder).rglob("*.py"):
            used = {name.split(".")[1] for name in imported(path) if name.startswith("elm.")}
            assert used <= {folder, *below, "_errors", "_quiet", "_version"}, path


def test_every_wing_says_what_it_holds_and_hands_out_nothing() -> None:
    """A wing is a folder of a room; its names are handed out by the room's own door."""
    wings = list(PACKAGE.glob("*/*/__init__.py"))
    assert len(wings) >= 25
    for path in wings:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        assert (ast.get_docstring(tree) or "").strip(), path
        assert len(tree.body) == 1, f"{path}: a wing's __init__.py holds its docstring alone"


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
    "document",
    sorted(ROOT.glob("*.md")) + sorted(ROOT.glob("docs/**/*.md")) + sorted(ROOT.glob("[be]*/*.md")),
    ids=lambda path: path.name,
)
def test_links_in_documents_lead_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)", document.read_text(encoding="utf-8")):
        if "://" not in target and not target.startswith("mailto:"):
            assert (document.parent / target).exists(), f"{document.name}: {target}"
