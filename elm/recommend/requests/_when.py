"""When a standing wish holds: hours, days and occasions, read from its sentence or given."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from elm._errors import CallError

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_NUMBERS = "one two three four five six seven eight nine ten eleven twelve".split()
_HOUR = (
    rf"(?P<hour>\d{{1,2}}|{'|'.join(_NUMBERS)}|noon|midnight)(?::(?P<minute>\d\d))?\s*(?:o'?clock)?\s*"
    r"(?P<half>[ap]\.?m\.?)?"
)
_TIME = re.compile(
    rf",?\s*(?<!\w)(?P<side>after|from|before|until)\s+{_HOUR}(?!\w)"
    r"(?:\s+in the (?P<part>morning|evening|afternoon))?",
    re.IGNORECASE,
)
_NAMES = "|".join(f"{day}s?" for day in DAYS)
_ON = re.compile(
    rf",?\s*(?<!\w)(?:on|at|during)\s+(?:the\s+)?(?P<days>weekends?|weekdays?|week nights|{_NAMES})(?!\w)",
    re.IGNORECASE,
)
_WITH = re.compile(
    r",?\s*(?<!\w)(?:when|while|if)\s+(?:i am |i'm |we are |we're )?(?:with|watching with|at|in)\s+(?:the |my )?"
    r"(?P<context>[a-z]+)(?!\w)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class When:
    """after, before: minutes from midnight, the span between them (over midnight where after is later); days: 0 Monday
    to 6 Sunday; context: a word for the occasion, such as "kids". What is None or empty holds always.

    >>> evening, night = When(after=20 * 60), datetime(2026, 11, 28, 21, 0)
    >>> evening.holds(night), evening.holds(night.replace(hour=9))
    (True, False)
    """

    after: int | None = None
    before: int | None = None
    days: tuple[int, ...] = ()
    context: str | None = None

    def __post_init__(self) -> None:
        for name in ("after", "before"):
            value = getattr(self, name)
            if value is not None and (isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 1440):
                raise CallError(f"{name} is a time of day in minutes, from 0 to 1439, got {value!r}")
        if not all(isinstance(day, int) and 0 <= day <= 6 for day in self.days):
            raise CallError(f"days are numbers from 0 (Monday) to 6 (Sunday), got {self.days!r}")

    def holds(self, now: datetime, context: Collection[str] = ()) -> bool:
        """Whether the condition is met at a time and on an occasion."""
        if self.days and now.weekday() not in self.days:
            return False
        if self.context is not None and self.context not in {word.lower() for word in context}:
            return False
        minute = now.hour * 60 + now.minute
        if self.after is not None and self.before is not None and self.after > self.before:
            return minute >= self.after or minute < self.before
        return (self.after is None or minute >= self.after) and (self.before is None or minute < self.before)

    def said(self) -> str:
        """The condition in words, "always" where there is none."""
        parts = [
            f"{word} {value // 60:02d}:{value % 60:02d}"
            for word, value in (("from", self.after), ("until", self.before))
            if value is not None
        ]
        if self.days:
            parts.append("on " + ", ".join(DAYS[day].capitalize() for day in self.days))
        if self.context is not None:
            parts.append(f"with {self.context}")
        return " ".join(parts) or "always"

    def to_dict(self) -> dict[str, Any]:
        return {"after": self.after, "before": self.before, "days": list(self.days), "context": self.context}


ALWAYS = When()


def read_when(sentence: str) -> tuple[str, When]:
    """A sentence without its condition, and the condition.

    An hour up to eleven without "am" or "pm" is one of the evening behind "after" and "from" ("after eight" is 20:00),
    and behind "before" and "until" from one to eleven as well; "8:00", "20:00", "8 am" and "in the morning" are exact.

    >>> read_when("No horror after eight")
    ('No horror', When(after=1200, before=None, days=(), context=None))
    >>> read_when("something light on Fridays when with the kids")[1].said()
    'on Friday with kids'
    """
    text, after, before, context = sentence, None, None, None
    days: tuple[int, ...] = ()
    for match in _TIME.finditer(sentence):
        minutes = _minutes(match)
        if match["side"].lower() in ("after", "from"):
            after = minutes
        else:
            before = minutes
        text = text.replace(match[0], "", 1)
    if on := _ON.search(text):
        days, text = _days(on["days"].lower()), text.replace(on[0], "", 1)
    if occasion := _WITH.search(text):
        context, text = occasion["context"].lower(), text.replace(occasion[0], "", 1)
    return " ".join(text.split()).strip(" ,"), When(after, before, days, context)


def _minutes(match: re.Match[str]) -> int:
    told = match["hour"].lower()
    hour = {"noon": 12, "midnight": 0}.get(told, _NUMBERS.index(told) + 1 if told in _NUMBERS else -1)
    named = hour in (0, 12) and told in ("noon", "midnight")
    hour = int(told) if told.isdigit() else hour
    half = (match["half"] or "").replace(".", "").lower() or {"morning": "am", "evening": "pm", "afternoon": "pm"}.get(
        (match["part"] or "").lower(), ""
    )
    if half and hour <= 12:
        hour = hour % 12 + (12 if half == "pm" else 0)
    elif not named and match["minute"] is None and 1 <= hour <= 11:
        hour += 12
    minute = int(match["minute"] or 0)
    if hour > 23 or minute > 59:
        raise CallError(f"a time of day lies between 0:00 and 23:59, got {match[0].strip()!r}")
    return hour * 60 + minute


def _days(word: str) -> tuple[int, ...]:
    if word.startswith("weekend"):
        return (5, 6)
    if word.startswith("week"):
        return (0, 1, 2, 3, 4)
    return (DAYS.index(word.rstrip("s")),)
