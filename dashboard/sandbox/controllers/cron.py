"""Five-field cron schedules in UTC or a named time zone: when is the next time? Pure.

`robfig/cron`'s standard syntax as Kubernetes accepts it: `*`, lists, ranges, steps, names of months and days,
`@hourly` and the like. When both day fields are restricted, either of them suffices.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
NICKNAMES = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
HORIZON = timedelta(days=5 * 366)
"""How far ahead a time is sought: a schedule such as February 30th never comes."""


class ScheduleError(ValueError):
    """The text is not a schedule, or the time zone is unknown."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """The minutes, hours, days, months and weekdays (0 = Sunday) at which something happens."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    either_day: bool
    zone: tzinfo = UTC

    def after(self, at: float) -> float | None:
        """The first time later than `at`, both in Unix seconds; None when there is none within five years."""
        start = datetime.fromtimestamp(at, self.zone).replace(second=0, microsecond=0)
        for day in self._days(start):
            today = day.date() == start.date()
            for hour in sorted(hour for hour in self.hours if not today or hour >= start.hour):
                for minute in sorted(self.minutes):
                    moment = day.replace(hour=hour, minute=minute, tzinfo=self.zone).timestamp()
                    if moment > at:
                        return moment
        return None

    def _days(self, start: datetime) -> Iterator[datetime]:
        day = start.replace(hour=0, minute=0, tzinfo=None)
        last = day + HORIZON
        while day <= last:
            if day.month in self.months and self._is_day(day):
                yield day
            day += timedelta(days=1)

    def _is_day(self, day: datetime) -> bool:
        of_month, of_week = day.day in self.days, (day.weekday() + 1) % 7 in self.weekdays
        return (of_month or of_week) if self.either_day else (of_month and of_week)


def parse(text: str, zone: str = "") -> Schedule:
    """A Schedule from `text`, read in the named time zone. Raises ScheduleError."""
    fields = NICKNAMES.get(text.strip(), text).split()
    if len(fields) != 5:
        raise ScheduleError(f"expected exactly 5 fields, found {len(fields)}: [{text}]")
    weekdays = frozenset(day % 7 for day in _field(fields[4], 0, 7, DAYS, 0))
    try:
        where: tzinfo = ZoneInfo(zone) if zone else UTC
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ScheduleError(f"unknown time zone {zone}") from error
    return Schedule(
        _field(fields[0], 0, 59),
        _field(fields[1], 0, 23),
        _field(fields[2], 1, 31),
        _field(fields[3], 1, 12, MONTHS, 1),
        weekdays,
        not fields[2].startswith(("*", "?")) and not fields[4].startswith(("*", "?")),
        where,
    )


def _field(text: str, low: int, high: int, names: tuple[str, ...] = (), first: int = 0) -> frozenset[int]:
    out: set[int] = set()
    for part in text.split(","):
        span, _, step = part.partition("/")
        if step and (not step.isdigit() or int(step) == 0):
            raise ScheduleError(f"step of range should be a positive number: {part}")
        begin, end = _span(span, low, high, names, first)
        if step and span not in ("*", "?") and "-" not in span:
            end = high
        out.update(range(begin, end + 1, int(step or 1)))
    return frozenset(out)


def _span(span: str, low: int, high: int, names: tuple[str, ...], first: int) -> tuple[int, int]:
    if span in ("*", "?"):
        return low, high
    ends = [_value(word, names, first) for word in span.split("-")]
    begin, end = ends[0], ends[-1]
    if len(ends) > 2 or begin < low or end > high or begin > end:
        raise ScheduleError(f"{span} is not within {low} to {high}")
    return begin, end


def _value(word: str, names: tuple[str, ...], first: int) -> int:
    lowered = word.lower()
    if lowered in names:
        return names.index(lowered) + first
    if not (word.isascii() and word.isdigit()):
        raise ScheduleError(f"failed to parse int from {word!r}")
    return int(word)
