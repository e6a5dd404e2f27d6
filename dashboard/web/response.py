"""An episode as a control engineer reads it: how fast it rose, how far it overshot, when it settled, what took longest.

Values in, numbers out. Times are seconds since the episode opened. The browser's twin is static/js/response.js;
tests/web/test_twins.py holds them together.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import floor

from dashboard.core.model import Ended, Episode, Hop, Sample
from dashboard.web.amounts import amount, lasted
from dashboard.web.wording import took

SERIES = ("setpoint", "updated", "ready", "available", "terminating")
"""In the order in which a legend names them; drawn in reverse, so that the setpoint lies on top."""

RISEN = 0.9
"""Of the way from the worst to the setpoint: the usual end of a rise time."""

BAND = 0.02
"""Of the setpoint: what is within it has settled."""

MAX_ROWS = 200
"""Rows of the table that says what the chart shows."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is read off a response. None where it has not happened (yet), or nothing is counted.

    `start` is the measured value farthest from the setpoint, `target` the last setpoint; `overshoot` how far the
    ready ones went beyond the setpoint, `dip` how far below it they fell though they began there; `culprit` the index
    of the hop that is to blame for most of the time, -1 for none.
    """

    start: float | None
    target: float | None
    rise: float | None
    settled: float | None
    overshoot: float
    dip: float
    culprit: int


@dataclass(frozen=True, slots=True)
class Blame:
    """Where most of the time went, in seconds since the episode opened: a hop (`place` is its index), or the wait for
    one that never came (`stuck`, place -1).
    """

    name: str
    begin: float
    end: float
    place: int


@dataclass(frozen=True, slots=True)
class Span:
    """Where a hop lies in its episode, in percent of the whole."""

    x: float
    width: float


def measured(sample: Sample) -> float | None:
    """What is there as declared: no more than are ready, and no more than are of the newest template."""
    counted = [each for each in (sample.updated, sample.ready) if each is not None]
    return min(counted) if counted else sample.available


def facts(episode: Episode) -> Facts:
    """What is read off the response of an episode."""
    counted = [each for each in episode.samples if each.setpoint is not None and measured(each) is not None]
    blamed = blame(episode)
    culprit = blamed.place if blamed is not None else -1
    if not counted:
        return Facts(None, None, None, None, 0, 0, culprit)
    target = counted[-1].setpoint or 0.0
    values = [measured(each) or 0.0 for each in counted]
    worst = max(range(len(values)), key=lambda place: (abs(target - values[place]), -place))
    overshoot, dip = _beyond(counted)
    return Facts(
        start=values[worst],
        target=target,
        rise=_rise(episode, counted, values, worst, target),
        settled=_settled(episode, counted, values, target),
        overshoot=overshoot,
        dip=dip,
        culprit=culprit,
    )


def began(episode: Episode) -> float:
    """When it opened, as exactly as is known: the API cuts that to its second, in which the first sample came."""
    first = episode.samples[0].at if episode.samples else episode.opened
    cut = episode.opened == floor(episode.opened) and episode.opened < first < episode.opened + 1
    return first if cut else episode.opened


def _rise(
    episode: Episode, counted: Sequence[Sample], values: Sequence[float], worst: int, target: float
) -> float | None:
    way = target - values[worst]
    if way == 0:
        return None
    for sample, value in zip(counted[worst:], values[worst:], strict=True):
        if (value - values[worst]) / way >= RISEN:
            return max(0.0, sample.at - began(episode))
    return None


def _settled(episode: Episode, counted: Sequence[Sample], values: Sequence[float], target: float) -> float | None:
    since: float | None = None
    for sample, value in zip(reversed(counted), reversed(values), strict=True):
        if abs(value - target) > BAND * abs(target):
            break
        since = sample.at
    return None if since is None else max(0.0, since - began(episode))


def _beyond(counted: Sequence[Sample]) -> tuple[float, float]:
    """Overshoot and dip: an excess or a lack that the episode began with is neither."""
    errors = [each.ready - each.setpoint for each in counted if each.ready is not None and each.setpoint is not None]
    if not errors:
        return 0, 0
    overshoot = max(0.0, *errors) if errors[0] <= 0 else 0
    dip = max(0.0, *(-error for error in errors)) if errors[0] >= 0 else 0
    return overshoot, dip


def longest(hops: Sequence[Hop]) -> int:
    """The index of the hop that took longest, -1 where none took any time."""
    found = max(range(len(hops)), key=lambda place: (hops[place].took, -place), default=-1)
    return found if found >= 0 and hops[found].took > 0 else -1


def stuck(episode: Episode) -> float | None:
    """Seconds from the last hop to when it was stalled; None where it is not."""
    if episode.ended is not Ended.STALLED or episode.closed is None or episode.recovered is not None:
        return None
    wait = episode.closed - max(episode.opened, *(hop.at for hop in episode.hops), 0.0)
    return wait if wait > 0 else None


def blame(episode: Episode) -> Blame | None:
    """Where most of the time went; None where none was taken."""
    wait, place = stuck(episode), longest(episode.hops)
    hop = episode.hops[place] if place >= 0 else None
    if wait is not None and episode.closed is not None and (hop is None or wait > hop.took):
        end = episode.closed - episode.opened
        return Blame("stuck", end - wait, end, -1)
    if hop is None:
        return None
    end = hop.at - episode.opened
    return Blame(hop.name, end - hop.took, end, place)


def length(episode: Episode, now: float | None = None) -> float:
    """How long an episode lasted, or has lasted until `now` (None: until the last that is known of it)."""
    last = max(episode.opened, *(hop.at for hop in episode.hops), *(each.at for each in episode.samples), now or 0.0)
    end = episode.recovered if episode.recovered is not None else episode.closed
    return max(0.0, (last if end is None else end) - episode.opened)


def extent(episode: Episode, now: float | None = None) -> float:
    """How much time a chart shows. The API's times are cut to their second, so that the last sample may lie beyond the
    end of what it saw ending."""
    last = max([episode.opened, *(hop.at for hop in episode.hops), *(each.at for each in episode.samples)])
    return max(length(episode, now), last - episode.opened)


def whole(episode: Episode, now: float | None = None) -> str:
    """How long the whole took, in words."""
    end = episode.recovered if episode.recovered is not None else episode.closed
    return lasted(length(episode, now), episode.opened, 0.5 if end is None else end)


def spans(episode: Episode) -> list[Span]:
    """The hops as a waterfall."""
    most = max(length(episode), *(hop.at - episode.opened for hop in episode.hops), 0.001)
    return [_span(hop, episode.opened, most) for hop in episode.hops]


def _span(hop: Hop, opened: float, whole: float) -> Span:
    end = min(1.0, max(0.0, (hop.at - opened) / whole))
    begin = min(end, max(0.0, (hop.at - max(0.0, hop.took) - opened) / whole))
    return Span(_percent(begin), _percent(end - begin))


def _percent(part: float) -> float:
    return floor(part * 10_000 + 0.5) / 100


def outcome(episode: Episode) -> str:
    """The word for how it stands, which its mark shows: how it ended, or its verdict while it is open."""
    if episode.recovered is not None:
        return "converged"
    return str(episode.ended if episode.ended is not None else episode.verdict)


def rows(episode: Episode) -> Iterator[tuple[float, Sample]]:
    """The samples in which something changed, with their times: the table that says what the chart shows."""
    before: tuple[float | None, ...] | None = None
    told = 0
    for sample in episode.samples:
        values = tuple(getattr(sample, name) for name in SERIES)
        if values != before and told < MAX_ROWS:
            told += 1
            before = values
            yield max(0.0, sample.at - episode.opened), sample


def told(given: Facts) -> str:
    """The response in one sentence, for those who do not see it."""
    if given.start is None or given.target is None:
        return "Nothing is counted of it."
    words = [f"From {amount(given.start)} to {amount(given.target)}"]
    if given.rise is not None:
        words.append(f"90 % of the way in {took(given.rise)}")
    words.append(f"settled after {took(given.settled)}" if given.settled is not None else "not settled yet")
    if given.overshoot:
        words.append(f"at most {amount(given.overshoot)} above the setpoint")
    if given.dip:
        words.append(f"at most {amount(given.dip)} below it")
    return f"{', '.join(words)}."
