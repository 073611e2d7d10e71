"""A lane: one thread that does the work of many callers in turn, with a bound on what waits.

A language model and a sentence encoder do one thing at a time. What arrives while one is at work waits, and those that
fit together are then done in one go: under load batches grow by themselves, and a single caller never waits for others.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Hashable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Protocol

from elm._errors import BusyError, ServerError, TimeLimitError


class Stop(Protocol):
    """Tells work that nobody waits for it any more."""

    def is_set(self) -> bool: ...


@dataclass(eq=False)
class Job:
    """One caller's work. left: the caller is gone."""

    payload: Any
    future: Future[Any] = field(default_factory=Future)
    left: threading.Event = field(default_factory=threading.Event)

    def leave(self) -> None:
        """The caller no longer waits: the job is dropped, and stopped where nobody else's is done beside it."""
        self.left.set()
        self.future.cancel()


class _AllLeft:
    def __init__(self, jobs: Sequence[Job]) -> None:
        self._jobs = jobs

    def is_set(self) -> bool:
        return all(job.left.is_set() for job in self._jobs)


class Lane:
    """do: (payloads, stop) -> a result for each, or the error of one in its place. key: payloads of one key are done
    together, up to `most` by `size`; None is done alone. waiting: the bound.
    """

    def __init__(
        self,
        name: str,
        do: Callable[[list[Any], Stop], Sequence[Any]],
        *,
        waiting: int,
        key: Callable[[Any], Hashable] = lambda payload: None,
        size: Callable[[Any], int] = lambda payload: 1,
        most: int = 1,
    ) -> None:
        self.name, self.waiting = name, waiting
        self._do, self._key, self._size, self._most = do, key, size, most
        self._jobs: deque[Job] = deque()
        self._changed = threading.Condition()
        self._closed = False
        self.batches, self.done, self.seconds = 0, 0, 0.0
        self._thread = threading.Thread(target=self._work, name=f"elm-{name}", daemon=True)
        self._thread.start()

    def __len__(self) -> int:
        """How many jobs wait."""
        return len(self._jobs)

    def submit(self, payload: Any) -> Job:
        """Queue a job; `BusyError` where as many wait as may, `ServerError` once the lane is closed."""
        job = Job(payload)
        with self._changed:
            if self._closed:
                raise ServerError("the server is stopping and takes no new requests; send it to the next one")
            if len(self._jobs) >= self.waiting:
                self._jobs = deque(one for one in self._jobs if not one.left.is_set())
            if len(self._jobs) >= self.waiting:
                raise BusyError(
                    f"{len(self._jobs)} requests wait already, the most that may; send it again a little later"
                )
            self._jobs.append(job)
            self._changed.notify()
        return job

    async def run(self, payload: Any, seconds: float) -> Any:
        """The result of a job; `TimeLimitError` after so many seconds. Who stops waiting leaves the job."""
        job = self.submit(payload)
        try:
            async with asyncio.timeout(seconds):
                return await asyncio.wrap_future(job.future)
        except TimeoutError:
            raise time_limit(seconds) from None
        finally:
            job.leave()

    async def stream(self, work: Callable[[Callable[[Any], None], Stop], None], seconds: float) -> AsyncIterator[Any]:
        """What `work(send, stop)` sends while it runs, in order; errors as `run`, those of the work among them."""
        loop, sent = asyncio.get_running_loop(), asyncio.Queue[tuple[bool, Any]]()

        def send(piece: Any, last: bool = False) -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(sent.put_nowait, (last, piece))

        job = self.submit(lambda stop: work(send, stop))
        job.future.add_done_callback(lambda future: send(None if future.cancelled() else future.exception(), True))
        end = loop.time() + seconds  # no `asyncio.timeout`: who reads may do so in several tasks
        try:
            while True:
                last, piece = await asyncio.wait_for(sent.get(), end - loop.time())
                if last and piece is not None:
                    raise piece
                if last:
                    return
                yield piece
        except TimeoutError:
            raise time_limit(seconds) from None
        finally:
            job.leave()

    def close(self, seconds: float = 5.0) -> None:
        """Take nothing new, drop what waits, and give what runs some seconds to end."""
        with self._changed:
            self._closed = True
            waiting, self._jobs = list(self._jobs), deque()
            self._changed.notify()
        for job in waiting:
            if job.future.set_running_or_notify_cancel():
                job.future.set_exception(ServerError("the server was stopped before it came to this request"))
        self._thread.join(seconds)

    def _work(self) -> None:
        while jobs := self._next():
            began = time.perf_counter()
            try:
                found: Sequence[Any] = self._do([job.payload for job in jobs], _AllLeft(jobs))
            except BaseException as error:  # of all of them; the thread goes on
                found = [error] * len(jobs)
            self.batches, self.done = self.batches + 1, self.done + len(jobs)
            self.seconds += time.perf_counter() - began
            for job, result in zip(jobs, found, strict=True):
                if isinstance(result, BaseException):
                    job.future.set_exception(result)
                else:
                    job.future.set_result(result)
            del jobs, found  # or the last results would stay until the next call

    def _next(self) -> list[Job]:
        """The first job that somebody waits for, and those behind it that go with it; empty once the lane is closed."""
        with self._changed:
            while True:
                while not self._jobs:
                    if self._closed:
                        return []
                    self._changed.wait()
                first = self._jobs.popleft()
                if first.future.set_running_or_notify_cancel():
                    break
            found, key, room = [first], self._key(first.payload), self._most - self._size(first.payload)
            if key is None:
                return found
            for job in list(self._jobs):
                if self._size(job.payload) > room or self._key(job.payload) != key:
                    continue
                self._jobs.remove(job)
                if job.future.set_running_or_notify_cancel():
                    found.append(job)
                    room -= self._size(job.payload)
            return found


def time_limit(seconds: float) -> TimeLimitError:
    """The error of a call that took too long."""
    return TimeLimitError(
        f"an answer takes at most {seconds:g} seconds, and this one took longer; ask for less, or again"
    )


def called(payloads: list[Callable[[Stop], Any]], stop: Stop) -> list[Any]:
    """What functions of `stop` give, one after the other: the `do` of a lane for calls."""
    return [payload(stop) for payload in payloads]
