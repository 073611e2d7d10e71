"""`elm serve --api` on the demo, from its start to ten thousand requests: seconds, places of lists, memory, batches.

What is measured stands beside what the machine had to do at the time (its load average): on a machine that others use,
compare ratios.

    python benchmarks/serve/load.py                  # everything, about ten minutes on two idle cores
    python benchmarks/serve/load.py --parts edit batch --json
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import os
import random
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx

WORDS = "war comedy horror drama romance western musical crime fantasy mystery dark funny violent uplifting sad".split()
VERBS = ("love", "avoid", "enjoy", "dislike", "seek out", "cannot stand")
PARTS = ("start", "edit", "batch", "load", "memory")


@contextmanager
def served() -> Iterator[tuple[str, int, float]]:
    """A server of its own: url, process, and the seconds that it took after its imports."""
    words = [sys.executable, "-m", "elm", "serve", "--api", "--port", "0", "--json"]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert process.stdout is not None
    told = json.loads("".join(iter(process.stdout.readline, "}\n")) + "}")
    url = told["url"]
    httpx.get(url + "health").raise_for_status()
    try:
        yield url, process.pid, told["seconds"]
    finally:
        process.terminate()
        process.wait(60)


def profile(draw: random.Random, fresh: bool) -> str:
    """Three sentences; a fresh one holds a word that no encoder has seen before."""
    said = [f"They {draw.choice(VERBS)} {draw.choice(WORDS)} films." for _ in range(3)]
    if fresh:
        said[0] = f"They {draw.choice(VERBS)} {draw.choice(WORDS)} films with number {draw.randrange(10**9)}."
    return " ".join(said)


def edit(draw: random.Random, fresh: bool = True) -> tuple[str, dict[str, Any]]:
    asked = {"user": f"u{draw.randrange(1, 2001)}", "profile": profile(draw, fresh), "alpha": 0.7, "k": 20}
    return "v1/recommend", asked


def described(draw: random.Random) -> tuple[str, dict[str, Any]]:
    asked = {"entities": [{"item": f"f{draw.randrange(1, 2001)}"}], "task": "summary", "seed": draw.randrange(10**6)}
    return "v1/describe", asked


def p95(seconds: list[float]) -> float:
    return statistics.quantiles(seconds, n=20)[-1] if len(seconds) > 1 else seconds[0]


def rss(pid: int) -> float:
    """Resident memory in MB."""
    with open(f"/proc/{pid}/status") as file:
        line = next(line for line in file if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def cpu(pid: int) -> float:
    """Seconds that a process has kept a core busy: what others do at the same time does not count."""
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def warmed(http: httpx.AsyncClient) -> None:
    """What is made once is made: encoder, concepts."""
    draw = random.Random(1)
    for route, asked in [edit(draw), described(draw)] * 3:
        await http.post(route, json=asked)
    await http.post("v1/move", json={"entity": {"user": "u7"}, "amounts": {"dark": 1}, "steps": 2})


async def one_by_one(url: str, pid: int, count: int = 100) -> dict[str, float]:
    """Edits of one user, each with a sentence that is new."""
    draw, seconds = random.Random(0), []
    async with httpx.AsyncClient(base_url=url, timeout=120) as http:
        await warmed(http)
        busy = cpu(pid)
        for _ in range(count):
            route, asked = edit(draw)
            began = time.perf_counter()
            (await http.post(route, json=asked)).raise_for_status()
            seconds.append(time.perf_counter() - began)
    told = {"edit_p50_ms": statistics.median(seconds) * 1000, "edit_p95_ms": p95(seconds) * 1000}
    return {**told, "edit_cpu_ms": (cpu(pid) - busy) / count * 1000}


async def batches(url: str, count: int = 64) -> dict[str, float]:
    """The same texts one after the other, and all at once."""
    draw = random.Random(0)
    asked = [described(draw) for _ in range(count)]
    async with httpx.AsyncClient(base_url=url, timeout=120) as http:
        await warmed(http)
        began = time.perf_counter()
        alone = [(await http.post(route, json=body)).json() for route, body in asked]
        middle = time.perf_counter()
        answers = await asyncio.gather(*(http.post(route, json=body) for route, body in asked))
        end = time.perf_counter()
    assert [answer.json() for answer in answers] == alone, "a text depends on its batch"
    return {
        "texts_per_second_alone": count / (middle - began),
        "texts_per_second_together": count / (end - middle),
        "times": (middle - began) / (end - middle),
    }


async def many(url: str, clients: int, until: Callable[[int], bool], share: float) -> dict[str, Any]:
    """Clients that each ask, wait for the answer, and ask again; `share` of the requests are edits."""
    seconds: dict[str, list[float]] = {"v1/recommend": [], "v1/describe": []}
    statuses: Counter[int] = Counter()
    numbers = itertools.count()

    async def client(number: int) -> None:
        draw = random.Random(number)
        async with httpx.AsyncClient(base_url=url, timeout=120) as http:
            while until(next(numbers)):
                route, asked = edit(draw, draw.random() < 0.2) if draw.random() < share else described(draw)
                began = time.perf_counter()
                answer = await http.post(route, json=asked)
                statuses[answer.status_code] += 1
                if answer.status_code == 200:
                    seconds[route].append(time.perf_counter() - began)

    await asyncio.gather(*(client(number) for number in range(clients)))
    told = {f"{route[3:]}_p95_s": p95(found) for route, found in seconds.items() if found}
    return {"requests": sum(statuses.values()), "statuses": dict(statuses), **told}


async def pressed(url: str, clients: int, seconds: float) -> dict[str, Any]:
    end = time.perf_counter() + seconds
    async with httpx.AsyncClient(base_url=url, timeout=120) as http:
        await warmed(http)
    return {"clients": clients, **await many(url, clients, lambda number: time.perf_counter() < end, 0.7)}


async def grown(url: str, pid: int, requests: int) -> dict[str, Any]:
    async with httpx.AsyncClient(base_url=url, timeout=120) as http:
        await warmed(http)
    await many(url, 16, lambda number: number < 500, 0.9)
    first = rss(pid)
    told = await many(url, 16, lambda number: number < requests - 500, 0.9)
    last = rss(pid)
    return {
        "requests": 500 + told["requests"],
        "mb_after_500": first,
        "mb_at_the_end": last,
        "growth": last / first - 1,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found: dict[str, Any] = {}
    with served() as (url, pid, ready):
        started = cpu(pid)
        works: dict[str, Callable[[], Awaitable[dict[str, Any]]]] = {
            "edit": lambda: one_by_one(url, pid),
            "batch": lambda: batches(url),
            "load": lambda: pressed(url, options.clients, options.seconds),
            "memory": lambda: grown(url, pid, options.requests),
        }
        for part in options.parts:
            if part == "start":
                result: dict[str, Any] = {"ready_s": ready, "cpu_with_imports_s": started}
            else:
                result = asyncio.run(works[part]())  # type: ignore[arg-type]
            found[part] = {**result, "load_average": os.getloadavg()[0]}
            if not options.json:
                print(part, json.dumps(found[part]), flush=True)
    if options.json:
        print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
