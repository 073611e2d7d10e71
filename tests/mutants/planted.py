"""Plants one fault after another into a copy of the package, and says which of them no test catches.

    make mutants            all of them, two at a time
    make mutants ARGS="ndcg kl"   those whose name, file or tests hold one of these words

A fault is three things in a file `*.toml` beside this one: a piece of source, what stands there instead, and the tests
that must fail then. Before any fault, all those tests must pass on the copy as it is. Exit code 1 where one survives.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import Queue

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
WORKERS = 2
LIMIT = 600  # seconds for the tests of one fault


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
        if source.count(self.old) != 1 or self.old == self.new:
            raise ValueError(
                f"{self.what}: {self.old!r} must stand once in {self.file}, not {source.count(self.old)} times"
            )
        return source.replace(self.old, self.new)


def faults() -> list[Fault]:
    """Every fault of every list."""
    return [Fault(**one) for path in sorted(HERE.glob("*.toml")) for one in tomllib.loads(path.read_text())["fault"]]


def main() -> int:
    words = sys.argv[1:]
    chosen = [fault for fault in faults() if not words or any(word in repr(fault) for word in words)]
    with tempfile.TemporaryDirectory() as folder:
        copies: Queue[Path] = Queue()
        for number in range(WORKERS):
            copies.put(_copied(Path(folder) / str(number)))
        with ThreadPoolExecutor(WORKERS) as pool:
            commands = sorted({fault.tests for fault in chosen})
            sound = dict(zip(commands, pool.map(lambda tests: _passes(tests, copies), commands), strict=True))
            if broken := [tests for tests, passed in sound.items() if not passed]:
                print("these tests fail without any fault:", *broken, sep="\n  ")
                return 1
            survivors = [fault for fault in pool.map(lambda fault: _survives(fault, copies), chosen) if fault]
    print(f"{len(chosen) - len(survivors)} of {len(chosen)} faults were caught")
    for fault in survivors:
        print(f"  survives: {fault.what} ({fault.file}; {fault.tests})")
    return 1 if survivors else 0


def _survives(fault: Fault, copies: Queue[Path]) -> Fault | None:
    start = time.monotonic()
    with _borrowed(copies) as copy:
        path = copy / fault.file
        source = path.read_text(encoding="utf-8")
        path.write_text(fault.planted(source), encoding="utf-8")
        passed = _tested(copy, fault.tests)
        path.write_text(source, encoding="utf-8")
    print(f"{'SURVIVES' if passed else 'caught'}  {time.monotonic() - start:4.0f} s  {fault.what}", flush=True)
    return fault if passed else None


def _passes(tests: str, copies: Queue[Path]) -> bool:
    with _borrowed(copies) as copy:
        return _tested(copy, tests)


@contextmanager
def _borrowed(copies: Queue[Path]) -> Iterator[Path]:
    copy = copies.get()
    try:
        yield copy
    finally:
        copies.put(copy)


def _copied(to: Path) -> Path:
    """Package and tests; what is no source is linked, for it is large."""

    def light(source: str, target: str) -> None:
        if source.endswith((".py", ".toml")):
            shutil.copy(source, target)
        else:
            os.symlink(source, target)

    without = shutil.ignore_patterns("__pycache__", "*.pyc")
    for name in ("elm", "tests"):
        shutil.copytree(ROOT / name, to / name, copy_function=light, ignore=without)
    shutil.copy(ROOT / "pyproject.toml", to)
    return to


def _tested(copy: Path, tests: str) -> bool:
    """Whether the tests pass; none found is an error, not a pass."""
    words = [sys.executable, "-m", "pytest", "-x", "-q", "-n", "0", "-p", "no:cacheprovider", *shlex.split(tests)]
    own = {"PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1", "OMP_NUM_THREADS": "1"}
    try:
        done = subprocess.run(words, cwd=copy, env={**os.environ, **own}, capture_output=True, text=True, timeout=LIMIT)
    except subprocess.TimeoutExpired:
        return False  # a fault that never ends is caught, too
    if done.returncode not in (0, 1, 2):  # 2: the fault stops the import of a test
        raise SystemExit(f"pytest {tests} ended with {done.returncode}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main())
