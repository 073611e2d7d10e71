"""What the calls of a chat model have cost so far."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from elm._errors import CallError
from elm.chat._types import Answer


@dataclass
class Usage:
    """Calls, tokens and money of one client. prices: for a million tokens, (what is read, what is written).

    >>> spent = Usage(prices=(3.0, 15.0))
    >>> spent.add(Answer("A text.", tokens_in=1_000_000, tokens_out=100_000))
    >>> spent.cost, spent.line()
    (4.5, '1 calls, 1000.0k tokens in, 100.0k out, cost 4.50')
    """

    prices: tuple[float, float] | None = None
    calls: int = 0
    kept: int = 0  # answers that came from the cache
    again: int = 0  # texts that were asked for once more
    retried: int = 0  # calls that the endpoint did not take at first
    tokens_in: int = 0
    tokens_out: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def __post_init__(self) -> None:
        if self.prices is not None and (len(self.prices) != 2 or min(self.prices) < 0):
            raise CallError(f"prices are two numbers of 0 or more for a million tokens in and out, got {self.prices}")

    def add(self, answer: Answer, retried: int = 0, attempt: int = 0, kept: bool = False) -> None:
        """Count one answer; one from the cache costs nothing."""
        with self._lock:
            self.again += attempt > 0
            if kept:
                self.kept += 1
                return
            self.calls += 1
            self.retried += retried
            self.tokens_in += answer.tokens_in
            self.tokens_out += answer.tokens_out

    @property
    def cost(self) -> float | None:
        """What the calls cost, in the money of the prices; None without prices."""
        if self.prices is None:
            return None
        return (self.tokens_in * self.prices[0] + self.tokens_out * self.prices[1]) / 1e6

    def line(self) -> str:
        """Everything so far in one line; what did not happen goes unsaid."""
        parts = [f"{self.calls} calls"] + [
            f"{count} {what}"
            for count, what in ((self.kept, "kept"), (self.again, "asked again"), (self.retried, "retried"))
            if count
        ]
        if self.calls:
            parts += [f"{self.tokens_in / 1000:.1f}k tokens in", f"{self.tokens_out / 1000:.1f}k out"]
        if self.cost is not None:
            parts.append(f"cost {self.cost:.2f}")
        return ", ".join(parts)
