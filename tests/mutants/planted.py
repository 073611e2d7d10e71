"""Plants one fault after another into a copy of the package, and says which of them no test catches.

    make mutants                  all of them, two at a time
    make mutants ARGS="ndcg kl"   those whose words, file or tests hold one of these

A fault is three things in a file `*.toml` beside this one: a piece of source, what stands there instead, and the tests
that must fail then. All those tests must pass on the copy as it is. Exit code 1 where a fault survives.

Each run of tests is a fork of this process, in which the libraries are loaded already (Linux and macOS). A test that
never ends fails by its time limit, and so catches its fault.
"""

from __future__ import annotations

import importlib
import os
import shlex
import shutil
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
WORKERS = 2
LIBRARIES = tuple(
    """
    hypothesis pandas peft pytest scipy.stats sentence_transformers sklearn.linear_model torch transformers
""".split()
)


@dataclass(frozen=True)
class Fault:
    """what: the fault in words; old is replaced by new in `file`; tests: arguments of pytest."""

    what: str
    file: str
    old: str
    new: str
    tests: str

    def planted(self, source: str) -> str:
        """The source with the fault; `ValueError` unless `old` stands in it once."""
        times = source.count(self.old)
        if times != 1 or self.old == self.new:
            raise ValueError(f"{self.what}: {self.old!r} must stand once in {self.file}, not {times} times")
        return source.replace(self.old, self.new)


def faults() -> list[Fault]:
    """Every fault of every list."""
    return [Fault(**one) for path in sorted(HERE.glob("*.toml")) for one in tomllib.loads(path.read_text())["fault"]]


def main(words: list[str]) -> int:
    chosen = [fault for fault in faults() if not words or any(word in repr(fault) for word in words)]
    for library in LIBRARIES:
        importlib.import_module(library)
    failing = []
    with tempfile.TemporaryDirectory() as folder:
        copies = [_copied(Path(folder) / str(number)) for number in range(WORKERS)]
        work: list[tuple[Fault | None, str]] = [(None, tests) for tests in dict.fromkeys(f.tests for f in chosen)]
        work += [(fault, fault.tests) for fault in chosen]
        for fault, tests, passed, seconds in _tested(work, copies):
            sound, what = (fault is None) == passed, fault.what if fault else "no fault"
            print(f"{seconds:4.0f} s  {'ok' if sound else 'WRONG':5}  {what}: {tests}", flush=True)
            if not sound:
                failing.append(f"{what}: {tests} {'pass' if passed else 'fail'}")
    print(f"{len(chosen)} faults", *(failing or ["all were caught"]), sep="\n")
    return 1 if failing else 0


def _tested(
    work: Iterable[tuple[Fault | None, str]], copies: list[Path]
) -> Iterator[tuple[Fault | None, str, bool, float]]:
    """Each piece of work with whether its tests passed, and how long they took; as many at once as there are copies."""
    queue, free, running = list(work), list(copies), {}
    while queue or running:
        while queue and free:
            fault, tests = queue.pop(0)
            copy = free.pop()
            sources = {} if fault is None else {copy / fault.file: (copy / fault.file).read_text(encoding="utf-8")}
            for path, source in sources.items():
                path.write_text(fault.planted(source), encoding="utf-8")
            running[_forked(copy, tests)] = fault, tests, copy, sources, time.monotonic()
        pid, status = os.wait()
        fault, tests, copy, sources, start = running.pop(pid)
        for path, source in sources.items():
            path.write_text(source, encoding="utf-8")
        free.append(copy)
        yield fault, tests, os.waitstatus_to_exitcode(status) == 0, time.monotonic() - start


def _forked(copy: Path, tests: str) -> int:
    """The id of a process that runs the tests of a copy, and exits as pytest does."""
    pid = os.fork()
    if pid:
        return pid
    code = 3
    try:
        with (copy / "pytest.log").open("a") as log:
            for stream in (1, 2):
                os.dup2(log.fileno(), stream)
        os.chdir(copy)
        sys.path[0], sys.dont_write_bytecode = str(copy), True
        os.environ["PYTHONPATH"] = str(copy)
        options = ["-x", "-n", "0", "-p", "no:cacheprovider", *shlex.split(tests)]
        code = int(importlib.import_module("pytest").main(options))
    finally:
        os._exit(code)


def _copied(to: Path) -> Path:
    """Package and tests."""
    for name in ("elm", "tests"):
        shutil.copytree(ROOT / name, to / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", to)
    return to


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    sys.exit(main(sys.argv[1:]))
