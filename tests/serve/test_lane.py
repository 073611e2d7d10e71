"""One thread, many callers: batches, the bound, who leaves, what fails, and the end."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from elm._errors import BusyError, CallError, ServerError, TimeLimitError
from elm.serve.core._lane import Lane, Stop, called


class Held:
    """A lane whose work waits for `go`, and tells what it was given together."""

    def __init__(self, **how: Any) -> None:
        self.go, self.began, self.seen = threading.Event(), threading.Event(), list[list[Any]]()
        self.stops: list[Stop] = []
        self.lane = Lane("held", self._do, **{"waiting": 8, **how})

    def _do(self, payloads: list[Any], stop: Stop) -> list[Any]:
        self.seen.append(payloads)
        self.stops.append(stop)
        self.began.set()
        self.go.wait(5)
        return [one * 10 if isinstance(one, int) else one for one in payloads]


@pytest.fixture
def held() -> Iterator[Held]:
    made = Held(key=lambda number: number % 2, most=3)
    yield made
    made.go.set()
    made.lane.close()


def test_what_arrives_meanwhile_is_done_together_by_key_and_size(held: Held) -> None:
    first = held.lane.submit(1)
    held.began.wait(5)
    rest = [held.lane.submit(number) for number in (2, 3, 4, 6, 8, 5)]
    held.go.set()
    assert [job.future.result(5) for job in (first, *rest)] == [10, 20, 30, 40, 60, 80, 50]
    assert held.seen == [[1], [2, 4, 6], [3, 5], [8]]


def test_more_than_the_bound_is_refused(held: Held) -> None:
    held.lane.submit(1)
    held.began.wait(5)
    jobs = [held.lane.submit(2) for _ in range(8)]
    with pytest.raises(BusyError, match="8 requests wait already"):
        held.lane.submit(2)
    jobs[3].leave()  # room again: nobody waits for that one
    held.lane.submit(2)


def test_a_caller_who_left_is_not_worked_for(held: Held) -> None:
    running = held.lane.submit(1)
    held.began.wait(5)
    gone, there = held.lane.submit(2), held.lane.submit(4)
    gone.leave()
    assert not held.stops[0].is_set()
    running.leave()
    assert held.stops[0].is_set()
    held.go.set()
    assert there.future.result(5) == 40
    assert held.seen == [[1], [4]]


def test_an_error_is_its_callers_alone() -> None:
    lane = Lane("each", called, waiting=4)

    def broken(stop: Stop) -> None:
        raise CallError("no")

    first, second = lane.submit(broken), lane.submit(lambda stop: "fine")
    with pytest.raises(CallError, match="no"):
        first.future.result(5)
    assert second.future.result(5) == "fine"
    lane.close()


def test_a_closed_lane_takes_nothing_and_tells_who_waits(held: Held) -> None:
    held.lane.submit(1)
    held.began.wait(5)
    waiting = held.lane.submit(2)
    held.go.set()
    held.lane.close()
    with pytest.raises(ServerError, match="stopping"):
        held.lane.submit(3)
    done = waiting.future.exception(5)
    assert done is None or "stopped before" in str(done)


def test_a_call_has_its_seconds(held: Held) -> None:
    async def call() -> Any:
        return await held.lane.run(1, 0.05)

    with pytest.raises(TimeLimitError, match=r"0\.05 seconds"):
        asyncio.run(call())
    assert held.stops[0].is_set()


def test_pieces_come_in_order_and_who_stops_reading_stops_the_work() -> None:
    lane, stopped = Lane("pieces", called, waiting=4), threading.Event()

    def work(send: Any, stop: Stop) -> None:
        for number in range(1000):
            if stop.is_set():
                stopped.set()
                return
            send(number)
            threading.Event().wait(0.001)

    async def some() -> list[int]:
        found, pieces = [], lane.stream(work, 5.0)
        async for piece in pieces:
            found.append(piece)
            if len(found) == 3:
                break
        await pieces.aclose()
        return found

    assert asyncio.run(some()) == [0, 1, 2]
    assert stopped.wait(5)

    def fails(send: Any, stop: Stop) -> None:
        send("a")
        raise CallError("broke off")

    async def all_of_it() -> None:
        async for piece in lane.stream(fails, 5.0):
            assert piece == "a"

    with pytest.raises(CallError, match="broke off"):
        asyncio.run(all_of_it())
    lane.close()
